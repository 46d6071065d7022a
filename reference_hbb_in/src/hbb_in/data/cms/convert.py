"""The data step for source "cern": CMS ntuples in, the three files of the schema out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...config import DataConfig, Fractions
from ...dataset import DatasetWriter
from ...errors import UserError
from ...progress import progress
from ...splits import split_by_event
from ..features import CLASSES, SCHEMA
from ..options import Window
from .ntuple import TREE, reader_versions
from .samples import read_events, read_samples

__all__ = ["DOI", "convert_ntuples"]

DOI = "10.7483/OPENDATA.CMS.JGJX.MS7Q"
FOLDERS = ("train", "test")


def convert_ntuples(config: DataConfig, out: Path, *, raw: Path) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out` from the ROOT files in `raw/train` and `raw/test`.

    The published division is kept: `raw/test` becomes the test split, whatever its share, and the events of `raw/train`
    are divided at random in the ratio of `fractions.train` to `fractions.val`. Event numbers are unique within a
    simulated sample only; equal ones of two samples stay together, which separates nothing that belongs together.

    Rows keep the order of the files, which are taken by name, and of their entries. In the published files the samples
    are merged at random, so that any stretch of rows holds both classes; files sorted by class would need shuffling
    over more rows than a training holds at a time. Files are read twice, a bounded number of jets at a time.
    """
    versions = reader_versions()
    files = {folder: _files(raw, folder) for folder in FOLDERS}
    scans = {folder: _scan(files[folder], config.options.window, folder) for folder in FOLDERS}
    provenance = _provenance(config, versions, files, scans)
    writers = {name: DatasetWriter(out / f"{name}.h5", SCHEMA, provenance) for name in ("train", "val", "test")}
    with writers["train"] as train, writers["val"] as validation:
        chosen = _validation_rows(scans["train"].events, config.fractions, config.seed)
        _write(files["train"], config.options.window, (train, validation), chosen.astype(int))
    with writers["test"] as test:
        _write(files["test"], config.options.window, (test,), np.zeros(len(scans["test"].events), dtype=int))


@dataclass(frozen=True)
class Scan:
    """The selected jets of one folder: their events, int64 (jet,), and how many passed each cut, in order."""

    events: np.ndarray
    cutflow: dict[str, int]


def _files(raw: Path, folder: str) -> list[Path]:
    files = sorted((raw / folder).glob("*.root"))
    if not files:
        message = (
            f"there are no ROOT files in {raw / folder}; download the CMS open data https://doi.org/{DOI} and put "
            f"files of its folders train/ and test/, any number of each, into {raw / 'train'} and {raw / 'test'}"
        )
        raise UserError(message)
    return files


def _scan(files: Sequence[Path], window: Window, folder: str) -> Scan:
    events, cutflow = [], Counter[str]()
    for path in progress(files, total=len(files), title=f"select {folder}", unit="files"):
        for numbers, counts in read_events(path, window):
            events.append(numbers)
            cutflow.update(counts)
    for name in CLASSES:
        if not cutflow[name]:
            message = f"no {name} jet in {files[0].parent} passes the selection {dict(cutflow)}; add files"
            raise UserError(message)
    return Scan(np.concatenate(events), dict(cutflow))


def _validation_rows(events: np.ndarray, fractions: Fractions, seed: int) -> np.ndarray:
    """Which of the training files' jets are for validation: bool (jet,)."""
    share = fractions.val / (fractions.train + fractions.val)
    rows = split_by_event(events, {"train": 1 - share, "val": share, "test": 0.0}, seed)
    return np.isin(np.arange(len(events)), rows["val"])


def _write(files: Sequence[Path], window: Window, writers: Sequence[DatasetWriter], place: np.ndarray) -> None:
    """Append each selected jet to the writer whose index `place`, int (jet,), says."""
    start = 0
    for path in progress(files, total=len(files), title=f"convert {files[0].parent.name}", unit="files"):
        for samples in read_samples(path, window):
            here = place[start : start + len(samples)]
            for index, writer in enumerate(writers):
                writer.append(samples.take(np.flatnonzero(here == index)))
            start += len(samples)


def _provenance(
    config: DataConfig, versions: dict[str, str], files: dict[str, list[Path]], scans: dict[str, Scan]
) -> dict[str, Any]:
    return {
        "source": "cern",
        "doi": DOI,
        "tree": TREE,
        "seed": config.seed,
        "fractions": config.fractions.model_dump(),
        "window": config.options.window.model_dump(),
        "software": versions | {"numpy": np.__version__},
        "files": {
            folder: [{"name": path.name, "bytes": path.stat().st_size} for path in paths]
            for folder, paths in files.items()
        },
        # pairs, since the order of the cuts belongs to a cut flow and JSON objects have none
        "cutflow": {folder: list(scan.cutflow.items()) for folder, scan in scans.items()},
    }
