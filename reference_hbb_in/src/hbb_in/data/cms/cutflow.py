"""The cut flow: how many jets of each file pass each cut, kept as JSON and as a table beside the data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairmodel.files import write_json, write_text

__all__ = ["Cutflow"]

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
    """The jets left after each cut, in the order of the cuts, of each file, which is named with its folder."""

    files: Mapping[str, Mapping[str, int]]

    def total(self, folder: str = "") -> dict[str, int]:
        """The sums over all files, or over those of one folder."""
        counts = [file for name, file in self.files.items() if name.startswith(folder)]
        return {stage: sum(file[stage] for file in counts) for stage in counts[0]}

    def table(self) -> str:
        """A Markdown table, aligned for a terminal: a line for each file, the total, and its share of all jets."""
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


def _readable(counts: Iterable[int]) -> list[str]:
    return [f"{count:_}".replace("_", "\N{NARROW NO-BREAK SPACE}") for count in counts]
