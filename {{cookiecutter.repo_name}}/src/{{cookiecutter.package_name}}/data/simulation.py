"""A toy of jet substructure: one collimated shower of particles, or two that share the momentum."""

import numpy as np
from fairmodel.dataset import Samples

from .features import PARTICLES
from .options import DataOptions

__all__ = ["simulate"]

SHOWER_WIDTH = 0.12


def simulate(events: np.ndarray, options: DataOptions, seed: int) -> Samples:
    """Two jets of random class for each of the given event numbers, the same whatever other events are asked for.

    A prong's particles share its momentum as a flat Dirichlet distribution and scatter around it as a Gaussian of
    width `SHOWER_WIDTH`; a two-prong jet splits its momentum between 0.2 and 0.8.
    """
    parts = [_jets(int(event), options, np.random.default_rng([seed, int(event)])) for event in events]
    return Samples.concatenate(parts)


def _jets(event: int, options: DataOptions, random: np.random.Generator) -> Samples:
    label = random.integers(2, size=2)
    pt = 300 * random.pareto(4, size=2) + 300
    jets = [_particles(bool(kind), options, random) for kind in label]
    inputs = np.zeros((2, PARTICLES.slots, len(PARTICLES.features)), dtype=np.float32)
    for jet, particles in zip(inputs, jets, strict=True):
        jet[: len(particles)] = particles
    mass = pt * np.array([_mass_over_pt(particles) for particles in jets])
    return Samples(
        inputs={PARTICLES.name: inputs},
        counts={PARTICLES.name: np.array([len(particles) for particles in jets], dtype=np.uint16)},
        labels=label,
        weights=np.ones(2, dtype=np.float32),
        spectators={"jet_pt": pt.astype(np.float32), "jet_mass": mass.astype(np.float32)},
        event=np.full(2, event, dtype=np.int64),
    )


def _particles(two_prongs: bool, options: DataOptions, random: np.random.Generator) -> np.ndarray:
    """Features of one jet's particles, (particle, feature), hardest first."""
    number = int(np.clip(random.poisson(options.mean_particles), 2, PARTICLES.slots))
    share, angle = random.uniform(0.2, 0.8), random.uniform(0, 2 * np.pi)
    second = two_prongs & (np.arange(number) % 2 == 1)
    ptrel = random.dirichlet(np.ones(number))
    if two_prongs:
        ptrel *= np.where(second, 1 - share, share) / np.where(second, ptrel[second].sum(), ptrel[~second].sum())
        distance = np.where(second, -share, 1 - share) * options.prong_distance
    else:
        distance = np.zeros(number)
    center = distance[:, None] * np.array([np.cos(angle), np.sin(angle)])
    position = np.clip(center + random.normal(0, SHOWER_WIDTH, (number, 2)), -1.5, 1.5)
    charge = random.integers(-1, 2, size=number)
    features = np.column_stack([ptrel, position, np.hypot(*position.T), charge])
    return features[np.argsort(-ptrel, kind="stable")]


def _mass_over_pt(particles: np.ndarray) -> float:
    """Invariant mass of massless particles over the jet's transverse momentum, at zero jet rapidity."""
    ptrel, eta, phi = particles[:, 0], particles[:, 1], particles[:, 2]
    energy, along = (ptrel * np.cosh(eta)).sum(), (ptrel * np.sinh(eta)).sum()
    across = np.hypot((ptrel * np.cos(phi)).sum(), (ptrel * np.sin(phi)).sum())
    return float(np.sqrt(max(energy**2 - along**2 - across**2, 0.0)))
