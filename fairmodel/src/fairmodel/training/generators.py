"""Random numbers of a training: they depend on its seed and on the number of the step, and on nothing before."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["own_random_numbers", "seed_generators"]


@contextmanager
def own_random_numbers(device: torch.device) -> Iterator[None]:
    """Give torch's generators, that of the device included, back unchanged at the end of the block."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def seed_generators(*key: int) -> None:
    """Seed torch's generators with some numbers.

    Seeded anew for every step, a training that is resumed between two of them draws what it would have drawn.
    """
    torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
