"""Spread of repeated trainings, and the power law of a learning curve."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import Any

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.special import stdtr

from ..present.tables import Measured

__all__ = ["PowerLaw", "Spread", "TailProbability", "fit_power_law", "upper_tail"]


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n - 1 in the denominator) of so many trainings."""

    mean: float
    deviation: float
    number: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of two or more values."""
        return cls(fmean(values), stdev(values), len(values))


@dataclass(frozen=True)
class TailProbability:
    """Probability that one more training does at least as well as a reference value.

    `student` takes the trainings as draws from a normal distribution of unknown mean and width: then
    (x - m) / (s sqrt(1 + 1/n)) follows Student's t distribution with n - 1 degrees of freedom, exactly.
    `normal` takes m and s as if they were the true mean and width: 1 - Phi((x - m) / s), too small for few trainings.
    """

    student: float
    normal: float


def upper_tail(reference: float, trials: Spread) -> TailProbability:
    """One-sided p-values of a reference value, given the trials."""
    if trials.deviation == 0:
        certain = float(reference <= trials.mean)
        return TailProbability(certain, certain)
    distance = (reference - trials.mean) / trials.deviation
    student = stdtr(trials.number - 1, -distance / (1 + 1 / trials.number) ** 0.5)
    return TailProbability(float(student), NormalDist().cdf(-distance))


FEWEST_POINTS = 4


@dataclass(frozen=True)
class PowerLaw:
    """loss(n) = floor + scale (n / unit)^-exponent, with the covariance of (floor, scale, exponent)."""

    parameters: np.ndarray
    covariance: np.ndarray
    unit: float

    def as_json(self) -> dict[str, Any]:
        """The parameters and their covariance."""
        names = ("floor", "scale", "exponent")
        parameters = dict(zip(names, self.parameters.tolist(), strict=True))
        return {"parameters": parameters, "unit": self.unit, "covariance": self.covariance.tolist()}

    def at(self, rows: float) -> Measured:
        """The loss at a number of rows, with the error that the fit leaves."""
        _, scale, exponent = self.parameters
        power = (rows / self.unit) ** -exponent
        gradient = np.array([1.0, power, -scale * power * np.log(rows / self.unit)])
        value = _power_law(rows / self.unit, *self.parameters)
        return Measured(float(value), float(np.sqrt(gradient @ self.covariance @ gradient)))


def fit_power_law(rows: Sequence[float], losses: Sequence[float], errors: Sequence[float]) -> PowerLaw | None:
    """Least squares with the errors of the points; None for fewer than four points or where nothing fits."""
    if len(rows) < FEWEST_POINTS or min(errors) <= 0:
        return None
    unit = float(np.exp(np.mean(np.log(rows))))
    start = (0.5 * min(losses), 0.5 * float(np.median(losses)), 0.5)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)
            parameters, covariance = curve_fit(
                _power_law,
                np.array(rows) / unit,
                losses,
                p0=start,
                sigma=errors,
                absolute_sigma=True,
                bounds=([0, 0, 0], [min(losses), np.inf, 3]),
            )
    except (RuntimeError, ValueError, OptimizeWarning):
        return None
    return PowerLaw(parameters, covariance, unit)


def _power_law(rows: np.ndarray | float, floor: float, scale: float, exponent: float) -> np.ndarray | float:
    return floor + scale * rows**-exponent
