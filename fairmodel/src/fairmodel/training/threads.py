"""How many threads PyTorch computes with.

Small networks are quickest with one: threads that wait for each other cost more than they bring, very much so on a
machine that does other work as well. Sums over another number of threads also round differently.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["threads"]


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Compute with `number` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
