"""Classification metrics with bootstrap errors."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.metrics import auc, roc_curve

from ..errors import UserError
from ..progress import progress

__all__ = ["classification_metrics", "signal_roc"]


def signal_roc(
    score: np.ndarray, is_signal: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Background efficiency and signal efficiency along the threshold on `score`, both rising from 0 to 1."""
    background, signal, _ = roc_curve(is_signal, score, sample_weight=weight, drop_intermediate=False)
    return background, signal


def classification_metrics(
    probability: np.ndarray,
    label: np.ndarray,
    *,
    signal: int,
    signal_efficiencies: tuple[float, ...],
    bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """Cross-entropy, accuracy, AUC and background rejection.

    The rejection is one over the least background efficiency that leaves at least the given signal efficiency.
    `probability` is (row, class), `label` int (row,). The score is the probability of class `signal`, all other
    classes together are the background. Each value comes with its bootstrap standard deviation (rows drawn with
    replacement, `bootstrap` times). Where no background row passes, the rejection is null with a `lower_limit`.
    """
    is_signal, score = label == signal, probability[:, signal]
    if is_signal.all() or not is_signal.any():
        message = f"metrics need signal and background, but all {len(label)} rows are of one kind; make more data"
        raise UserError(message)
    chosen = probability[np.arange(len(label)), label]
    per_row = {"accuracy": probability.argmax(1) == label, "cross_entropy": -np.log(np.maximum(chosen, 1e-38))}

    def measure(weight: np.ndarray | None = None) -> dict[Any, float]:
        background, efficiency = signal_roc(score, is_signal, weight)
        values = {name: float(np.average(rows, weights=weight)) for name, rows in per_row.items()}
        passing = {point: float(background[np.searchsorted(efficiency, point)]) for point in signal_efficiencies}
        return {"auc": float(auc(background, efficiency))} | values | passing

    draws = progress(_resamples(is_signal, bootstrap, seed), total=bootstrap, title="bootstrap", unit="trials")
    trials = [measure(weight) for weight in draws]
    spread = {name: np.array([trial[name] for trial in trials]) for name in trials[0]}
    n_background = int((~is_signal).sum())
    value = measure()
    return {
        **{name: {"value": value[name], "error": float(spread[name].std(ddof=1))} for name in ("auc", *per_row)},
        "rejection": {
            f"{point:g}": _rejection(value[point], spread[point], n_background) for point in signal_efficiencies
        },
    }


def _rejection(background: float, trials: np.ndarray, n_background: int) -> dict[str, float | None]:
    """One over the background efficiency; trials in which no background row passes count as if one did."""
    if background == 0:
        return {"value": None, "error": None, "lower_limit": float(n_background)}
    return {"value": 1 / background, "error": float((1 / np.maximum(trials, 1 / n_background)).std(ddof=1))}


def _resamples(is_signal: np.ndarray, trials: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn in each bootstrap trial; one without signal or without background is drawn again."""
    random = np.random.default_rng(seed)
    rows = len(is_signal)
    while trials:
        drawn = random.integers(rows, size=rows)
        if 0 < is_signal[drawn].sum() < rows:
            trials -= 1
            yield np.bincount(drawn, minlength=rows).astype(np.float64)
