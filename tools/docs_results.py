"""Tables and figures of the reference's studies in its documentation: each is what a command wrote.

Takes what lies in `reference_hbb_in/reports/<profile>`, says which command and commit made it, writes it between the
markers of its page and copies its figure beside the page. A study that was not run keeps what the page shows.
"""

import argparse
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from markers import replace_marked

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "reference_hbb_in"
PAGES = REFERENCE / "docs" / "project"
FIGURES = PAGES / "figures"


@dataclass(frozen=True)
class Result:
    """A table (`.md`) and its figure (`.png`) in the reports of a profile, and where they are shown."""

    page: str
    name: str
    file: str
    command: str
    caption: str

    def update(self, profile: str) -> bool:
        """Show the last run; returns whether there was one."""
        table = REFERENCE / "reports" / profile / f"{self.file}.md"
        if not table.exists():
            return False
        figure = table.with_suffix(".png")
        FIGURES.mkdir(exist_ok=True)
        shutil.copyfile(figure, FIGURES / f"{self.name}.png")
        run = json.loads((REFERENCE / "models" / profile / "run.json").read_text(encoding="utf-8"))
        lines = (
            "",
            f"`{self.command}`, profile `{profile}`, {run['hardware']['processor']}:",
            "",
            table.read_text(encoding="utf-8").strip(),
            "",
            f"![{self.caption}](figures/{self.name}.png)",
            "",
            "",
        )
        replace_marked(PAGES / self.page, self.name, "\n".join(lines))
        return True


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
            print(f"{result.name}: {'docs/project/' + result.page if done else f'not run; {result.command}'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
