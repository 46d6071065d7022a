"""Structs of arrays: data classes whose fields hold one entry for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

__all__ = ["Columns"]


@dataclass(frozen=True)
class Columns:
    """Base of data classes whose fields are arrays, or mappings of arrays, with the row along the first axis.

    Fields of other types belong to all rows together.
    """

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the rows that a slice, a mask or indices of any shape choose; a slice copies nothing."""
        return self._with({field.name: _take(getattr(self, field.name), rows) for field in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Return all rows of the parts, in order."""
        names = [field.name for field in fields(cls)]
        return parts[0]._with({name: _concatenate([getattr(part, name) for part in parts]) for name in names})

    def __len__(self) -> int:
        return next(len(array) for field in fields(self) for array in _arrays(getattr(self, field.name)))

    def _with(self, values: Mapping[str, Any]) -> Self:
        return type(self)(**values)


def _arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, Mapping):
        return list(value.values())
    return [value] if isinstance(value, np.ndarray) else []


def _take(value: Any, rows: np.ndarray | slice) -> Any:
    if isinstance(value, Mapping):
        return {name: array[rows] for name, array in value.items()}
    return value[rows] if isinstance(value, np.ndarray) else value


def _concatenate(values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, Mapping):
        return {name: np.concatenate([value[name] for value in values]) for name in first}
    return np.concatenate(values) if isinstance(first, np.ndarray) else first
