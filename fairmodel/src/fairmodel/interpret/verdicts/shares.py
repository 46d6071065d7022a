"""From the attributions of rows to the share of each feature, and what other rows might have given."""

from dataclasses import dataclass

import numpy as np

from ...evaluation.resampling import resamples

__all__ = ["Shares", "draws", "normalised", "shares_of"]


@dataclass(frozen=True)
class Shares:
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


def shares_of(attributions: np.ndarray, drawn: np.ndarray) -> Shares:
    """The shares in attributions (row, feature), for bootstrap samples `drawn` (trial, row).

    Where all attributions are zero, so are the shares.
    """
    magnitudes = np.abs(attributions.astype(np.float64))
    return Shares(normalised(magnitudes.sum(0)), normalised(drawn @ magnitudes))


def normalised(sums: np.ndarray) -> np.ndarray:
    """Sums (..., feature) as parts of their total; zeros where it is zero."""
    totals = sums.sum(-1, keepdims=True)
    shares: np.ndarray = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
    return shares
