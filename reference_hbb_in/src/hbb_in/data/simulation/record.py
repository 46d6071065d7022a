"""The generator's event record as flat arrays, free of the generator's own types."""

from dataclasses import dataclass

import numpy as np

__all__ = ["EventRecord"]


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
