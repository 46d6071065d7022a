"""The project's own commands; their modules are imported when they run."""

import argparse
from collections.abc import Callable, Mapping

from ..commands.common import add_profile
from ..interface import Study

__all__ = ["STUDIES"]

Command = Callable[[argparse.Namespace], None]


def _load_benchmark() -> Command:
    from .benchmark.command import run

    return run


def _benchmark_arguments(parser: argparse.ArgumentParser) -> None:
    add_profile(parser)
    parser.add_argument("--rounds", type=int, default=9, help="runs of each form, in turns (default: %(default)s)")


STUDIES: Mapping[str, Study] = {
    "benchmark": Study(
        "measure the network's speed beside the textbook form and the floor of the arithmetic",
        _load_benchmark,
        _benchmark_arguments,
    ),
}
