"""Which entries of the ntuple become rows of the data set: those with a class, in the training window."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from ..features import CLASSES
from ..options import Window
from .ntuple import check_finite

__all__ = ["SELECTION_BRANCHES", "Selection", "select"]

LABELS = ("sample_isQCD", "fj_isQCD", "fj_isH")
WINDOW = ("fj_pt", "fj_eta", "fj_sdmass")
SELECTION_BRANCHES = (*LABELS, *WINDOW)


@dataclass(frozen=True)
class Selection:
    """The chosen ones of some entries.

    entries: their numbers in the file, int64 (jet,); labels: int64 (jet,); cutflow: how many jets passed each cut, one
    cut after the other, and how many of each class are left.
    """

    entries: np.ndarray
    labels: np.ndarray
    cutflow: dict[str, int]


def select(array: Any, window: Window, path: Path, first: int) -> Selection:
    """Choose from a record array of `SELECTION_BRANCHES`, whose entries count from `first` in the file `path`.

    A jet is background if both its sample and its flavour are QCD, signal if both quarks of a Higgs boson are matched
    to it, and dropped if neither holds.
    """
    label = _labels(array, path, first)
    values = np.stack([np.asarray(array[name]) for name in WINDOW], axis=-1)
    check_finite(values, WINDOW, path, first + np.arange(len(array)))
    pt, eta, mass = values.T
    cuts = {
        "labelled": label >= 0,
        "pt": (pt > window.pt[0]) & (pt < window.pt[1]),
        "eta": np.abs(eta) < window.abs_eta,
        "softdrop_mass": (mass > window.softdrop_mass[0]) & (mass < window.softdrop_mass[1]),
    }
    keep, cutflow = np.ones(len(array), dtype=bool), {"entries": len(array)}
    for name, cut in cuts.items():
        keep &= cut
        cutflow[name] = int(keep.sum())
    rows = np.flatnonzero(keep)
    classes = np.bincount(label[rows], minlength=len(CLASSES)).tolist()
    return Selection(first + rows, label[rows], cutflow | dict(zip(CLASSES, classes, strict=True)))


def _labels(array: Any, path: Path, first: int) -> np.ndarray:
    """Class of each entry, -1 for none: int64 (jet,).

    In the ntuple a jet's flavour is one of several, so that a jet of both classes means a damaged file.
    """
    sample_qcd, qcd, higgs = (np.asarray(array[name]).astype(bool) for name in LABELS)
    background = sample_qcd & qcd
    both = np.flatnonzero(background & higgs)
    if len(both):
        message = f"{path}: entry {first + both[0]} is both QCD and H by {', '.join(LABELS)}; download the file again"
        raise UserError(message)
    return np.select([background, higgs], [0, 1], default=-1)
