"""Masks of features and objects, and their effect on the scores."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from ...dataset import Samples
from ...errors import UserError
from ...evaluation.network import probabilities
from ...evaluation.separation import Ranking
from ...evaluation.uncertainty import resamples
from ...present.tables import Measured
from ...schema import Schema
from ..parts import Context

__all__ = [
    "MODES",
    "Baseline",
    "Effect",
    "FeatureNames",
    "baseline_of",
    "feature_index",
    "masked",
    "object_ranks",
    "random_of",
    "real_slots",
    "without_objects",
]

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


@dataclass(frozen=True)
class Effect:
    """The AUC of masked rows, how much less it is than that of the whole rows, and the fidelity.

    `relative` is the loss as a share of the whole rows' AUC. The fidelity is 1 - mean |score - masked score|
    (arXiv:2212.05081). Errors are standard deviations over bootstrap samples of the rows, for the loss of the same
    samples with and without masking, so that what both have in common drops out.
    """

    auc: Measured
    loss: Measured
    relative: Measured
    fidelity: Measured

    def as_json(self) -> dict[str, Any]:
        """Each quantity as an object with value and error."""
        return asdict(self)


class Baseline:
    """The network's answers to the whole rows, against which masked ones are held.

    `score`: probability of the signal class, float64 (row,); `auc`: with its bootstrap error, unweighted.
    """

    def __init__(
        self, network: nn.Module, samples: Samples, signal: int, *, trials: int, seed: int, batch_size: int = 512
    ) -> None:
        self._network, self._signal, self._batch_size = network, signal, batch_size
        self.is_signal = samples.labels == signal
        self._draws = [
            np.ones(len(samples)),
            *resamples(self.is_signal, np.ones(len(samples)), trials=trials, seed=seed),
        ]
        self.score = self.scores(samples)
        self._areas = self._areas_of(self.score)
        self.auc = Measured(float(self._areas[0]), float(self._areas[1:].std(ddof=1)))

    def scores(self, samples: Samples) -> np.ndarray:
        """Probability of the signal class, float64 (row,), computed batch by batch."""
        starts = range(0, len(samples), self._batch_size)
        batches = (samples.take(slice(start, start + self._batch_size)) for start in starts)
        return np.concatenate([probabilities(self._network, batch)[:, self._signal] for batch in batches])

    def effect(self, variants: Sequence[Samples]) -> Effect:
        """What masking does: of one sample of masked rows, or the mean of several that differ in a shuffle.

        The spread over the shuffles adds to the errors.
        """
        scores = np.array([self.scores(variant) for variant in variants])
        areas = np.array([self._areas_of(score) for score in scores])  # (variant, draw)
        auc, loss = _measured(areas), _measured(self._areas - areas)
        distances = np.abs(scores - self.score)
        drawn = np.array([[np.average(distance, weights=draw) for draw in self._draws] for distance in distances])
        scale = 1 / self.auc.value
        return Effect(auc, loss, Measured(loss.value * scale, loss.error * scale), _measured(1 - drawn))

    def _areas_of(self, score: np.ndarray) -> np.ndarray:
        """AUC of the rows, then of each bootstrap sample, (1 + trial,)."""
        ranking = Ranking(score, self.is_signal)
        curves = (ranking.curve(draw) for draw in self._draws)
        return np.array([np.trapezoid(signal, background) for background, signal in curves])


def _measured(values: np.ndarray) -> Measured:
    """The mean over the variants (variant, 1 + trial), first of the rows themselves, then of the bootstrap samples."""
    of_rows = float(values.mean(0)[1:].std(ddof=1))
    of_shuffles = float(values[:, 0].std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
    return Measured(float(values[:, 0].mean()), float(np.hypot(of_rows, of_shuffles)))


def baseline_of(context: Context) -> Baseline:
    """The network's answers to the rows of a context, unmasked."""
    options = context.options
    return Baseline(
        context.network,
        context.samples,
        context.project.schema.signal,
        trials=options.bootstrap,
        seed=options.seed,
        batch_size=context.config.evaluation.batch_size,
    )


def random_of(context: Context, *key: int) -> np.random.Generator:
    """Random numbers that depend on the seed of `[interpretation]` and a key alone."""
    return np.random.default_rng([context.options.seed, *key])
