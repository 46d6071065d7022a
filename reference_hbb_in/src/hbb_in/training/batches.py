"""Batches of a data set on disk: shuffled without loading it whole, reproducible from (seed, epoch)."""

from collections.abc import Iterator

import numpy as np
import torch

from ..dataset import Dataset, Samples

__all__ = ["as_tensors", "micro_batches", "shuffled_batches"]

BLOCK_ROWS = 1024


def shuffled_batches(dataset: Dataset, size: int, *, seed: int, epoch: int, shuffle_rows: int) -> Iterator[Samples]:
    """All rows once, in random batches of `size` (the last one may be smaller).

    Blocks of consecutive rows are drawn at random and read in order into a pool of about `shuffle_rows` rows,
    which is then shuffled row by row: a full shuffle where the data set fits into the pool.
    """
    random = np.random.default_rng([seed, epoch])
    blocks = random.permutation(-(-len(dataset) // BLOCK_ROWS))
    per_pool = max(1, shuffle_rows // BLOCK_ROWS)
    rest: list[Samples] = []
    for first in range(0, len(blocks), per_pool):
        chosen = np.sort(blocks[first : first + per_pool])
        parts = [dataset.read(int(block) * BLOCK_ROWS, (int(block) + 1) * BLOCK_ROWS) for block in chosen]
        pool = Samples.concatenate(parts)
        pool = Samples.concatenate([*rest, pool.take(random.permutation(len(pool)))])
        whole = len(pool) // size * size if first + per_pool < len(blocks) else len(pool)
        for start in range(0, whole, size):
            yield pool.take(np.arange(start, min(start + size, whole)))
        rest = [pool.take(np.arange(whole, len(pool)))]


def micro_batches(batch: Samples, size: int) -> Iterator[Samples]:
    """The rows of a batch, ordered by their number of objects, `size` at a time.

    Rows with like numbers of objects come together, so a network that cuts its inputs to the longest row wastes little.
    """
    order = np.argsort(sum(counts.astype(np.int64) for counts in batch.counts.values()), kind="stable")
    for start in range(0, len(batch), size):
        yield batch.take(order[start : start + size])


def as_tensors(samples: Samples) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Inputs by name, float32 (row, slot, feature), and labels, int64 (row,)."""
    return {name: torch.from_numpy(array) for name, array in samples.inputs.items()}, torch.from_numpy(samples.labels)
