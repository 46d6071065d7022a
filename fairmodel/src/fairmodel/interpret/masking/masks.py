"""Hide features or objects of an input; the other inputs stay as they are, and empty slots stay empty."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from ...dataset import Samples
from ...errors import UserError
from ...schema import Schema

__all__ = ["MODES", "FeatureNames", "feature_index", "masked", "object_ranks", "real_slots", "without_objects"]

MODES = ("zero", "mean", "permutation")

FeatureNames = Mapping[str, Collection[str]]


def masked(
    samples: Samples, schema: Schema, features: FeatureNames, mode: str, random: np.random.Generator | None = None
) -> Samples:
    """The samples with the `features`, names by input, hidden in all real objects.

    The mode "zero" sets them to zero, which need not be a value that the network has ever seen; "mean" sets them to
    their mean over the real objects; "permutation" shuffles each by itself among the real objects, with `random`, and
    so keeps its distribution. Raises UserError for an unknown mode, input or feature.
    """
    if mode not in MODES:
        message = f"there is no way to mask called {mode!r}; there are {', '.join(MODES)}"
        raise UserError(message)
    inputs = dict(samples.inputs)
    for name, names in features.items():
        real = real_slots(samples, name) if name in inputs else None
        for feature in names:
            index = feature_index(schema, name, feature)
            inputs[name] = _hide(inputs[name], index, real, mode, random or np.random.default_rng(0))
    return replace(samples, inputs=inputs)


def _hide(array: np.ndarray, index: int, real: np.ndarray | None, mode: str, random: np.random.Generator) -> np.ndarray:
    """A copy of (row, slot, feature) with the feature of this index replaced where there are objects."""
    array = array.copy()
    values = array[real, index]
    match mode:
        case "zero":
            array[real, index] = 0
        case "mean":
            array[real, index] = values.mean(dtype=np.float64) if len(values) else 0
        case "permutation":
            array[real, index] = random.permutation(values)
    return array


def without_objects(samples: Samples, name: str, hidden: np.ndarray) -> Samples:
    """The samples without the objects of the input `name` that `hidden`, bool (row, slot), chooses.

    The others close ranks, in their order, so that the real objects still come first and the empty slots are last.
    """
    kept = real_slots(samples, name) & ~hidden
    order = np.argsort(~kept, axis=1, kind="stable")  # what is kept moves to the front
    moved = np.take_along_axis(samples.inputs[name], order[..., None], 1)
    counts = kept.sum(1)
    moved[np.arange(kept.shape[1]) >= counts[:, None]] = 0
    return replace(
        samples,
        inputs=dict(samples.inputs) | {name: moved},
        counts=dict(samples.counts) | {name: counts.astype(samples.counts[name].dtype)},
    )


def object_ranks(samples: Samples, schema: Schema, name: str, feature: str | None = None) -> np.ndarray:
    """Rank of each slot of an input, int (row, slot): 1 for the first object, empty slots after all objects.

    Objects are in the order of their slots, or of falling values of a `feature`.
    """
    array = samples.inputs[name]
    if feature is None:
        return np.broadcast_to(np.arange(1, array.shape[1] + 1), array.shape[:2])
    values = array[..., feature_index(schema, name, feature)].astype(np.float64)
    values[~real_slots(samples, name)] = -np.inf
    return 1 + np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1)


def real_slots(samples: Samples, name: str) -> np.ndarray:
    """Which slots of an input hold an object, bool (row, slot)."""
    real: np.ndarray = np.arange(samples.inputs[name].shape[1]) < samples.counts[name][:, None]
    return real


def feature_index(schema: Schema, name: str, feature: str) -> int:
    """Where a feature of the input `name` is; UserError where the input or its feature is unknown."""
    inputs = {item.name: item for item in schema.inputs}
    if name not in inputs:
        message = f"there is no input {name!r}; the inputs are {', '.join(inputs)}"
        raise UserError(message)
    if feature not in inputs[name].feature_names:
        message = f"the input {name!r} has no feature {feature!r}; it has {', '.join(inputs[name].feature_names)}"
        raise UserError(message)
    return inputs[name].feature_names.index(feature)
