"""The project's own commands; their modules are imported when they run."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fairmodel.commands.common import add_profile, add_workers
from fairmodel.interface import Study

if TYPE_CHECKING:
    from fairmodel.interface import Project

__all__ = ["STUDIES"]

Command = Callable[[argparse.Namespace], None]


def _load_benchmark() -> Command:
    from .benchmarks.network.command import run

    return run


def _benchmark_arguments(parser: argparse.ArgumentParser) -> None:
    add_profile(parser)
    parser.add_argument("--rounds", type=int, default=9, help="runs of each form, in turns (default: %(default)s)")


def _load_benchmark_data() -> Command:
    from . import project
    from fairmodel.commands.common import as_action
    from .benchmarks.data.command import benchmark_data

    return as_action(benchmark_data, cast("Project", project))


def _benchmark_data_arguments(parser: argparse.ArgumentParser) -> None:
    add_profile(parser)
    parser.add_argument(
        "--root", type=Path, required=True, metavar="FOLDER", help="ROOT files in train/ and test/ there are read"
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of each way, in turns (default: %(default)s)")


def _load_benchmark_relevance() -> Command:
    from .benchmarks.relevance.command import run

    return run


def _benchmark_relevance_arguments(parser: argparse.ArgumentParser) -> None:
    add_profile(parser)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each form, in turns (default: %(default)s)")
    parser.add_argument("--jets", type=int, default=512, help="jets of the test sample (default: %(default)s)")


def _load_explain_paper() -> Command:
    from . import project
    from fairmodel.commands.common import as_action
    from .interpretation.command import explain_paper

    return as_action(explain_paper, cast("Project", project))


def _load_notebook_sample() -> Command:
    from . import project
    from fairmodel.commands.common import as_action
    from .interpretation.notebook_sample import notebook_sample

    return as_action(notebook_sample, cast("Project", project))


def _load_simulate() -> Command:
    from . import project
    from fairmodel.commands.common import as_action
    from .data.simulate import simulate

    return as_action(simulate, cast("Project", project))


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    add_profile(parser)
    add_workers(parser)
    parser.add_argument(
        "--root", type=Path, required=True, metavar="FOLDER", help="write ROOT files into train/ and test/ there"
    )
    parser.add_argument(
        "--jets-per-file", type=int, default=20_000, metavar="N", help="jets in one file (default: %(default)s)"
    )


STUDIES: Mapping[str, Study] = {
    "benchmark": Study(
        "measure the network's speed beside the textbook form and the floor of the arithmetic",
        _load_benchmark,
        _benchmark_arguments,
    ),
    "benchmark-data": Study(
        "measure how fast CMS ntuples are converted, beside the plain way and bare reading",
        _load_benchmark_data,
        _benchmark_data_arguments,
    ),
    "benchmark-relevance": Study(
        "measure the speed of relevance propagation beside the textbook form",
        _load_benchmark_relevance,
        _benchmark_relevance_arguments,
    ),
    "explain-paper": Study(
        "make the tables and figures of arXiv:2212.05081 on the network, with the published numbers beside",
        _load_explain_paper,
        add_profile,
    ),
    "notebook-sample": Study(
        "keep the network and a few test jets in docs/project, for the notebook that explains one of them",
        _load_notebook_sample,
        add_profile,
    ),
    "simulate": Study(
        "simulate jets and write them as ROOT files in the format of the CMS open data",
        _load_simulate,
        _simulate_arguments,
    ),
}
