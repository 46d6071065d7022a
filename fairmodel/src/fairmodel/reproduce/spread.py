"""What a few trainings say of the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtr

__all__ = ["Spread", "TailProbability", "upper_tail"]


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
