"""Batches of a data set: shuffled without reading it whole, reproducible from (seed, epoch)."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch

from ..dataset import Dataset, Samples

__all__ = ["Rows", "as_tensors", "micro_batches"]

BLOCK_ROWS = 1024


class Rows:
    """The rows of a data set for a training, of which at most about `limit` are in memory at a time.

    A data set that has no more is read once and kept: to read is to decompress, and every epoch needs all rows.
    """

    def __init__(self, dataset: Dataset, limit: int) -> None:
        self.dataset, self.limit = dataset, limit

    def __len__(self) -> int:
        return len(self.dataset)

    def in_order(self, size: int) -> Iterator[Samples]:
        """All rows in the order of the file, at most `size` at a time."""
        for block in range(self._n_blocks):
            rows = slice(block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS)
            part = self.dataset.read(rows.start, rows.stop) if self._kept is None else self._kept.take(rows)
            for start in range(0, len(part), size):
                yield part.take(slice(start, start + size))

    def shuffled(self, size: int, *, seed: int, epoch: int) -> Iterator[Samples]:
        """All rows once, in random batches of `size` (the last one may be smaller).

        Blocks of consecutive rows are drawn at random into a pool of at most about `limit` rows, of which the batches
        are drawn row by row: a full shuffle where the data set fits into the pool.
        """
        random = np.random.default_rng([seed, epoch])
        waiting: list[Samples] = []
        for pool in self._pools(random):
            order = random.permutation(len(pool))
            start, stop = 0, size - sum(map(len, waiting))
            while stop <= len(order):
                yield Samples.concatenate([*waiting, pool.take(order[start:stop])])
                waiting, start, stop = [], stop, stop + size
            waiting.append(pool.take(order[start:]))
            del pool  # before the next one is read, so that there are never two
        if any(map(len, waiting)):
            yield Samples.concatenate(waiting)

    @property
    def _n_blocks(self) -> int:
        return -(-len(self) // BLOCK_ROWS)

    @cached_property
    def _kept(self) -> Samples | None:
        return self._read(np.arange(self._n_blocks)) if len(self) <= self.limit else None

    def _pools(self, random: np.random.Generator) -> Iterator[Samples]:
        blocks = random.permutation(self._n_blocks)
        if self._kept is not None:
            yield self._kept
            return
        per_pool = max(1, self.limit // BLOCK_ROWS)
        for first in range(0, len(blocks), per_pool):
            yield self._read(np.sort(blocks[first : first + per_pool]))

    def _read(self, blocks: np.ndarray) -> Samples:
        """The rows of some blocks; besides them, no more than one block is in memory."""
        starts = blocks * BLOCK_ROWS
        sizes = np.minimum(starts + BLOCK_ROWS, len(self)) - starts
        pool = self.dataset.read(0, 1).take(np.zeros(sizes.sum(), np.intp))
        for start, size, place in zip(starts, sizes, np.cumsum(sizes) - sizes, strict=True):
            block = self.dataset.read(int(start), int(start + size))
            for name, array in pool.columns().items():
                array[place : place + size] = block.columns()[name]
        return pool


def micro_batches(batch: Samples, size: int, *, rank: int = 0, processes: int = 1) -> Iterator[Samples]:
    """The rows of a batch, ordered by their number of objects, `size` at a time.

    Rows with like numbers of objects come together, so a network that cuts its inputs to the longest row wastes little.
    Of several `processes`, each gets every n-th row, so that all have the same work.
    """
    numbers = sum(counts.astype(np.int64) for counts in batch.counts.values())
    order = np.argsort(numbers, kind="stable")[rank::processes]
    for start in range(0, len(order), size):
        yield batch.take(order[start : start + size])


def as_tensors(samples: Samples, device: torch.device | None = None) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Inputs by name, float32 (row, slot, feature), and labels, int64 (row,), on a device (default: the CPU)."""
    inputs = {name: torch.from_numpy(array).to(device=device) for name, array in samples.inputs.items()}
    return inputs, torch.from_numpy(samples.labels).to(device=device)
