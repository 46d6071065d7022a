"""The published numbers, and what is to be said of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["notes", "published"]


@cache
def published() -> dict[str, Any]:
    """The content of published.json: shares as fractions of one, thresholds in percent."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
    return content


def notes() -> tuple[str, ...]:
    """Where the numbers come from, and why they cannot be the same."""
    content = published()
    return (
        f"Published: {content['source']}. {content['precision']}.",
        f"The data differ: published numbers are of the {content['data']}, the others of the test split of this "
        "profile, and the networks are different trainings. Sizes may be compared, digits not.",
    )
