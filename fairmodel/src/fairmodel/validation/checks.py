"""What a check on the data says: a quantity that was seen, the range that is expected, and where that comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..dataset import Samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Collector", "DataCheck", "DataFigure", "DataFindings"]

ERRORS = 2  # a quantity within so many statistical errors of the range agrees with it


@dataclass(frozen=True)
class DataCheck:
    """A quantity, in `unit`, with its statistical error, and the range `low` to `high` that `source` lets one expect.

    `seen` is None where the data do not tell.
    """

    quantity: str
    unit: str
    low: float
    high: float
    source: str
    seen: float | None
    error: float = 0.0

    @property
    def deviation(self) -> float | None:
        """How far the quantity lies outside the range, in its unit; negative below, 0 inside, None if unknown."""
        if self.seen is None:
            return None
        return min(self.seen - self.low, 0.0) + max(self.seen - self.high, 0.0)

    @property
    def verdict(self) -> str:
        """In plain words: "agrees", "differs" or "not available"."""
        deviation = self.deviation
        if deviation is None:
            return "not available"
        return "agrees" if abs(deviation) <= ERRORS * self.error else "differs"


@dataclass(frozen=True)
class DataFigure:
    """A figure, the name of its file, and the sentence that explains it."""

    name: str
    caption: str
    figure: "Figure"


@dataclass(frozen=True)
class DataFindings:
    """What a section found: figures, checks, and remarks in plain text."""

    drawings: tuple[DataFigure, ...] = ()
    checks: tuple[DataCheck, ...] = ()
    remarks: tuple[str, ...] = ()


class Collector(Protocol):
    """What a section of the page does with the data: it sees every row once, a block at a time, and then concludes."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        """Start; `provenance` says how the rows were made."""

    def add(self, samples: Samples) -> None:
        """Take in a block of rows."""

    def finish(self) -> DataFindings:
        """Draw and judge."""
        ...
