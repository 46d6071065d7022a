"""Numbers of several kinds, counted as they come: distributions, medians, shares."""

import numpy as np
from fairmodel.validation.statistics import CELLS, cell_of, cell_values, histogram, quantiles

__all__ = ["Tally"]

CORE = (0.25, 0.75)
GAUSSIAN_CORE = 0.67449  # half the distance of these quantiles of a unit Gaussian


class Tally:
    """Counts of numbers in cells 0.8 % wide, for each of several kinds."""

    def __init__(self, kinds: int) -> None:
        self.counts = np.zeros((kinds, CELLS), dtype=np.int64)

    def add(self, kind: int, values: np.ndarray) -> None:
        """Count in some finite values."""
        self.counts[kind] += np.bincount(cell_of(values.astype(np.float32)), minlength=CELLS)

    def number(self, kind: int) -> int:
        """How many values were counted."""
        return int(self.counts[kind].sum())

    def density(self, kind: int, edges: np.ndarray) -> np.ndarray:
        """Share of the values between the edges, per unit, (edge - 1,)."""
        density: np.ndarray = histogram(self.counts[kind], edges) / max(self.number(kind), 1) / np.diff(edges)
        return density

    def median(self, kind: int) -> tuple[float, float]:
        """The median and its statistical error."""
        step = 0.5 / np.sqrt(max(self.number(kind), 1))
        low, middle, high = quantiles(self.counts[kind], (max(0.5 - step, 0.0), 0.5, min(0.5 + step, 1.0)))
        return float(middle), float(high - low) / 2

    def mean(self, kind: int) -> tuple[float, float]:
        """The mean and its statistical error."""
        counts, total = self.counts[kind], max(self.number(kind), 1)
        mean = float(counts @ cell_values()) / total
        spread = float(counts @ np.square(cell_values() - mean)) / total
        return mean, float(np.sqrt(spread / total))

    def core_width(self, kind: int) -> tuple[float, float]:
        """Width of the Gaussian with the same quartiles, which tails hardly move, and its statistical error."""
        low, high = quantiles(self.counts[kind], CORE)
        width = (high - low) / 2 / GAUSSIAN_CORE
        # variance of the distance of the quartiles of a Gaussian, in units of width^2 / number
        return float(width), float(1.17 * width / np.sqrt(max(self.number(kind), 1)))

    def share(self, kind: int, low: float, high: float) -> tuple[float, float]:
        """Share of the values from `low` to `high`, both included, and its statistical error."""
        values, total = cell_values(), max(self.number(kind), 1)
        inside = float(self.counts[kind][(values >= low) & (values <= high)].sum()) / total
        return inside, float(np.sqrt(inside * (1 - inside) / total))
