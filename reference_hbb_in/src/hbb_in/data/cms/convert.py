"""The data step for source "cern": CMS ntuples in, the three files of the schema out."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel.config import DataConfig
from fairmodel.dataset import DatasetWriter
from fairmodel.errors import UserError
from fairmodel.splits import SPLITS, split
from fairmodel.workers import Workers

from ..features import CLASSES, SCHEMA
from ..ragged import EVENT, to_samples
from ..ragged_file import RaggedFile
from .cutflow import Cutflow
from .ntuple import TREE, reader_versions
from .piece import Piece, convert

__all__ = ["DOI", "convert_ntuples"]

DOI = "10.7483/OPENDATA.CMS.JGJX.MS7Q"
FOLDERS = ("train", "test")
BLOCK = 4096  # jets written at a time


def convert_ntuples(config: DataConfig, out: Path, *, raw: Path, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out` from the chosen ROOT files in `raw/train` and `raw/test`.

    Each ROOT file is read once, by one of the workers, into a file of its selected jets in `raw`; these are kept, so
    that a killed conversion goes on and another split needs no reading. The cut flow is written beside the data.

    The published division is kept: `raw/test` becomes the test split, whatever its share, and the jets of `raw/train`
    are divided between train and val in the ratio of their fractions, by the configured method. Event numbers are
    unique within a simulated sample only; equal ones of two samples stay together, which separates nothing that belongs
    together.

    Rows keep the order of the files, which are taken by name, and of their entries. In the published files the samples
    are merged at random, so that any stretch of rows holds both classes; files sorted by class would need shuffling
    over more rows than a training holds at a time.
    """
    versions = reader_versions()
    window = config.options.window
    pieces = [Piece(path, window, raw) for folder in FOLDERS for path in _ntuples(raw, folder, config)]
    missing = [piece for piece in pieces if not piece.finished]
    for _ in workers.run(convert, missing, title="convert", unit="files", rows=int):
        pass
    cutflow = Cutflow({piece.name: piece.cutflow() for piece in pieces})
    sys.stdout.write(cutflow.table())
    _check_classes(cutflow, raw)
    cutflow.write(out, window.model_dump(mode="json"))
    _write(pieces, _places(pieces, config), out, _provenance(config, versions, pieces, cutflow))


def _ntuples(raw: Path, folder: str, config: DataConfig) -> list[Path]:
    """The files in a folder that the options choose, sorted by name; all of them if the options say nothing."""
    patterns = config.options.files or ("*",)
    files = sorted((raw / folder).glob("*.root"))
    files = [path for path in files if any(fnmatchcase(f"{folder}/{path.name}", pattern) for pattern in patterns)]
    if not files:
        message = (
            f"no ROOT files in {raw / folder} are chosen by files = {list(patterns)} in [data.options]; "
            f"choose some of {folder}/ in the CMS open data, https://doi.org/{DOI}"
        )
        raise UserError(message)
    return files


def _check_classes(cutflow: Cutflow, raw: Path) -> None:
    for folder in FOLDERS:
        counts = cutflow.total(f"{folder}/")
        for name in CLASSES:
            if not counts[name]:
                message = f"no {name} jet in {raw / folder} passes the selection {counts}; add files"
                raise UserError(message)


def _places(pieces: Sequence[Piece], config: DataConfig) -> np.ndarray:
    """Index of the split of every jet of all pieces, one after the other: int64 (jet,)."""
    events, files = [], []
    for number, piece in enumerate(pieces):
        with RaggedFile(piece.path) as jets:
            events.append(jets.column(EVENT))
            files.append(np.full(len(jets), number))
    event, file = np.concatenate(events), np.concatenate(files)
    folder = np.array([piece.source.parent.name for piece in pieces])[file]
    train = np.flatnonzero(folder == "train")
    parts = split(config, event=event[train], file=file[train], stratum=folder[train], names=("train", "val"))
    place = np.full(len(event), SPLITS.index("test"))
    for name, rows in parts.items():
        place[train[rows]] = SPLITS.index(name)
    return place


def _write(pieces: Sequence[Piece], place: np.ndarray, out: Path, provenance: dict[str, Any]) -> None:
    """Write every jet of all pieces into the split that `place` says, a bounded number of jets at a time."""
    with ExitStack() as stack:
        writers = [
            stack.enter_context(DatasetWriter(out / f"{name}.h5", SCHEMA, provenance | {"split": name}))
            for name in SPLITS
        ]
        start = 0
        for piece in pieces:
            with RaggedFile(piece.path) as file:
                for jets in file.batches(BLOCK):
                    here = place[start : start + len(jets)]
                    for index, writer in enumerate(writers):
                        rows = np.flatnonzero(here == index)
                        if len(rows):
                            writer.append(to_samples(jets.take(rows) if len(rows) < len(jets) else jets))
                    start += len(jets)


def _provenance(
    config: DataConfig, versions: dict[str, str], pieces: Sequence[Piece], cutflow: Cutflow
) -> dict[str, Any]:
    return {
        "source": "cern",
        "doi": DOI,
        "tree": TREE,
        "configuration": config.model_dump(mode="json"),
        "software": versions | {"numpy": np.__version__},
        "files": [{"name": piece.name, "bytes": piece.source.stat().st_size} for piece in pieces],
        # pairs, since the order of the cuts belongs to a cut flow and JSON objects have none
        "cutflow": {folder: list(cutflow.total(f"{folder}/").items()) for folder in FOLDERS},
    }
