"""Which entries of the ntuple become rows of the data set: those with a class, in the window."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..features import CLASSES
from ..options import Window
from ..ragged import LABELS, in_window, jet_class
from .ntuple import refuse

__all__ = ["Selection", "select"]


@dataclass(frozen=True)
class Selection:
    """The chosen ones of some entries.

    rows: their places among the entries, int64 (jet,); cutflow: how many jets passed each cut, one cut after the other,
    and how many of each class are left.
    """

    rows: np.ndarray
    cutflow: dict[str, int]


def select(columns: Mapping[str, np.ndarray], window: Window, path: Path, first: int) -> Selection:
    """Choose by the columns of labels and window of entries that count from `first` in the file `path`.

    Jets of neither class are dropped. In the ntuple a jet's flavour is one of several, so that a jet of both classes
    means a damaged file.
    """
    label = jet_class(columns)
    both = np.flatnonzero(label == -2)
    if len(both):
        refuse(path, f"entry {first + both[0]} is both QCD and H by {', '.join(LABELS)}")
    keep, cutflow = np.ones(len(label), dtype=bool), {"entries": len(label)}
    for name, cut in ({"labelled": label >= 0} | in_window(columns, window)).items():
        keep &= cut
        cutflow[name] = int(keep.sum())
    classes = np.bincount(label[keep], minlength=len(CLASSES)).tolist()
    return Selection(np.flatnonzero(keep), cutflow | dict(zip(CLASSES, classes, strict=True)))
