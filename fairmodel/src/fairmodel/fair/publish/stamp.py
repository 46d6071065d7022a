"""`fair.toml` with the identifiers of a publication, every other byte of it as it was."""

import json
import re
import tomllib
from collections.abc import Mapping

from ...errors import UserError
from ...metadata.source import SOURCE

__all__ = ["stamped"]


def stamped(text: str, values: Mapping[str, str]) -> str:
    """The text with `values` in its table [identity], comments kept. Raises UserError where that cannot be done."""
    table = re.search(r"^\[identity\][^\n]*\n(?:(?!\[)[^\n]*\n)*", text, flags=re.MULTILINE)
    section = table[0] if table else ""
    for key, value in values.items():
        line = re.compile(rf"^{key}[ \t]*=[ \t]*(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')", flags=re.MULTILINE)
        new = f"{key} = {json.dumps(value, ensure_ascii=False)}"
        section, count = line.subn(lambda _, new=new: new, section)  # type: ignore[misc]
        section = section if count else f"{section.rstrip()}\n{new}\n\n"
    result = text[: table.start()] + section + text[table.end() :] if table else text
    try:
        identity = tomllib.loads(result).get("identity", {})
    except tomllib.TOMLDecodeError:  # a key that is written in another way is there twice now
        identity = {}
    if any(identity.get(key) != value for key, value in values.items()):
        message = f"{SOURCE}: cannot set {', '.join(values)} in [identity]; write each on a line of its own, in quotes"
        raise UserError(message)
    return result
