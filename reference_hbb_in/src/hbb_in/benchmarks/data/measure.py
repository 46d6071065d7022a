"""The measurement: all ways take turns on the same files, in one process, and their processor time counts."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from fairmodel.config import DataConfig
from fairmodel.files import read_json
from fairmodel.metadata.provenance import hardware
from fairmodel.workers import Workers

from ...data.cms.convert import convert_ntuples
from ...data.cms.jets import read_jets
from ...data.cms.piece import Piece, convert
from ...data.options import Window
from ...data.ragged import to_samples
from ..network.clock import alternate
from .plain import plain_arrays, plain_file, read_branches

__all__ = ["measure", "table"]

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


@dataclass(frozen=True)
class Work:
    """The ways to make something of the ROOT files in `raw/train` and `raw/test`."""

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
        """Read all branches, and no more."""
        for path in self.files:
            read_branches(path)

    def plain_arrays(self) -> None:
        """Arrays in memory, the plain way."""
        for path in self.files:
            for _ in plain_arrays(path, self.window):
                pass

    def plain_files(self) -> None:
        """HDF5 files, the plain way."""
        for path in self.files:
            plain_file(path, self.window, self.raw / "plain.hdf5")

    def arrays(self) -> None:
        """Rows in memory."""
        for path in self.files:
            for jets, _ in read_jets(path, self.window):
                to_samples(jets)

    def convert(self) -> None:
        """The data set, as the data step makes it."""
        for path in self.files:
            convert(Piece(path, self.window, self.raw))
        # finds every piece finished: so all is done, and measured, in this process
        with redirect_stdout(io.StringIO()):
            convert_ntuples(self.config, self.raw / "out", raw=self.raw, workers=Workers(1))


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
    """The record as Markdown."""
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
