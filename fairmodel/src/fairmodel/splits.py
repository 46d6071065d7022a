"""Deterministic splits of the rows: by event, by file, by row, or k-fold.

By file in order, by files chosen at random and by row are the methods whose influence on the result arXiv:2212.05081
compares; by event is the default here.
"""

from collections.abc import Sequence

import numpy as np

from .config import DataConfig
from .errors import UserError

__all__ = ["SPLITS", "split"]

SPLITS = ("train", "val", "test")


def split(
    config: DataConfig,
    *,
    event: np.ndarray,
    file: np.ndarray,
    stratum: np.ndarray,
    names: Sequence[str] = SPLITS,
) -> dict[str, np.ndarray]:
    """Sorted row indices of each split in `names`; every row is in exactly one.

    `event`, `file` and `stratum` say to which event, raw file and kind of files each row belongs, (row,) of any type
    that sorts. The fractions of `names`, scaled to add up to 1, are the wanted shares of the rows. `config.split` says
    what stays together and how it is dealt out, where everything random is decided by `config.seed`:

    event: whole events at random. row: single rows at random, so that events may be shared.
    file: whole files in their order, of each stratum the first to train, the last to test, so that every split gets
    rows of all strata. random-file: the same after shuffling the files of each stratum.
    k-fold: test gets the files that random-file gives it, whatever the fold; the others form `folds` equal parts, of
    which number `fold` is val and all others are train.

    Events and rows meet the shares to within one of them, files to within about a file of each stratum. Raises
    UserError for a stratum with fewer files than parts to make of them.
    """
    shares = np.array([getattr(config.fractions, name) for name in names])
    shares /= shares.sum()
    random = np.random.default_rng(config.seed)
    match config.split:
        case "event":
            place = _deal(event, shares, random)
        case "row":
            place = _deal(np.arange(len(event)), shares, random)
        case "file":
            place = _deal_files(file, stratum, shares, None)
        case "random-file":
            place = _deal_files(file, stratum, shares, random)
        case "k-fold":
            place = _k_fold(config, file, stratum, dict(zip(names, shares, strict=True)), random)
    return {name: np.flatnonzero(place == index) for index, name in enumerate(names)}


def _deal(unit: np.ndarray, shares: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Deal out whole units in random order: the index of each row's share."""
    units, rows = np.unique(unit, return_counts=True)
    order = random.permutation(len(units))
    edges = np.cumsum(shares)[:-1] * len(unit)
    place = np.empty(len(units), dtype=np.int64)
    # a unit belongs to the share in which its last row falls, so that shares hold for rows and not for units
    place[order] = np.searchsorted(edges, np.cumsum(rows[order]) - 0.5)
    return place[np.searchsorted(units, unit)]


def _deal_files(
    file: np.ndarray, stratum: np.ndarray, shares: np.ndarray, random: np.random.Generator | None
) -> np.ndarray:
    """Deal out whole files, stratum by stratum, in random order or, without a generator, in their own."""
    place = np.empty(len(file), dtype=np.int64)
    for kind in np.unique(stratum):
        here = stratum == kind
        files, rows = np.unique(file[here], return_counts=True)
        if len(files) < len(shares):
            message = (
                f"number of files of {kind}: {len(files)}, but {len(shares)} parts need one each; take more files or "
                "fewer folds, or set split = 'event' in [data] of the profile"
            )
            raise UserError(message)
        order = np.arange(len(files)) if random is None else random.permutation(len(files))
        part = np.empty(len(files), dtype=np.int64)
        part[order] = _cut(rows[order], shares)
        place[here] = part[np.searchsorted(files, file[here])]
    return place


def _cut(rows: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Cut a sequence of files with so many rows each into parts, none empty, as close to the shares as files allow."""
    filled = np.concatenate([[0], np.cumsum(rows)])
    starts = [0]
    for part, edge in enumerate(np.cumsum(shares)[:-1] * filled[-1], start=1):
        nearest = np.abs(filled - edge).argmin()
        starts.append(int(np.clip(nearest, starts[-1] + 1, len(rows) - len(shares) + part)))
    return np.searchsorted(starts, np.arange(len(rows)), side="right") - 1


def _k_fold(
    config: DataConfig, file: np.ndarray, stratum: np.ndarray, shares: dict[str, float], random: np.random.Generator
) -> np.ndarray:
    """Index of each row's split among the names of `shares`, of which only that of test counts."""
    assert config.folds is not None  # the validation of the configuration sees to it
    assert config.fold is not None
    test = {name: share for name, share in shares.items() if name == "test"}
    parts = [(1 - sum(test.values())) / config.folds] * config.folds + [*test.values()]
    names = ["val" if part == config.fold else "train" for part in range(config.folds)] + [*test]
    place: np.ndarray = np.array([list(shares).index(name) for name in names])
    result: np.ndarray = place[_deal_files(file, stratum, np.array(parts), random)]
    return result
