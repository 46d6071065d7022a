"""The parts of `explain`: each asks one question about the trained network and writes down what it found.

A part is a function from a `Context` to `Findings`; `explain.py` runs the parts and writes their files. A new part
needs a line in `PARTS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files import read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from ..config import RunConfig
    from ..dataset import Samples
    from ..interface import Project, Run
    from ..paths import Paths
    from ..present.tables import Table
    from ..settings.interpretation import InterpretationConfig

__all__ = ["PARTS", "Context", "Drawing", "Findings", "Part", "part_named"]


@dataclass(frozen=True)
class Context:
    """What a part may look at: the run, the network in evaluation mode, and rows of the test split.

    The network is on the device of `[training] device`. Every class is among the `samples`. `checksums` are those of
    the weights and of the test split, by path.
    """

    run: "Run"
    network: "nn.Module"
    samples: "Samples"
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def project(self) -> "Project":
        """The project of the run."""
        return self.run.project

    @property
    def config(self) -> "RunConfig":
        """The profile of the run."""
        return self.run.config

    @property
    def paths(self) -> "Paths":
        """The files of the run."""
        return self.run.paths

    @property
    def options(self) -> "InterpretationConfig":
        """The section `[interpretation]`."""
        return self.config.interpretation

    def findings(self, part: str) -> dict[str, Any]:
        """What another part wrote into its JSON file; that part must be among those that this one `needs`."""
        content: dict[str, Any] = read_json(self.paths.interpretation / f"{part}.json")
        return content


@dataclass(frozen=True)
class Drawing:
    """A figure: how to draw it, its title and a sentence on how to read it.

    Its files are `<part>_<name>.png` and `.pdf`, or `<part>.png` and `.pdf` if it has no name. A `wide` one takes the
    width of the report.
    """

    title: str
    text: str
    draw: "Callable[[], Figure]"
    name: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Findings:
    """What a part found: tables, the first of which is the main one, figures, sentences, and what else to keep."""

    tables: "Sequence[Table]" = ()
    drawings: Sequence[Drawing] = ()
    paragraphs: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """One part: its name, which is that of its files, its title, and its function.

    `function` is named as package.module:function; `needs` are parts whose files it reads, and `reads` is a pattern of
    other files that it reads, relative to the folder of the model.
    """

    name: str
    title: str
    function: str
    needs: tuple[str, ...] = ()
    reads: str = ""


TRAININGS = "trials/seeds/*/weights.safetensors"

PARTS: tuple[Part, ...] = (
    Part("permutation", "What each feature is worth", "fairmodel.interpret.masking.studies:explain_permutation"),
    Part(
        "masking",
        "Features masked one by one",
        "fairmodel.interpret.masking.studies:explain_features",
        needs=("permutation",),
    ),
    Part(
        "thresholds",
        "Features masked together",
        "fairmodel.interpret.masking.studies:explain_thresholds",
        needs=("masking",),
    ),
    Part("ranks", "Objects masked by rank", "fairmodel.interpret.masking.studies:explain_ranks"),
    Part("activity", "Which nodes are active", "fairmodel.interpret.activity:explain_activity"),
    Part(
        "relevance",
        "Relevance by class",
        "fairmodel.interpret.by_class.relevance_by_class:explain_relevance",
        reads=TRAININGS,
    ),
    Part(
        "attributions",
        "What methods of attribution say",
        "fairmodel.interpret.verdicts.attributions:explain_attributions",
    ),
    Part(
        "removal",
        "Features removed in their order",
        "fairmodel.interpret.verdicts.removal:explain_removal",
        needs=("attributions",),
    ),
    Part(
        "randomisation",
        "Attributions of networks that forget",
        "fairmodel.interpret.verdicts.randomisation:explain_randomisation",
    ),
    Part(
        "retrainings",
        "Attributions of other trainings",
        "fairmodel.interpret.verdicts.retrainings:explain_retrainings",
        reads=TRAININGS,
    ),
    Part(
        "correlations",
        "Features that correlate",
        "fairmodel.interpret.verdicts.correlations:explain_correlations",
        needs=("attributions",),
    ),
    Part(
        "verdict",
        "The verdict",
        "fairmodel.interpret.verdicts.verdict:explain_verdict",
        needs=("permutation", "attributions", "removal", "randomisation", "retrainings", "correlations"),
    ),
)


def part_named(name: str) -> Part:
    """The part of this name."""
    return next(part for part in PARTS if part.name == name)
