"""The generator's event record as flat arrays, free of the generator's own types."""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns

__all__ = ["EventRecord", "Particles"]


@dataclass(frozen=True)
class EventRecord:
    """Particles of several events, one after the other.

    event: number of the event, sorted; pid: PDG code; final: leaves the event; mother, daughter: index *in these
    arrays* of the first mother and the first daughter (the event's first entry where there is none);
    momentum: (particle, 4) GeV; vertex: (particle, 3) place of production, cm; weight: (event,) generator weight.
    """

    event: np.ndarray
    pid: np.ndarray
    final: np.ndarray
    mother: np.ndarray
    daughter: np.ndarray
    momentum: np.ndarray
    vertex: np.ndarray
    weight: np.ndarray

    @property
    def events(self) -> int:
        """Number of events."""
        return len(self.weight)


@dataclass(frozen=True)
class Particles(Columns):
    """Particles that reach the detector, each (particle, ...).

    event: number of the bunch crossing; interaction: which of its collisions they come from, 0 for the hard one;
    pid: PDG code; momentum: (particle, 4) GeV; vertex: (particle, 3) place of production, cm.
    """

    event: np.ndarray
    interaction: np.ndarray
    pid: np.ndarray
    momentum: np.ndarray
    vertex: np.ndarray
