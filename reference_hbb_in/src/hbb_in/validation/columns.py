"""The columns of some jets as the validation asks for them, and numbers counted as they come."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fairmodel import Input, Samples
from fairmodel.validation.statistics import CELLS, cell_of, cell_values, histogram, quantiles

from ..data.features import TRACKS, VERTICES

__all__ = ["BOTTOM", "CHARM", "LIGHT", "JetColumns", "Tally"]

LIGHT, CHARM, BOTTOM = range(3)
CORE = (0.25, 0.75)
GAUSSIAN_CORE = 0.67449  # half the distance of these quantiles of a unit Gaussian


@dataclass(frozen=True)
class JetColumns:
    """Features of all real objects of some jets, float64, and the jet of each."""

    samples: Samples

    @cached_property
    def real_tracks(self) -> np.ndarray:
        """True for slots that hold a track: bool (jet, slot)."""
        return _real(self.samples, TRACKS)

    @cached_property
    def jet_of_track(self) -> np.ndarray:
        """Index of the jet of each track, (track,)."""
        jet: np.ndarray = np.nonzero(self.real_tracks)[0]
        return jet

    @cached_property
    def jet_of_vertex(self) -> np.ndarray:
        """Index of the jet of each vertex, (vertex,)."""
        jet: np.ndarray = np.nonzero(_real(self.samples, VERTICES))[0]
        return jet

    def track(self, name: str) -> np.ndarray:
        """A feature of every track, (track,)."""
        values: np.ndarray = _column(self.samples, TRACKS, name)[self.real_tracks].astype(np.float64)
        return values

    def vertex(self, name: str) -> np.ndarray:
        """A feature of every vertex, (vertex,)."""
        values: np.ndarray = _column(self.samples, VERTICES, name)[_real(self.samples, VERTICES)].astype(np.float64)
        return values

    def jet(self, name: str) -> np.ndarray:
        """A number of every jet, (jet,)."""
        return self.samples.spectators[name].astype(np.float64)

    @property
    def track_pt(self) -> np.ndarray:
        """Transverse momentum of every track, GeV."""
        pt: np.ndarray = self.track("track_ptrel") * self.jet("fj_pt")[self.jet_of_track]
        return pt

    @property
    def track_eta(self) -> np.ndarray:
        """Pseudorapidity of every track; the feature is signed by that of the jet."""
        of_jet = self.jet("fj_eta")[self.jet_of_track]
        eta: np.ndarray = of_jet + np.where(of_jet > 0, 1, -1) * self.track("track_etarel")
        return eta

    @property
    def flavour(self) -> np.ndarray:
        """Flavour of the heaviest hadron in each jet, (jet,): light, charm or bottom."""
        charm = np.where(self.jet("fj_ncHadrons") > 0, CHARM, LIGHT)
        return np.where(self.jet("fj_nbHadrons") > 0, BOTTOM, charm)


class Tally:
    """Counts of numbers in cells 0.8 % wide, for each of several kinds."""

    def __init__(self, kinds: int) -> None:
        self.counts = np.zeros((kinds, CELLS), dtype=np.int64)

    def add(self, kind: int, values: np.ndarray) -> None:
        """Count in some finite values."""
        self.counts[kind] += np.bincount(cell_of(values.astype(np.float32)), minlength=CELLS)

    def number(self, kind: int) -> int:
        """Number of values."""
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


def _real(samples: Samples, item: Input) -> np.ndarray:
    real: np.ndarray = np.arange(item.slots) < samples.counts[item.name][:, np.newaxis]
    return real


def _column(samples: Samples, item: Input, name: str) -> np.ndarray:
    return samples.inputs[item.name][..., item.feature_names.index(name)]
