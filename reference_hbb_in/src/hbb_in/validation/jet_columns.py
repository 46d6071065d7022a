"""The columns of some jets as the validation asks for them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fairmodel.dataset import Samples
from fairmodel.schema import Input

from ..data.features import TRACKS, VERTICES

__all__ = ["BOTTOM", "CHARM", "LIGHT", "JetColumns"]

LIGHT, CHARM, BOTTOM = range(3)


@dataclass(frozen=True)
class JetColumns:
    """Features of all real objects of some jets, float64, and the jet of each."""

    samples: Samples

    @cached_property
    def real_tracks(self) -> np.ndarray:
        """Which slots hold a track, bool (jet, slot)."""
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
        """Heaviest hadron in each jet, (jet,): light, charm or bottom."""
        charm = np.where(self.jet("fj_ncHadrons") > 0, CHARM, LIGHT)
        return np.where(self.jet("fj_nbHadrons") > 0, BOTTOM, charm)


def _real(samples: Samples, item: Input) -> np.ndarray:
    real: np.ndarray = np.arange(item.slots) < samples.counts[item.name][:, np.newaxis]
    return real


def _column(samples: Samples, item: Input, name: str) -> np.ndarray:
    return samples.inputs[item.name][..., item.feature_names.index(name)]
