"""The rows and features that the attributions are compared on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ...dataset import Samples
from ...errors import UserError
from ...evaluation.uncertainty import resamples
from ...schema import Schema
from ..inputs import empty_class
from ..parts import Context

__all__ = [
    "FeatureKey",
    "FeatureShares",
    "attribution_rows",
    "draws",
    "feature_keys",
    "normalised",
    "shares_of",
    "tensors",
    "thinned",
]


@dataclass(frozen=True, order=True)
class FeatureKey:
    """A feature of an input."""

    input: str
    feature: str

    @property
    def row(self) -> str:
        """What names its row in a table."""
        return f"{self.input}.{self.feature}"


def feature_keys(schema: Schema) -> tuple[FeatureKey, ...]:
    """All features, one input after the other: the order of `InputShares.of_all_features`."""
    return tuple(FeatureKey(item.name, name) for item in schema.inputs for name in item.feature_names)


def attribution_rows(context: Context) -> Samples:
    """`[interpretation] attribution_rows` of the context's rows, spread evenly; UserError if a class is not in them."""
    samples = thinned(context.samples, context.options.attribution_rows)
    if name := empty_class(samples, context.project.schema):
        message = (
            f"the class {name!r} is empty: none of {len(samples)} rows belongs to it; "
            f"raise attribution_rows in [interpretation] of {context.paths.config}"
        )
        raise UserError(message)
    return samples


def thinned(samples: Samples, rows: int) -> Samples:
    """At most so many of the rows, at even distances."""
    if rows >= len(samples):
        return samples
    return samples.take(np.linspace(0, len(samples) - 1, rows).round().astype(int))


def tensors(samples: Samples) -> dict[str, torch.Tensor]:
    """The inputs, float32 (row, slot, feature)."""
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in samples.inputs.items()}


def listed(names: Sequence[str]) -> str:
    """Words joined as in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True)
class FeatureShares:
    """Share of each feature in the mean magnitude of the attributions, float64 (feature,), adding up to one.

    `trials` (trial, feature) are those of bootstrap samples of the rows.
    """

    values: np.ndarray
    trials: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard deviations over the trials, (feature,)."""
        errors: np.ndarray = self.trials.std(0, ddof=1)
        return errors

    @property
    def order(self) -> np.ndarray:
        """Indices of the features, the largest share first; equal ones in the order of the schema."""
        return np.argsort(-self.values, kind="stable")


def draws(is_signal: np.ndarray, *, trials: int, seed: int) -> np.ndarray:
    """How often each row is drawn in each bootstrap sample, float64 (trial, row)."""
    return np.array(list(resamples(is_signal, np.ones(len(is_signal)), trials=trials, seed=seed)))


def shares_of(attributions: np.ndarray, drawn: np.ndarray) -> FeatureShares:
    """The shares in attributions (row, feature), for bootstrap samples `drawn` (trial, row).

    Where all attributions are zero, so are the shares.
    """
    magnitudes = np.abs(attributions.astype(np.float64))
    return FeatureShares(normalised(magnitudes.sum(0)), normalised(drawn @ magnitudes))


def normalised(sums: np.ndarray) -> np.ndarray:
    """Sums (..., feature) as parts of their total; zeros where it is zero."""
    totals = sums.sum(-1, keepdims=True)
    shares: np.ndarray = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
    return shares
