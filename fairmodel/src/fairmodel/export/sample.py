"""The sample that goes with a model: some rows with the network's answer, by which anybody can test a copy of it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from ..dataset import Dataset, Samples
from ..files import atomic_path

__all__ = ["SAMPLE", "choose_rows", "read_rows", "write_sample"]

SAMPLE = "sample.safetensors"
ROWS = 32


def choose_rows(counts: Mapping[str, np.ndarray], rows: int = ROWS) -> np.ndarray:
    """Indices of at most `rows` rows, int64: from those with fewest objects to those with most, in equal steps.

    `counts` are the numbers of real objects by input, each (row,). No combination of numbers comes twice while there
    are enough others.
    """
    table = np.stack(list(counts.values()), axis=1)
    _, first = np.unique(table, axis=0, return_index=True)
    candidates = first if len(first) >= rows else np.lexsort(table.T[::-1])
    steps = np.linspace(0, len(candidates) - 1, min(rows, len(candidates)))
    chosen: np.ndarray = candidates[steps.round().astype(np.int64)]
    return chosen


def read_rows(dataset: Dataset, rows: np.ndarray) -> Samples:
    """The given rows of a data set, in the given order."""
    return Samples.concatenate([dataset.read(int(row), int(row) + 1) for row in rows])


def write_sample(path: Path, inputs: Mapping[str, np.ndarray], logits: np.ndarray, probabilities: np.ndarray) -> None:
    """Write the inputs by their names, in physical units and padded, with `logits` and `probabilities`, all float32."""
    tensors = {**inputs, "logits": logits, "probabilities": probabilities}
    content = save({name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
