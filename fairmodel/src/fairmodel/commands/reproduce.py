"""The commands of the reproducibility studies."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from .common import Step, add_command, add_profile, add_workers, as_action, workers_of
from .data import add_source

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths
    from ..workers import Workers

__all__ = ["add_reproduction"]


def add_reproduction(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add a command for each study."""
    for name, (step, text) in STUDIES.items():
        command = add_command(commands, name, text)
        add_profile(command)
        if step is _compare:
            command.add_argument("a", metavar="A", help="a profile, or the folder of a model")
            command.add_argument("b", metavar="B", help="another one, evaluated on the same test rows")
        else:
            add_workers(command)
        if step is _splits:
            add_source(command)
        command.set_defaults(run=as_action(step, project))


def _seeds(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..reproduce.seeds import reproduce_seeds

    reproduce_seeds(project, config, paths, _workers(config, paths, arguments))


def _splits(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..reproduce.splits import reproduce_splits

    reproduce_splits(project, config, paths, _workers(config, paths, arguments), arguments.source)


def _ablations(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..reproduce.ablations import run_ablations

    run_ablations(project, config, paths, _workers(config, paths, arguments))


def _learning_curve(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..reproduce.learning_curve import learning_curve

    learning_curve(project, config, paths, _workers(config, paths, arguments))


def _compare(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..reproduce.compare import compare

    compare(project, config, paths, arguments.a, arguments.b)


def _workers(config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> "Workers":
    """As many trainings at a time as the cores allow, or one on a GPU, unless the options say otherwise."""
    from ..reproduce.trials import trials_folder
    from ..training.device import find_device

    workers = workers_of(arguments, trials_folder(paths))
    on_cpu = find_device(config.training.device).type == "cpu"
    fitting = max(1, workers.processes // config.training.threads) if on_cpu else 1
    return replace(workers, processes=fitting) if arguments.workers is None else workers


STUDIES: dict[str, tuple[Step, str]] = {
    "reproduce-seeds": (_seeds, "train with several seeds: mean, spread, and whether a reference value is in reach"),
    "reproduce-splits": (_splits, "train on the same data split in other ways"),
    "ablations": (_ablations, "train the variants of the network and compare them with the whole one"),
    "learning-curve": (_learning_curve, "train on parts of the rows: the AUC against their number"),
    "compare": (_compare, "compare two runs on the same test rows, with errors of a paired bootstrap"),
}
