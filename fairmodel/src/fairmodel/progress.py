"""Progress bars: one look everywhere, and few lines where the output is a log and not a terminal."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

__all__ = ["progress"]


def progress(items: Iterable[Any] | None, *, total: int, title: str, unit: str, shown: bool = True) -> "tqdm[Any]":
    """A bar on standard error over `items`, or one to `update(n)` by hand where `items` is None."""
    terminal = sys.stderr.isatty()
    return tqdm(
        items,
        total=total,
        desc=title,
        unit=f" {unit}",
        unit_scale=total > 10_000,
        ascii=not terminal,
        mininterval=0.2 if terminal else 20,
        file=sys.stderr,
        disable=not shown,
        dynamic_ncols=True,
    )
