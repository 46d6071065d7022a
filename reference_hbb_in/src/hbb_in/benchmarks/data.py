"""`benchmark-data`: measure the conversion of CMS ntuples beside the plain way and the bare reading of the files.

The plain way is that of many a script: every feature is padded by itself, in double precision, for every jet of the
file; jets outside the window are dropped at the end. All ways take turns on the same files, in one process, and their
processor time counts.
"""

import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from fairmodel import DataConfig, Input, Run, UserError, Workers
from fairmodel.files import read_json, write_json, write_text
from fairmodel.metadata.provenance import hardware

from ..data.cms.convert import convert_ntuples
from ..data.cms.jets import Piece, convert, read_jets
from ..data.cms.ntuple import TREE
from ..data.features import SCHEMA
from ..data.options import Window
from ..data.ragged import COLUMN_TYPES, WEIGHT, branch_of, in_window, jet_class, to_samples
from .clock import alternate

__all__ = ["benchmark_data", "measure", "plain_arrays", "plain_file", "read_branches", "table"]

BARE = "bare"
PLAIN = {"arrays": "plain_arrays", "files": "plain_files"}
NAMES = {
    "bare": "uproot reads the branches, nothing is made of them",
    "plain_arrays": "plain way to arrays in memory",
    "arrays": "conversion to rows in memory",
    "plain_files": "plain way to a compressed file",
    "files": "whole conversion: cut flow, splits, three files",
}
PACKAGES = ("uproot", "awkward", "numpy", "h5py", "isal")
STEP_JETS = 16384  # in memory at a time, as in the conversion
NUMBERS = tuple(name for name in COLUMN_TYPES if name != WEIGHT)


def benchmark_data(run: Run, *, root: Path, rounds: int) -> None:
    """Write `benchmark-data.json` and `.md` into the profile's reports and print the table."""
    files = sorted(root.resolve().glob("*/*.root"))
    if {path.parent.name for path in files} != {"train", "test"}:
        message = f"{root} needs ROOT files in train/ and test/; write some with `simulate --root FOLDER`"
        raise UserError(message)
    with tempfile.TemporaryDirectory() as scratch:
        record = measure(files, run.config.data, Path(scratch), rounds)
    write_json(run.paths.report / "benchmark-data.json", record)
    write_text(run.paths.report / "benchmark-data.md", table(record))
    sys.stdout.write(table(record))


def measure(files: Sequence[Path], config: DataConfig, scratch: Path, rounds: int) -> dict[str, Any]:
    """Jets per CPU second of every way, as a JSON-ready record; `scratch` is a folder for what is made."""
    for path in files:
        link = scratch / path.parent.name / path.name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(path)
    config = config.model_copy(update={"options": config.options.model_copy(update={"files": ()})})
    work = Work(scratch, config)
    seconds = alternate(
        {
            "bare": work.bare,
            "plain_arrays": work.plain_arrays,
            "arrays": work.arrays,
            "plain_files": work.plain_files,
            "files": work.convert,
        },
        rounds,
    )
    total = read_json(scratch / "out" / "cutflow.json")["total"]
    rates = {name: total["entries"] / value for name, value in seconds.items()}
    return {
        "schema": 1,
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "jets": total["entries"],
        "selected_jets": total["softdrop_mass"],
        "rounds": rounds,
        "hardware": hardware(),
        "software": {name: metadata.version(name) for name in PACKAGES},
        "jets_per_cpu_second": rates,
        "over_plain": {name: rates[name] / rates[plain] for name, plain in PLAIN.items()},
        "over_bare": {name: rates[name] / rates[BARE] for name in PLAIN},
    }


def table(record: dict[str, Any]) -> str:
    """Write the record as Markdown."""
    lines = ["| What is done | jets per CPU second | over the plain way | over bare reading |", "|---|---:|---:|---:|"]
    for name, title in NAMES.items():
        ratios = [f"{record[kind][name]:.1f}" if name in record[kind] else "" for kind in ("over_plain", "over_bare")]
        lines.append(f"| {title} | {record['jets_per_cpu_second'][name]:,.0f} | {' | '.join(ratios)} |")
    software = ", ".join(f"{name} {version}" for name, version in record["software"].items())
    return (
        "\n".join(lines) + f"\n\n{record['jets']:,} jets in {record['files']} files of together "
        f"{record['bytes'] / 1e6:.0f} MB, of which {record['selected_jets']:,} lie in the window; one process on "
        f"{record['hardware']['processor']}; CPU time, median of {record['rounds']} rounds in which all take turns; "
        f"{software}.\n"
    )


def read_branches(path: Path) -> None:
    """Read all branches that the conversion needs with uproot, and do nothing with them."""
    lists = [branch_of(feature) for item in SCHEMA.inputs for feature in item.features]
    with import_module("uproot").open({path: TREE}) as tree:
        for _ in tree.iterate([*NUMBERS, *lists], step_size=STEP_JETS):
            pass


def plain_arrays(path: Path, window: Window) -> Iterator[dict[str, np.ndarray]]:
    """Yield inputs (jet, slot, feature) and numbers (jet, number) of the selected jets, float64."""
    with import_module("uproot").open({path: TREE}) as tree:
        for start in range(0, tree.num_entries, STEP_JETS):
            part = {"entry_start": start, "entry_stop": start + STEP_JETS}
            arrays = {item.name: _padded(tree, item, part) for item in SCHEMA.inputs}
            columns = {name: tree[name].array(library="np", **part).astype(np.float64) for name in NUMBERS}
            arrays["numbers"] = np.stack(list(columns.values()), axis=-1)
            keep = np.logical_and.reduce([jet_class(columns) >= 0, *in_window(columns, window).values()])
            yield {name: values[keep] for name, values in arrays.items()}


def plain_file(path: Path, window: Window, out: Path) -> None:
    """Write the plain arrays, compressed by the fastest level of gzip."""
    with h5py.File(out, "w") as file:
        for arrays in plain_arrays(path, window):
            for name, values in arrays.items():
                if name not in file:
                    shape = values.shape[1:]
                    layout = {"maxshape": (None, *shape), "chunks": (256, *shape), "shuffle": True}
                    file.create_dataset(name, (0, *shape), compression="gzip", compression_opts=1, dtype="f8", **layout)
                column = file[name]
                rows = len(column)
                column.resize(rows + len(values), axis=0)
                column[rows:] = values


@dataclass(frozen=True)
class Work:
    """Ways to read or convert the ROOT files in `raw/train` and `raw/test`."""

    raw: Path
    config: DataConfig

    @property
    def files(self) -> list[Path]:
        """The ROOT files."""
        return sorted(self.raw.glob("*/*.root"))

    @property
    def window(self) -> Window:
        """The window of the profile."""
        window: Window = self.config.options.window
        return window

    def bare(self) -> None:
        """Read all branches and do nothing with them."""
        for path in self.files:
            read_branches(path)

    def plain_arrays(self) -> None:
        """Make arrays in memory, the plain way."""
        for path in self.files:
            for _ in plain_arrays(path, self.window):
                pass

    def plain_files(self) -> None:
        """Write HDF5 files, the plain way."""
        for path in self.files:
            plain_file(path, self.window, self.raw / "plain.hdf5")

    def arrays(self) -> None:
        """Make rows in memory."""
        for path in self.files:
            for jets, _ in read_jets(path, self.window):
                to_samples(jets)

    def convert(self) -> None:
        """Make the data set as the data step does."""
        for path in self.files:
            convert(Piece(path, self.window, self.raw))
        # every piece is finished here, so that all work is done, and measured, in this process
        with redirect_stdout(io.StringIO()):
            convert_ntuples(self.config, self.raw / "out", raw=self.raw, workers=Workers(1))


def _padded(tree: Any, item: Input, part: dict[str, int]) -> np.ndarray:
    import awkward as ak

    features = []
    for feature in item.features:
        lists = tree[branch_of(feature)].array(**part)
        padded = ak.fill_none(ak.pad_none(lists, item.slots, clip=True), 0)
        features.append(ak.to_numpy(padded).astype(np.float64))
    return np.stack(features, axis=-1)
