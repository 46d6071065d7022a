"""Jets as the CMS ntuple lists them: numbers of each jet, and as many tracks and vertices as it has.

The simulation and the ntuples both give jets in this form, by the ntuple's branch names; `to_samples` alone makes rows
of the data set of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..dataset import Samples
from ..schema import Feature, Input
from .features import SCHEMA, SPECTATORS
from .options import Window

__all__ = ["EVENT", "LABELS", "WEIGHT", "Objects", "RaggedJets", "branch_of", "in_window", "jet_class", "to_samples"]

EVENT = "event_no"
LABELS = ("sample_isQCD", "fj_isQCD", "fj_isH")
WEIGHT = "fj_weight"


@dataclass(frozen=True)
class Objects:
    """All tracks, or all vertices, of several jets, one jet after the other.

    number: int64 (jet,), how many each jet has; values: branch -> float32 (object,).
    """

    number: np.ndarray
    values: Mapping[str, np.ndarray]

    @property
    def owner(self) -> np.ndarray:
        """Index of the jet of each object, int64 (object,)."""
        owner: np.ndarray = np.repeat(np.arange(len(self.number)), self.number)
        return owner

    @property
    def rank(self) -> np.ndarray:
        """Position of each object in its jet, from 0, int64 (object,)."""
        start = np.cumsum(self.number) - self.number
        rank: np.ndarray = np.arange(self.number.sum()) - np.repeat(start, self.number)
        return rank

    def take(self, jets: np.ndarray) -> "Objects":
        """The objects of the given jets, in the given order."""
        start, number = (np.cumsum(self.number) - self.number)[jets], self.number[jets]
        chosen = Objects(number, {})
        index = start[chosen.owner] + chosen.rank
        return Objects(number, {branch: values[index] for branch, values in self.values.items()})


@dataclass(frozen=True)
class RaggedJets:
    """Some jets, untruncated.

    columns: branch -> (jet,), in the ntuple's type; objects: name of the input -> its objects, in the ntuple's order.
    """

    columns: Mapping[str, np.ndarray]
    objects: Mapping[str, Objects]

    def __len__(self) -> int:
        return len(self.columns[EVENT])

    def take(self, jets: np.ndarray) -> "RaggedJets":
        """The given jets, in the given order."""
        return RaggedJets(
            {branch: values[jets] for branch, values in self.columns.items()},
            {name: objects.take(jets) for name, objects in self.objects.items()},
        )

    @staticmethod
    def concatenate(parts: Sequence["RaggedJets"]) -> "RaggedJets":
        """All jets of the parts, in order."""
        first = parts[0]
        return RaggedJets(
            {branch: np.concatenate([part.columns[branch] for part in parts]) for branch in first.columns},
            {name: _concatenate([part.objects[name] for part in parts]) for name in first.objects},
        )


def _concatenate(parts: Sequence[Objects]) -> Objects:
    return Objects(
        np.concatenate([part.number for part in parts]),
        {branch: np.concatenate([part.values[branch] for part in parts]) for branch in parts[0].values},
    )


def branch_of(feature: Feature) -> str:
    """The ntuple's name of a feature."""
    return feature.branch or feature.name


def jet_class(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Class of each jet, int64 (jet,): -1 for a jet that is neither, -2 for one that claims to be both.

    A jet is background if both its sample and its flavour are QCD, and signal if both quarks of a Higgs boson are
    matched to it.
    """
    sample_qcd, qcd, higgs = (columns[name].astype(bool) for name in LABELS)
    background = sample_qcd & qcd
    return np.select([background & higgs, background, higgs], [-2, 0, 1], default=-1)


def in_window(columns: Mapping[str, np.ndarray], window: Window) -> dict[str, np.ndarray]:
    """Which jets pass each cut of the window, bool (jet,), in the order of the cut flow."""
    pt, eta, mass = (columns[name] for name in ("fj_pt", "fj_eta", "fj_sdmass"))
    return {
        "pt": (pt > window.pt[0]) & (pt < window.pt[1]),
        "eta": np.abs(eta) < window.abs_eta,
        "softdrop_mass": (mass > window.softdrop_mass[0]) & (mass < window.softdrop_mass[1]),
    }


def to_samples(jets: RaggedJets) -> Samples:
    """Rows of the data set: objects beyond the slots are cut off, as in arXiv:1909.12285, missing ones are zeros.

    Every jet must belong to a class.
    """
    spectators = {feature.name: jets.columns[branch_of(feature)].astype(np.float32) for feature in SPECTATORS}
    return Samples(
        inputs={item.name: _padded(jets.objects[item.name], item) for item in SCHEMA.inputs},
        counts={
            item.name: np.minimum(jets.objects[item.name].number, item.slots).astype(np.uint16)
            for item in SCHEMA.inputs
        },
        labels=jet_class(jets.columns),
        weights=spectators[WEIGHT],
        spectators=spectators,
        event=jets.columns[EVENT].astype(np.int64),
    )


def _padded(objects: Objects, item: Input) -> np.ndarray:
    """The first objects of each jet, zeros behind: float32 (jet, slot, feature)."""
    kept = objects.rank < item.slots
    result = np.zeros((len(objects.number), item.slots, len(item.features)), dtype=np.float32)
    values = [objects.values[branch_of(feature)][kept] for feature in item.features]
    result[objects.owner[kept], objects.rank[kept]] = np.stack(values, axis=-1)
    return result
