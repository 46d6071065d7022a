"""Jets with the given values and zeros for the rest."""

import numpy as np
from fairmodel import Input, Samples

from hbb_in.data.features import SCHEMA, TRACKS, VERTICES

__all__ = ["make_jets"]


def make_jets(
    rows: int,
    *,
    label: int = 0,
    columns: dict[str, float | np.ndarray] | None = None,
    tracks: dict[str, np.ndarray] | None = None,
    vertices: dict[str, np.ndarray] | None = None,
) -> Samples:
    """`columns` are of the jets; `tracks` and `vertices` map features to (row, object), all of them real."""
    inputs, counts = {}, {}
    for item, values in ((TRACKS, tracks or {}), (VERTICES, vertices or {})):
        inputs[item.name], counts[item.name] = _fill(rows, item, values)
    spectators = {feature.name: np.zeros(rows, dtype=np.float32) for feature in SCHEMA.spectators}
    spectators["fj_pt"][:] = 500
    for name, value in (columns or {}).items():
        spectators[name][:] = value
    weights = np.ones(rows, dtype=np.float32)
    return Samples(inputs, counts, np.full(rows, label, dtype=np.int64), weights, spectators, np.arange(rows))


def _fill(rows: int, item: Input, values: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    array = np.zeros((rows, item.slots, len(item.features)), dtype=np.float32)
    number = 0
    for name, objects in values.items():
        number = objects.shape[1]
        array[:, :number, item.feature_names.index(name)] = objects
    return array, np.full(rows, number, dtype=np.uint16)
