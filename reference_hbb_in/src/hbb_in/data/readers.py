"""Formats beside the data set's own that the model can be applied to; their readers are imported when they are used."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairmodel.inference.rows import RowReader

__all__ = ["READERS"]


def _ntuple() -> "RowReader":
    from .cms.reader import NtupleReader

    return NtupleReader()


READERS: Mapping[str, Callable[[], "RowReader"]] = {".root": _ntuple}
