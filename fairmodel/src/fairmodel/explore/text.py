"""Tables and outlines for a terminal of 120 columns."""

import textwrap
from collections.abc import Sequence
from typing import Any

__all__ = ["WIDTH", "number", "outline", "percent", "table"]

WIDTH = 120
GAP = 2
LONGEST_LIST = 3  # lines; what is longer is cut, with the number of its entries


def number(value: float | None) -> str:
    """Four significant digits; nothing for a value that does not exist."""
    return "" if value is None else f"{value:.4g}"


def percent(share: float | None) -> str:
    """A share in percent with one decimal, or what it is below."""
    if share is None:
        return ""
    return "<0.1" if 0 < share < 0.0005 else f"{100 * share:.1f}" if share else "0"


def table(header: Sequence[str], lines: Sequence[Sequence[str]], *, left: Sequence[int]) -> str:
    """Columns as wide as their entries, those in `left` aligned to the left; the last one is wrapped if need be."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    rest = WIDTH - sum(widths[:-1]) - GAP * len(widths)
    result = []
    for line in (header, *lines):
        wrapped = textwrap.wrap(line[-1], max(rest, 20)) or [""]
        for part, last in enumerate(wrapped):
            cells = [*(line[:-1] if part == 0 else [""] * (len(line) - 1)), last]
            texts = [
                cell.ljust(width) if place in left else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            result.append((" " * GAP).join(["", *texts])[GAP:].rstrip())
    return "\n".join(result)


def outline(content: dict[str, Any], indent: int = 2) -> str:
    """Nested settings, the simple ones first, with the names of a level in a column of their own."""
    width = max((len(name) for name in content), default=0)
    lines = []
    for name, value in sorted(content.items(), key=lambda item: isinstance(item[1], dict | list)):
        start = f"{'':{indent}}{name:<{width}}  "
        if isinstance(value, dict) and len(start + _inline(value)) > WIDTH:
            lines += [start.rstrip(), outline(value, indent + 2)]
        else:
            lines.append(_hanging(start, _inline(value), len(value) if isinstance(value, list) else 0))
    return "\n".join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_nested(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(_nested(entry) for entry in value)
    return "none" if value is None else str(value)


def _nested(value: Any) -> str:
    return f"({_inline(value)})" if isinstance(value, dict | list) else _inline(value)


def _hanging(start: str, text: str, entries: int) -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start)) or [start.rstrip()]
    if len(lines) > LONGEST_LIST:
        number_of = f" ({entries} in all)" if entries else ""
        lines = [*lines[:LONGEST_LIST], f"{'':{len(start)}}…{number_of}"]
    return "\n".join(lines)
