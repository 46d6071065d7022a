"""The data step for source "cern": fetch CMS ntuples, select their jets, write the three files and the cut flow."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel import DataConfig, DatasetWriter, UserError, Workers
from fairmodel.download.cern import fetch
from fairmodel.download.manifest import Manifest
from fairmodel.files import write_json, write_text
from fairmodel.paths import Paths
from fairmodel.splits import SPLITS, split

from ..features import CLASSES, SCHEMA
from ..options import DataOptions
from ..ragged import EVENT, to_samples
from ..ragged_file import RaggedFile
from .jets import Piece, convert
from .ntuple import TREE, reader_versions

__all__ = ["DOI", "Cutflow", "convert_ntuples", "download_ntuples"]

DOI = "10.7483/OPENDATA.CMS.JGJX.MS7Q"
FOLDERS = ("train", "test")
BLOCK = 4096  # jets written at a time
TITLES = {
    "entries": "jets",
    "labelled": "H→bb̄ or QCD",
    "pt": "pT",
    "eta": "η",
    "softdrop_mass": "soft-drop mass",
}
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Cutflow:
    """Number of jets after each cut, in the order of the cuts, for each file, which is named with its folder."""

    files: Mapping[str, Mapping[str, int]]

    def total(self, folder: str = "") -> dict[str, int]:
        """Sums over all files, or over those of one folder."""
        counts = [file for name, file in self.files.items() if name.startswith(folder)]
        return {stage: sum(file[stage] for file in counts) for stage in counts[0]}

    def table(self) -> str:
        """Markdown table, aligned for a terminal: a line for each file, the total, and its share of all jets."""
        total = self.total()
        rows = [["File", *(TITLES.get(stage, stage) for stage in total)]]
        rows += [[name, *_readable(counts.values())] for name, counts in self.files.items()]
        rows += [["all files", *_readable(total.values())]]
        rows += [["share", *(f"{count / max(total['entries'], 1):.1%}" for count in total.values())]]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rule = [f"{'':-<{widths[0]}}", *(f"{'':-<{width - 1}}:" for width in widths[1:])]
        aligned = [[f"{row[0]:<{widths[0]}}", *map(str.rjust, row[1:], widths[1:])] for row in rows]
        return "".join(f"| {' | '.join(row)} |\n" for row in [aligned[0], rule, *aligned[1:]])

    def write(self, out: Path, window: Mapping[str, Any]) -> None:
        """Write `cutflow.json` and `cutflow.md` into `out`, with the window that was cut to."""
        content = {"schema": SCHEMA_VERSION, "window": window, "files": self.files, "total": self.total()}
        write_json(out / "cutflow.json", content)
        write_text(out / "cutflow.md", f"# Jets left after each cut\n\n{self.table()}")


def download_ntuples(options: DataOptions, raw: Path) -> list[Path]:
    """Fetch the files that the options choose, by the DOI of their record, into `raw/train` and `raw/test`.

    Returns their paths. Files that are there and verified need no network. If the options choose none, nothing is
    fetched, and the files that lie there are used.
    """
    if not options.files:
        return []
    manifest = Manifest.load(Paths.of_raw(raw).manifest)
    return fetch(manifest, DOI, options.files, raw, server=options.server, protocol=options.protocol)


def convert_ntuples(config: DataConfig, out: Path, *, raw: Path, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out` from the chosen ROOT files in `raw/train` and `raw/test`.

    Each ROOT file is read once, by one of the workers, into a file of its selected jets in `raw`; these are kept, so
    that a killed conversion goes on and another split needs no reading. The cut flow is written beside the data.

    The published division is kept: `raw/test` becomes the test split, whatever its share, and the jets of `raw/train`
    are divided between train and val in the ratio of their fractions, by the configured method. Event numbers are
    unique within a simulated sample only; equal numbers of two samples stay in one split, which does no harm.

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
    _write(pieces, _split_of_jets(pieces, config), out, _provenance(config, versions, pieces, cutflow))


def _ntuples(raw: Path, folder: str, config: DataConfig) -> list[Path]:
    """Files in a folder that the options choose, sorted by name; all of them if the options choose none."""
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


def _split_of_jets(pieces: Sequence[Piece], config: DataConfig) -> np.ndarray:
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
    split_of_jet = np.full(len(event), SPLITS.index("test"))
    for name, rows in parts.items():
        split_of_jet[train[rows]] = SPLITS.index(name)
    return split_of_jet


def _write(pieces: Sequence[Piece], split_of_jet: np.ndarray, out: Path, provenance: dict[str, Any]) -> None:
    """Write every jet of all pieces into its split, a bounded number of jets at a time."""
    with ExitStack() as stack:
        writers = [
            stack.enter_context(DatasetWriter(out / f"{name}.h5", SCHEMA, provenance | {"split": name}))
            for name in SPLITS
        ]
        start = 0
        for piece in pieces:
            with RaggedFile(piece.path) as file:
                for jets in file.batches(BLOCK):
                    splits = split_of_jet[start : start + len(jets)]
                    for index, writer in enumerate(writers):
                        rows = np.flatnonzero(splits == index)
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
        # pairs, since a cut flow has an order and JSON objects have none
        "cutflow": {folder: list(cutflow.total(f"{folder}/").items()) for folder in FOLDERS},
    }


def _readable(counts: Iterable[int]) -> list[str]:
    return [f"{count:_}".replace("_", "\N{NARROW NO-BREAK SPACE}") for count in counts]
