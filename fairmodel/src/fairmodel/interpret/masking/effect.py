"""What masking does to the network's answers, on the same rows with and without it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import nn

from ...dataset import Samples
from ...evaluation.predict import probabilities
from ...evaluation.ranking import Ranking
from ...evaluation.resampling import resamples
from ...present.tables import Measured
from ..parts import Context

__all__ = ["Baseline", "Effect", "baseline_of", "random_of"]


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
