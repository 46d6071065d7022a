"""Random rows of any schema, with classes that a network can learn to tell apart."""

from pathlib import Path

import numpy as np

from ..dataset import DatasetWriter, Samples
from ..schema import Feature, Schema

__all__ = ["assert_same", "column", "random_samples", "write_dataset"]


def random_samples(schema: Schema, rows: int, seed: int = 0) -> Samples:
    """Two rows to an event; the features of class k of n lie in the k-th n-th part of their range."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(rows) % len(schema.classes)).astype(np.int64)
    inputs, counts = {}, {}
    for item in schema.inputs:
        number = random.integers(0, item.slots + 1, size=rows)
        position = (labels[:, None, None] + random.random((rows, item.slots, len(item.features)))) / len(schema.classes)
        low, high = np.array([_limits(feature) for feature in item.features]).T
        real = np.arange(item.slots) < number[:, None]
        inputs[item.name] = np.where(real[:, :, None], low + position * (high - low), 0).astype(np.float32)
        counts[item.name] = number.astype(np.uint16)
    spectators = {feature.name: random.normal(size=rows).astype(np.float32) for feature in schema.spectators}
    event = np.arange(rows, dtype=np.int64) // 2
    return Samples(inputs, counts, labels, random.random(rows).astype(np.float32), spectators, event)


def _limits(feature: Feature) -> tuple[float, float]:
    return max(feature.low, -10.0), min(feature.high, 10.0)


def write_dataset(path: Path, schema: Schema, samples: Samples, parts: int = 2) -> Path:
    """Write the rows in `parts` appends."""
    with DatasetWriter(path, schema, {"source": "random"}) as writer:
        for rows in np.array_split(np.arange(len(samples)), parts):
            writer.append(samples.take(rows))
    return path


def column(samples: Samples) -> dict[str, np.ndarray]:
    """Every array of the rows by a name of its own."""
    nested = {"inputs": samples.inputs, "counts": samples.counts, "spectators": samples.spectators}
    flat = {f"{kind}/{name}": array for kind, arrays in nested.items() for name, array in arrays.items()}
    return flat | {"labels": samples.labels, "weights": samples.weights, "event": samples.event}


def assert_same(found: Samples, expected: Samples) -> None:
    """The same columns of the same types with the same bytes."""
    left, right = column(found), column(expected)
    assert left.keys() == right.keys()
    for name, array in left.items():
        assert array.dtype == right[name].dtype, name
        assert array.shape == right[name].shape, name
        assert array.tobytes() == right[name].tobytes(), name
