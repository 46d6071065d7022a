"""What the other parts found, as far as the verdict needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...present.tables import Measured
from .sample import FeatureKey

__all__ = ["MethodEvidence", "Partner", "VerdictEvidence"]

LARGEST_REMAINS = 0.5
MOST_BEATEN = 0.1
ERRORS = 2.0  # that a number has to be away from another one to count as different


@dataclass(frozen=True)
class MethodEvidence:
    """A method: its advice, the share of each feature, the gain of its order, and what a random network leaves of it.

    `gain` is that of the fidelity in `removal`, and `beaten` the share of random orders that gain more; `remains` is
    that of `randomisation`.
    """

    label: str
    advice: str
    shares: tuple[Measured, ...]
    gain: Measured
    beaten: float
    remains: Measured

    @property
    def orders_well(self) -> bool:
        """Whether its order is better than almost all random ones."""
        return self.gain.value > ERRORS * self.gain.error and self.beaten <= MOST_BEATEN

    @property
    def depends_on_training(self) -> bool:
        """Whether little of it is left when the network has forgotten everything."""
        return self.remains.value <= LARGEST_REMAINS

    @property
    def passes(self) -> bool:
        """Both."""
        return self.orders_well and self.depends_on_training

    @property
    def order(self) -> list[int]:
        """Indices of the features, the largest share first."""
        order: list[int] = np.argsort([-share.value for share in self.shares], kind="stable").tolist()
        return order


@dataclass(frozen=True)
class Partner:
    """The feature that another one correlates with most, and the coefficient."""

    feature: int
    correlation: float


@dataclass(frozen=True)
class VerdictEvidence:
    """All numbers that a verdict is made from; features are in the order of the schema.

    `agreement` holds Spearman's coefficients of the methods with their errors, by pairs of names; `losses` the loss of
    AUC by permutation, and `changes` how far that moves the scores, on average; `partners` is None for a feature
    without another one beside it; `spread` has mean and deviation of each share over `trainings` retrainings, by
    method, if there are any.
    """

    features: tuple[FeatureKey, ...]
    methods: Mapping[str, MethodEvidence]
    agreement: Mapping[tuple[str, str], Measured]
    losses: tuple[Measured, ...]
    changes: tuple[float, ...]
    partners: tuple[Partner | None, ...]
    spread: Mapping[str, tuple[Measured, ...]]
    trainings: int

    @property
    def trusted(self) -> list[str]:
        """The recommended methods that pass both tests, or all recommended ones if none does."""
        advised = [name for name, method in self.methods.items() if method.advice == "recommended"]
        return [name for name in advised if self.methods[name].passes] or advised

    @property
    def shares(self) -> list[Measured]:
        """Mean share of each feature over the trusted methods.

        The error is the larger one of the scatter among them (standard deviation) and of the largest error of one.
        """
        found = [self.methods[name].shares for name in self.trusted]
        means = np.mean([[share.value for share in each] for each in found], axis=0)
        scatter = np.std([[share.value for share in each] for each in found], axis=0)
        errors = np.max([[share.error for share in each] for each in found], axis=0)
        return [Measured(float(m), float(e)) for m, e in zip(means, np.maximum(scatter, errors), strict=True)]

    @classmethod
    def of_findings(cls, found: Mapping[str, Mapping[str, Any]]) -> "VerdictEvidence":
        """From the JSON files of the parts, by name."""
        keys = tuple(FeatureKey(**each) for each in found["attributions"]["features"])
        methods = {
            name: MethodEvidence(
                method["label"],
                method["advice"],
                _measured(method["shares"]),
                Measured(**found["removal"]["methods"][name]["gain_fidelity"]),
                found["removal"]["methods"][name]["beaten"],
                Measured(**found["randomisation"]["methods"][name]["remains"]),
            )
            for name, method in found["attributions"]["methods"].items()
        }
        shuffled = {FeatureKey(row["input"], row["feature"]): row for row in found["permutation"]["features"]}
        retrained = found["retrainings"]
        return cls(
            keys,
            methods,
            _pairs(found["attributions"]["agreement"]["spearman"]),
            _measured([shuffled[key]["loss"] for key in keys]),
            tuple(1 - shuffled[key]["effect"]["fidelity"]["value"] for key in keys),
            _partners(keys, found["correlations"]["inputs"]),
            {name: _measured(values) for name, values in retrained["methods"].items()},
            retrained["trainings"],
        )


def _measured(values: Sequence[Mapping[str, float]]) -> tuple[Measured, ...]:
    return tuple(Measured(each["value"], each["error"]) for each in values)


def _pairs(matrix: Mapping[str, Any]) -> dict[tuple[str, str], Measured]:
    names = matrix["methods"]
    return {
        (names[j], names[i]): Measured(matrix["values"][i][j], matrix["errors"][i][j])
        for i in range(len(names))
        for j in range(i)
    }


def _partners(keys: tuple[FeatureKey, ...], inputs: Mapping[str, Any]) -> tuple[Partner | None, ...]:
    partners: list[Partner | None] = []
    for key in keys:
        names, table = inputs[key.input]["features"], np.array(inputs[key.input]["correlations"])
        row = table[names.index(key.feature)]
        others = [place for place, name in enumerate(names) if name != key.feature]
        best = max(others, key=lambda place: abs(row[place]), default=None)
        if best is None:
            partners.append(None)
        else:
            partners.append(Partner(keys.index(FeatureKey(key.input, names[best])), float(row[best])))
    return tuple(partners)
