"""Text between marker lines in a Markdown file, written by a program: `<!-- NAME:start -->` to `<!-- NAME:end -->`."""

from pathlib import Path

__all__ = ["marked", "replace_marked"]


def marked(path: Path, name: str) -> str:
    """The text between the markers `name`."""
    return _parts(path, name)[1]


def replace_marked(path: Path, name: str, content: str) -> None:
    """Put `content` between the markers `name`, in place of what is there."""
    before, _, after = _parts(path, name)
    path.write_text(before + content + after, encoding="utf-8")


def _parts(path: Path, name: str) -> tuple[str, str, str]:
    first, last = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
    before, start, rest = path.read_text(encoding="utf-8").partition(first)
    content, end, after = rest.partition(last)
    if not start or not end:
        message = f"{path} lacks the lines {first.strip()} and {last}"
        raise SystemExit(message)
    return before + start, content, end + after
