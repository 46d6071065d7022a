"""The JSON Schemas of formats that come without one, or whose own tools leave gaps."""

import json
from importlib import resources
from typing import Any

__all__ = ["schema"]


def schema(name: str) -> dict[str, Any]:
    """The schema of a file by its name, such as fair4ml.jsonld."""
    path = resources.files(__package__.rpartition(".")[0]) / "schemas" / f"{name.partition('.')[0].lower()}.schema.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
