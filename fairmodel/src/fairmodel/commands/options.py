"""Values of options, and the options that several commands have."""

import argparse
from pathlib import Path

from ..interface import Option, option

__all__ = ["FOLDER", "PROFILE", "SOURCE", "THREADS", "WORKERS", "numbers", "positive", "seconds"]


def positive(text: str) -> int:
    """A whole number above zero, as an argument."""
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        message = f"{text!r} is not a whole number above zero"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def seconds(text: str) -> float:
    """A time below an hour, as an argument."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 3600:
        message = f"{text!r} is not a number of seconds below an hour"
        raise argparse.ArgumentTypeError(message)
    return value


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers above zero with commas between them, as an argument."""
    return tuple(positive(part) for part in text.split(","))


FOLDER = option(
    "--project", dest="folder", type=Path, default=Path(), help="the project's folder (default: the current one)"
)
PROFILE = option("--profile", default="quick", help="which config/<profile>.toml to use (default: %(default)s)")
SOURCE = option("--source", choices=("simulation", "zenodo", "cern"), help="instead of [data] source")
THREADS = option("--threads", type=positive, default=1, metavar="N", help="CPU threads (default: %(default)s)")
WORKERS: tuple[Option, ...] = (
    option(
        "--workers",
        exclusive="workers",
        type=int,
        metavar="N",
        help="processes to use (default: all cores); never changes the result",
    ),
    option(
        "--scheduler",
        exclusive="workers",
        metavar="ADDRESS",
        help="use the dask cluster there, such as tcp://host:8786, instead",
    ),
)
