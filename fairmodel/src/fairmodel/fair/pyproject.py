"""The lines of pyproject.toml that repeat `fair.toml`: they stand between two comments, the rest is the project's own.

Standard library only.
"""

import json
from collections.abc import Iterator

from ..errors import UserError
from ..metadata.identifiers import doi_url
from ..metadata.source import Metadata, Person

__all__ = ["PYPROJECT", "has_block", "with_block"]

PYPROJECT = "pyproject.toml"
START = "# from fair.toml, written by `make metadata`: change it there"
END = "# end of what comes from fair.toml"


def has_block(text: str) -> bool:
    """Tell whether the text leaves a place for what comes from `fair.toml`. Raises UserError for half of one."""
    lines = text.split("\n")
    marks = [index for index, line in enumerate(lines) if line in (START, END)]
    if marks and [lines[index] for index in marks] != [START, END]:
        message = f"{PYPROJECT}: the line {START!r} has to stand once, and below it {END!r}; put them back"
        raise UserError(message)
    return bool(marks)


def with_block(text: str, metadata: Metadata) -> str:
    """The text with the lines between the two comments as `fair.toml` wants them."""
    lines = text.split("\n")
    return "\n".join([*lines[: lines.index(START) + 1], *_lines(metadata), *lines[lines.index(END) :]])


def _lines(metadata: Metadata) -> Iterator[str]:
    """Keys of [project]; what `fair.toml` leaves empty is left out."""
    identity = metadata.identity
    yield f"description = {_string(' '.join(identity.description.split()))}"
    yield f"authors = [{', '.join(map(_author, metadata.people))}]"
    if identity.license:
        yield f"license = {_string(identity.license)}"
    if identity.keywords:
        yield f"keywords = [{', '.join(map(_string, identity.keywords))}]"
    doi = doi_url(identity.concept_doi or identity.doi)
    urls = {name: url for name, url in (("Repository", identity.repository), ("DOI", doi)) if url}
    if urls:
        yield f"urls = {{ {', '.join(f'{name} = {_string(url)}' for name, url in urls.items())} }}"


def _author(person: Person) -> str:
    values = {"name": person.full_name, "email": person.email}
    return f"{{ {', '.join(f'{key} = {_string(value)}' for key, value in values.items() if value)} }}"


def _string(value: str) -> str:
    """A basic string of TOML, which is one of JSON but for U+007F."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
