"""Matching of the classes: the network must not learn the transverse momentum at which we chose to simulate."""

import numpy as np
from fairmodel.errors import UserError

from .features import CLASSES

__all__ = ["match_spectra"]


def match_spectra(pt: np.ndarray, label: np.ndarray, event: np.ndarray, *, bins: int, seed: int) -> np.ndarray:
    """Accept and reject jets of both classes so that they follow one transverse-momentum spectrum.

    pt (GeV), label and event are (jet,). In each of `bins` equally filled bins of pT every class keeps as many jets as
    the rarer one has, chosen at random. Returns the kept rows, sorted; which jets they are does not depend on the order
    in which they come.
    """
    for index, name in enumerate(CLASSES):
        if not np.any(label == index):
            message = f"a split has no {name} jets to match the others with; simulate more chunks ([data.options])"
            raise UserError(message)
    order = np.lexsort((pt, event))
    priority = np.empty(len(pt))
    priority[order] = np.random.default_rng(seed).random(len(pt))
    edges = np.quantile(pt, np.linspace(0, 1, bins + 1)[1:-1])
    place = np.searchsorted(edges, pt, side="right")
    kept = [_match_bin(np.flatnonzero(place == number), label, priority) for number in range(bins)]
    return np.sort(np.concatenate(kept))


def _match_bin(rows: np.ndarray, label: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """As many rows of each class as the rarer one has, those of the least priority."""
    ordered = rows[np.argsort(priority[rows], kind="stable")]
    classes = [ordered[label[ordered] == index] for index in range(len(CLASSES))]
    fewest = min(len(members) for members in classes)
    return np.concatenate([members[:fewest] for members in classes])
