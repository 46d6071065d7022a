"""Tables and figures of the reference's studies in its documentation: each is what a command wrote.

Takes what lies in `reference_hbb_in/reports/<profile>`, says which command and commit made it, writes it between the
markers of its page and copies its figure beside the page. A study that was not run keeps what the page shows.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from markers import replace_marked
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference_hbb_in"
PAGES = REFERENCE / "docs"
FIGURES = PAGES / "figures"


def write_small(figure: Path, copy: Path) -> None:
    """Copy a figure with 256 colours, which its page shows as well, in a third of the bytes."""
    with Image.open(figure) as image:
        small = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(copy, "PNG", optimize=True)


@dataclass(frozen=True)
class Result:
    """Tables (`.md`) and figures (`.png`) in the reports of a profile, and where they are shown.

    `figures` are those beside the tables, without their suffix: the one of the tables' name unless others are named.
    """

    page: str
    name: str
    file: str
    command: str
    caption: str
    figures: tuple[str, ...] | None = None
    with_tables: bool = True

    def update(self, profile: str) -> bool:
        """Show the last run; returns whether there was one."""
        table = REFERENCE / "reports" / profile / f"{self.file}.md"
        if not table.exists():
            return False
        FIGURES.mkdir(exist_ok=True)
        figures = (table.stem,) if self.figures is None else self.figures
        names = {figure: self.name if figure == table.stem else figure for figure in figures}
        names = {figure: name for figure, name in names.items() if table.with_name(f"{figure}.png").exists()}
        for figure, name in names.items():
            write_small(table.with_name(f"{figure}.png"), FIGURES / f"{name}.png")
        run = json.loads((REFERENCE / "models" / profile / "run.json").read_text(encoding="utf-8"))
        lines = (
            "",
            f"`{self.command}`, profile `{profile}`, {run['hardware']['processor']}:",
            "",
            *((_without_heading(table.read_text(encoding="utf-8")), "") if self.with_tables else ()),
            *(line for name in names.values() for line in (f"![{self.caption}](figures/{name}.png)", "")),
            "",
        )
        replace_marked(PAGES / self.page, self.name, "\n".join(lines))
        return True


def _without_heading(text: str) -> str:
    """The text of a file whose first line may be its title; the page has one of its own."""
    title, _, rest = text.partition("\n")
    return (rest if title.startswith("# ") else text).strip()


EXPLAIN = "make explain"
PAPER = "make explain-paper"
INTERPRETATION = "interpretation.md"
RUNTIMES = "runtimes.md"

RESULTS = (
    Result(
        "exact.md",
        "benchmark",
        "benchmark/benchmark",
        "python -m hbb_in benchmark",
        "Jets per CPU second against the size of the batch and against the number of tracks",
    ),
    Result(
        "reproduction.md",
        "seeds",
        "reproduction/seeds",
        "make reproduce-seeds",
        "Accuracy and AUC of trainings with other seeds",
    ),
    Result(
        "reproduction.md",
        "splits",
        "reproduction/splits",
        "make reproduce-splits",
        "Accuracy and AUC with the data split in other ways",
    ),
    Result(
        "reproduction.md",
        "ablations",
        "reproduction/ablations",
        "make ablations",
        "AUC, fidelity and sparsity of smaller networks",
    ),
    Result(
        "reproduction.md",
        "learning-curve",
        "reproduction/learning-curve",
        "make learning-curve",
        "AUC against the number of jets in the training",
    ),
    Result(INTERPRETATION, "verdict", "interpretation/verdict", EXPLAIN, "", figures=()),
    Result(
        INTERPRETATION,
        "masking",
        "interpretation/masking",
        EXPLAIN,
        "AUC and fidelity lost without each feature",
        figures=("masking_tracks", "masking_vertices"),
        with_tables=False,
    ),
    Result(
        INTERPRETATION,
        "activity",
        "interpretation/activity",
        EXPLAIN,
        "Relative activity of the nodes",
        figures=("activity_pattern", "activity_difference"),
    ),
    Result(
        INTERPRETATION,
        "relevance",
        "interpretation/relevance",
        EXPLAIN,
        "Mean relevance for each class",
        figures=("relevance_tracks", "relevance_vertices", "relevance_tracks_ranks"),
        with_tables=False,
    ),
    Result(
        INTERPRETATION,
        "paper-features",
        "interpretation/paper-features",
        PAPER,
        "AUC and fidelity lost with one feature set to zero, and the published numbers",
        figures=("paper-features_tracks", "paper-features_vertices"),
    ),
    Result(
        INTERPRETATION,
        "paper-thresholds",
        "interpretation/paper-thresholds",
        PAPER,
        "Features masked together, and the published numbers",
    ),
    Result(
        INTERPRETATION,
        "paper-tracks",
        "interpretation/paper-tracks",
        PAPER,
        "Tracks taken away, and the published numbers",
        with_tables=False,
    ),
    Result(
        INTERPRETATION,
        "paper-relevance",
        "interpretation/paper-relevance",
        PAPER,
        "Relevance of tracks and vertices, and the published numbers",
        figures=("paper-relevance_objects",),
        with_tables=False,
    ),
    Result(
        INTERPRETATION,
        "paper-correlations",
        "interpretation/paper-correlations",
        PAPER,
        "Features that mislead",
        figures=("paper-correlations_vertices", "paper-correlations_quality"),
    ),
    Result(
        INTERPRETATION,
        "paper-networks",
        "interpretation/paper-networks",
        PAPER,
        "Smaller networks",
        figures=("paper-networks", "paper-networks_h32-e16-o16", "paper-networks_h16-e8-o8"),
    ),
    Result(
        RUNTIMES,
        "portability",
        "portability/portability",
        "make portability",
        "Throughput of each runtime against the size of the batch",
    ),
    Result(RUNTIMES, "precision", "portability/precision", "make quantise", ""),
    Result(
        RUNTIMES,
        "load",
        "serving/load",
        "python -m hbb_in load-test",
        "Throughput and latency against the number of clients",
    ),
)


def main() -> int:
    """Update the pages; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="quick", help="whose results are shown (default: quick)")
    parser.add_argument("names", nargs="*", help=f"only some of: {', '.join(result.name for result in RESULTS)}")
    arguments = parser.parse_args()
    for result in RESULTS:
        if result.name in (arguments.names or [result.name]):
            done = result.update(arguments.profile)
            print(f"{result.name}: {'docs/' + result.page if done else f'not run; {result.command}'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
