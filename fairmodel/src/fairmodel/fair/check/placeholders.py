"""Values that stand where an author has yet to write one."""

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["PLACEHOLDER", "doi_reason", "placeholders"]

PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX+)\b|lorem ipsum"
    r"|(?i:\bplaceholder\b|\bchange ?me\b|\bfill (?:me |this )?in\b|\byour name\b)"
    r"|10\.X{2,}|^…$|^\.\.\.$"
)
EXAMPLES = re.compile(r"0000-0002-1825-0097|0000-0000-0000-0000|0000-0001-2345-6789|\bexample\.(?:org|com|net)\b")
DOIS = {
    re.compile(r"10\.X{2,}", re.IGNORECASE): "has X in place of digits",
    re.compile(r"10\.5072/"): "is one of a sandbox, which no resolver knows",
    re.compile(r"10\.(?:1234|12345|99999?)/"): "is the DOI of an example",
    re.compile(r"10\.5281/zenodo\.(?:0+|1+|1234567|XXX+)$", re.IGNORECASE): "is the DOI of an example",
}


def doi_reason(doi: str) -> str | None:
    """Why a DOI cannot be the registered one of a work, or None if it may be."""
    return next((reason for pattern, reason in DOIS.items() if pattern.match(doi)), None)


def placeholders(content: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Key path and value of each text in a table that is a placeholder or an example."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from placeholders(value, f"{pointer}/{key}")
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from placeholders(value, f"{pointer}/{index}")
    elif isinstance(content, str):
        doi = doi_reason(content) if content.startswith("10.") else None
        if doi or PLACEHOLDER.search(content) or EXAMPLES.search(content):
            yield pointer, content
