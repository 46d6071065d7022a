"""Just enough YAML to write metadata: mappings, lists and scalars in block style, every text in double quotes."""

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["to_yaml"]


def to_yaml(content: dict[str, Any]) -> str:
    """A mapping as a YAML 1.2 document; the keys are plain words."""
    return "\n".join(_mapping(content, "")) + "\n"


def _mapping(content: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, list):
            yield f"{indent}{key}:"
            for item in value:
                yield from _item(item, indent + "  ")
        elif isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _mapping(value, indent + "  ")
        else:
            yield f"{indent}{key}: {_scalar(value)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict):
        first, *others = _mapping(item, indent + "  ")
        yield f"{indent}- {first.strip()}"
        yield from others
    else:
        yield f"{indent}- {_scalar(item)}"


def _scalar(value: str | float) -> str:
    """A text as a double-quoted scalar, which is a JSON string but for characters that YAML wants escaped."""
    if not isinstance(value, str):
        return json.dumps(value)
    return "".join(_escaped(character) for character in json.dumps(value, ensure_ascii=False))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
