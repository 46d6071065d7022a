"""The interface between a project and the engine: one `Project` object, which every step gets with its run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from .config import DataConfig, RunConfig, Section, load_config
from .errors import UserError
from .lazy import Hook, Lazy
from .paths import Paths
from .schema import Schema

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import nn

    from .dataset import Samples
    from .workers import Workers

__all__ = [
    "Ablation",
    "Command",
    "NoOptions",
    "Option",
    "Prepare",
    "Project",
    "Published",
    "ReportSection",
    "Run",
    "ValidationSection",
    "option",
]

HOOKS = ("prepare", "build", "plot", "loss", "optimiser")


@dataclass(frozen=True)
class Option:
    """An option or argument of a command: its names, and what argparse is told of it.

    Options of a command with the same word in `exclusive` exclude each other.
    """

    names: tuple[str, ...]
    settings: Mapping[str, Any]
    exclusive: str = ""


def option(*names: str, exclusive: str = "", **settings: Any) -> Option:
    """Make an option as argparse's `add_argument` takes it."""
    return Option(names, settings, exclusive)


@dataclass(frozen=True)
class Command:
    """A subcommand: `function` is called with what it `takes`, and with each option under its own name.

    It takes a "run" (a project with one profile; what it wrote is recorded, unless it is not to be `recorded`), the
    "project", or "nothing". `workers` adds the options that say who shares the work, as the argument `workers`:
    for "chunks" of data, or for "trainings". Functions are named as `package.module:function`.
    """

    name: str
    help: str
    function: str = ""
    options: tuple[Option, ...] = ()
    takes: Literal["run", "project", "nothing"] = "run"
    workers: Literal["", "chunks", "trainings"] = ""
    recorded: bool = True
    actions: "tuple[Command, ...]" = ()


@dataclass(frozen=True)
class ReportSection:
    """An extra section of the HTML report.

    `render(config, reports)` gets the run's configuration and its reports folder and returns an HTML fragment.
    """

    title: str
    command: str
    render: str


@dataclass(frozen=True)
class ValidationSection:
    """An extra section of the page on the data.

    `collector` is called with the provenance of the data set (how its rows were made). The collector that this gives
    sees every row once, in blocks, and then draws figures and judges what was seen (`validation.checks`).
    """

    title: str
    collector: str


@dataclass(frozen=True)
class Ablation:
    """A variant of the network for `make ablations`: `model` replaces keys of the `[model]` section."""

    label: str
    model: Mapping[str, Any]


@dataclass(frozen=True)
class Published:
    """Numbers of a publication for the table of a study: row -> column -> value, or value and error.

    Rows and columns have the names that the study gives them in its JSON file; fractions are fractions of one.
    """

    source: str
    rows: Mapping[str, Mapping[str, float | tuple[float, float]]]


class NoOptions(Section):
    """A section of the configuration without keys."""


class Prepare(Protocol):
    """The data step of a project."""

    def __call__(self, config: DataConfig, out: Path, *, raw: Path, source: str, workers: "Workers") -> None:
        """Write `train.h5`, `val.h5` and `test.h5` of the schema into `out`; tables on them may lie beside them.

        Downloads and intermediate results go into `raw`, which survives a kill and makes a rerun quick. The result
        depends on `config` and `source` alone, never on `workers`, who share the work.
        """


@dataclass(frozen=True, kw_only=True)
class Project:
    """All that the engine knows of a project; only `schema`, `prepare` and `build` are required.

    Functions are given by name, "package.module:function", and imported when they run; the name also tells which
    results depend on which module. A name that begins with a dot is relative to `package`. A function itself will do,
    but costs its import at each command.
    """

    schema: Schema
    """Inputs with their features, classes and spectators."""
    prepare: Hook[Prepare] = Hook()
    """Data step: write `train.h5`, `val.h5` and `test.h5`."""
    build: "Hook[Callable[[Any], nn.Module]]" = Hook()
    """`build(options)` makes an untrained network from the section `[model]`: `network(**inputs)` takes each input by
    its name, float32 (batch, slot, feature), and returns logits, float32 (batch, class)."""
    data_options: type[Section] = NoOptions
    """Keys of `[data.options]` in a profile; `prepare` gets them as `config.options`."""
    model_options: type[Section] = NoOptions
    """Keys of `[model]` in a profile; `build` gets them."""
    plot: "Hook[Callable[[Samples, Figure], None] | None]" = Hook(None)
    """`plot(row, figure)` draws one row, samples of length 1, into an empty figure."""
    loss: "Hook[Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]" = Hook(
        "fairmodel.training.optimise:cross_entropy"
    )
    """`loss(logits, labels)` is the sum of the loss over a batch, a scalar: logits are float32 (row, class), labels
    int64 (row,)."""
    optimiser: "Hook[Callable[[nn.Module, Any], torch.optim.Optimizer]]" = Hook(
        "fairmodel.training.optimise:make_optimiser"
    )
    """`optimiser(network, options)` makes the optimiser from the section `[training]`."""
    handlers: Mapping[str, str] = field(default_factory=dict)
    """Functions that propagate relevance through layers of one's own, by the name of the layer's class."""
    readers: Mapping[str, str] = field(default_factory=dict)
    """Readers of files other than HDF5 for `predict`, by suffix, such as `.root`."""
    ablations: Mapping[str, Ablation] = field(default_factory=dict)
    """Variants of the network for `make ablations`, by name."""
    published: Mapping[str, Published] = field(default_factory=dict)
    """Numbers of a publication for the tables of the studies, by the name of the study."""
    studies: tuple[Command, ...] = ()
    """Commands that only this project has."""
    report: tuple[ReportSection, ...] = ()
    """Sections of one's own in the HTML report."""
    validation: tuple[ValidationSection, ...] = ()
    """Sections of one's own on the page about the data."""
    package: str = ""
    """The project's package, `__package__` in project.py; by default that of `build`."""

    def __post_init__(self) -> None:
        schema: Any = self.schema
        if not isinstance(schema, Schema):
            message = f"Project(schema=…) is {schema!r}; give it the Schema of the data"
            raise UserError(message)
        for name in HOOKS:
            function = getattr(self, name)
            if not callable(function) and not (function is None and name == "plot"):
                message = f"Project({name}=…) is {function!r}; give it a function, or its name package.module:function"
                raise UserError(message)
        if not self.package:
            module = self.build.module if isinstance(self.build, Lazy) else self.build.__module__
            self._set("package", module.partition(".")[0])
        self._resolve()

    def _resolve(self) -> None:
        """Make every relative name absolute: ".data:prepare" is in the package of the project."""
        for name in HOOKS:
            if isinstance(function := getattr(self, name), Lazy):
                self._set(name, self._absolute(function.name))
        for name in ("handlers", "readers"):
            functions = getattr(self, name)
            self._set(name, {key: self._absolute(function) for key, function in functions.items()})
        self._set("studies", tuple(replace(item, function=self._absolute(item.function)) for item in self.studies))
        self._set("report", tuple(replace(item, render=self._absolute(item.render)) for item in self.report))
        sections = (replace(item, collector=self._absolute(item.collector)) for item in self.validation)
        self._set("validation", tuple(sections))

    def _absolute(self, name: str) -> str:
        return f"{self.package}{name}" if name.startswith(".") else name

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def check(self) -> None:
        """Refuse names that lead nowhere, before anything runs. Raises UserError."""
        for name in HOOKS:
            if isinstance(function := getattr(self, name), Lazy):
                function.check(f"Project({name}=…)")
        named = {
            "handlers": list(self.handlers.values()),
            "readers": list(self.readers.values()),
            "studies": [command.function for command in self.studies],
            "report": [section.render for section in self.report],
            "validation": [section.collector for section in self.validation],
        }
        for name, functions in named.items():
            for function in functions:
                Lazy(function).check(f"a function in Project({name}=…)")


@dataclass(frozen=True)
class Run:
    """One profile of a project: what a step works on."""

    project: Project
    config: RunConfig
    paths: Paths

    @classmethod
    def of(cls, project: Project, root: Path, profile: str) -> "Run":
        """Read and validate a profile of the project in the folder `root`."""
        paths = Paths.of_project(root.resolve(), profile)
        config = load_config(paths.config, project.data_options, project.model_options, project.schema)
        return cls(project, config, paths)
