"""Pile-up: minimum-bias collisions laid over a hard one.

Fresh collisions for every bunch crossing would cost more than all the rest, so they are drawn from a pool. None is used
twice in one bunch crossing; each use turns it by another azimuth, mirrors it along the beam or not, and puts it at
another place, so that two uses share no more than the kinds, momenta and relative directions of their particles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .detector import visible_particles
from .record import EventRecord, Particles

__all__ = ["LUMINOUS_REGION", "Pileup"]

# width in x, y, z, cm, of the region where the beams cross: that of the CMS simulation for 2016 (parameters
# Realistic25ns13TeV2016Collision of CMSSW: sigma_z = 3.65 cm; the emittance and beta* give the transverse width)
LUMINOUS_REGION = np.array([0.0010, 0.0010, 3.65])


@dataclass(frozen=True)
class Pileup:
    """A pool of minimum-bias collisions, one after the other, and the mean number of them in a bunch crossing."""

    pool: Particles
    collisions: int
    mean: float

    @classmethod
    def of_records(cls, records: Iterable[EventRecord], mean: float) -> "Pileup":
        """Put the visible particles of generated collisions into the pool."""
        parts, collisions = [], 0
        for record in records:
            particles = visible_particles(record)
            parts.append(replace(particles, event=particles.event + collisions))
            collisions += record.events
        return cls(Particles.concatenate(parts), collisions, mean)

    def overlay(self, hard: Particles, events: int, generator: np.random.Generator) -> Particles:
        """The particles of `events` bunch crossings: those of the hard collisions, then those of pile-up.

        The number of pile-up collisions follows a Poisson distribution. Places stay relative to the hard collision.
        """
        number = np.minimum(generator.poisson(self.mean, events), self.collisions)
        chosen = [generator.choice(self.collisions, size, replace=False) for size in number]
        crossing = np.repeat(np.arange(events), number)
        interaction = np.concatenate([1 + np.arange(size) for size in number])
        place = generator.normal(0, LUMINOUS_REGION, (events, 3))
        shift = generator.normal(0, LUMINOUS_REGION, (len(crossing), 3)) - place[crossing]
        turn = _random_turns(len(crossing), generator)
        use, particles = self._particles(np.concatenate(chosen))
        pileup = Particles(
            event=crossing[use],
            interaction=interaction[use],
            pid=particles.pid,
            momentum=_turned(particles.momentum, turn[use]),
            vertex=_turned(particles.vertex, turn[use]) + shift[use],
        )
        return Particles.concatenate([hard, pileup])

    def _particles(self, collisions: np.ndarray) -> tuple[np.ndarray, Particles]:
        """The particles of the given collisions, and for each the position of its collision among those."""
        start, stop = (np.searchsorted(self.pool.event, collisions, side=side) for side in ("left", "right"))
        use = np.repeat(np.arange(len(collisions)), stop - start)
        rank = np.arange(len(use)) - np.searchsorted(use, use)
        return use, self.pool.take(start[use] + rank)


def _random_turns(number: int, generator: np.random.Generator) -> np.ndarray:
    """Rotations about the beam, half of them with a reflection along it, (number, 3, 3)."""
    angle = generator.uniform(0, 2 * np.pi, number)
    turn = np.zeros((number, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 1, 0] = np.sin(angle)
    turn[:, 0, 1] = -turn[:, 1, 0]
    turn[:, 2, 2] = generator.choice([-1.0, 1.0], number)
    return turn


def _turned(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Vectors (particle, >= 3), whose first three components are turned."""
    turned: np.ndarray = vectors.copy()
    turned[:, :3] = np.einsum("pij,pj->pi", turn, vectors[:, :3])
    return turned
