"""A power law through the points of a learning curve (Hestness et al., arXiv:1712.00409)."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from ..present.tables import Measured

__all__ = ["PowerLaw", "fit_power_law"]

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
