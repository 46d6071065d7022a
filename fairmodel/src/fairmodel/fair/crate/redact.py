"""Keep secrets and places of one machine out of what is recorded."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["HIDDEN", "redacted", "redacted_command"]

HIDDEN = "[hidden]"

NAMES = re.compile(r"(?i)(token|passw|secret|credential|api.?key|access.?key|private.?key|authori[sz]ation)")
# forms that services give their tokens, and what is long, without structure, and of letters and digits mixed
TOKENS = re.compile(
    r"(?:gh[opsur]_|github_pat_|hf_|glpat-|xox[abp]-|sk-)[\w-]{8,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?<![\w./-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}(?![\w./-])"
)
ASSIGNMENT = re.compile(r"-{0,2}[\w.-]+=")
USER = re.compile(r"(?<=://)[^/\s@]+@")
QUERY = re.compile(r"(?i)([?&;][\w.-]*(?:token|key|secret|passw|sig)[\w.-]*=)[^&;\s]+")


def redacted(value: Any, name: str = "") -> Any:
    """A value of JSON without secrets: those that their names tell, and texts that look like some."""
    if isinstance(value, Mapping):
        return {key: redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, name) for item in value]
    if NAMES.search(name) and value not in (None, "", False, True):
        return HIDDEN
    return _without_tokens(value) if isinstance(value, str) else value


def redacted_command(words: Iterable[str], root: Path) -> str:
    """A command line without secrets, in which the project's folder is a dot."""
    shown: list[str] = []
    hide_next = False
    for word in words:
        name, equals, value = word.partition("=") if ASSIGNMENT.match(word) else (word, "", "")
        option = word.startswith("-")
        secret = bool(NAMES.search(name)) and bool(option or equals)
        if hide_next and not word.startswith("--"):
            shown.append(HIDDEN)
        elif secret and equals:
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(f"{name}={_clean(value, root)}" if equals else _clean(word, root))
        hide_next = secret and option and not equals
    return " ".join(shown)


def _clean(word: str, root: Path) -> str:
    return _without_tokens(_portable(word, root))


def _portable(word: str, root: Path) -> str:
    """Paths below the project relative to it, others by their last part only."""
    path = Path(word)
    if not path.is_absolute():
        return word
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _without_tokens(text: str) -> str:
    return QUERY.sub(rf"\g<1>{HIDDEN}", USER.sub(f"{HIDDEN}@", TOKENS.sub(HIDDEN, text)))
