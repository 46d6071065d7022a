"""Jets as the CMS ntuple lists them: numbers of each jet, and as many tracks and vertices as it has.

Simulation and ntuples both give jets in this form, by the ntuple's branch names; only `to_samples` turns them into rows
of the data set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from fairmodel import Feature, Input, Samples

from .features import SCHEMA, SPECTATORS
from .options import Window

__all__ = [
    "COLUMN_TYPES",
    "EVENT",
    "LABELS",
    "WEIGHT",
    "Objects",
    "RaggedJets",
    "branch_of",
    "in_window",
    "jet_class",
    "objects_of",
    "padded",
    "to_samples",
]


def branch_of(feature: Feature) -> str:
    """Name of a feature in the ntuple."""
    return feature.branch or feature.name


EVENT = "event_no"
LABELS = ("sample_isQCD", "fj_isQCD", "fj_isH")
WEIGHT = "fj_weight"
INTEGERS = (*LABELS, "fj_nbHadrons", "fj_ncHadrons")
# event numbers of the simulation say process and chunk too, for which the published ntuple's 32 bits are too few
COLUMN_TYPES: Mapping[str, str] = {EVENT: "int64"} | {
    name: "int32" if name in INTEGERS else "float32" for name in (*LABELS, *map(branch_of, SPECTATORS))
}


def objects_of(jets: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Indices of the objects of the given jets, in the given order; `number` (jet,) says how many each jet has."""
    chosen = number[jets]
    shift = (np.cumsum(number) - number)[jets] - (np.cumsum(chosen) - chosen)
    index: np.ndarray = np.arange(chosen.sum()) + np.repeat(shift, chosen)
    return index


@dataclass(frozen=True)
class Objects:
    """All tracks, or all vertices, of several jets, one jet after the other.

    number: int64 (jet,), of each jet; values: float32 (object, feature), features in the order of the input.
    """

    number: np.ndarray
    values: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Index of the jet of each object, int64 (object,)."""
        owner: np.ndarray = np.repeat(np.arange(len(self.number)), self.number)
        return owner

    @property
    def rank(self) -> np.ndarray:
        """Position of each object in its jet, from 0, int64 (object,)."""
        start = np.cumsum(self.number) - self.number
        rank: np.ndarray = np.arange(len(self.values)) - np.repeat(start, self.number)
        return rank

    def take(self, jets: np.ndarray) -> "Objects":
        """The objects of the given jets, in the given order."""
        return Objects(self.number[jets], self.values[objects_of(jets, self.number)])


@dataclass(frozen=True)
class RaggedJets:
    """Some jets, untruncated.

    columns: branch -> (jet,), in the types of `COLUMN_TYPES`; objects: name of the input -> its objects, in the
    ntuple's order.
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
            {
                name: Objects(
                    np.concatenate([part.objects[name].number for part in parts]),
                    np.concatenate([part.objects[name].values for part in parts]),
                )
                for name in first.objects
            },
        )


def jet_class(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Class of each jet, int64 (jet,): -1 for a jet that is neither, -2 for a jet that is both.

    A jet is background if both its sample and its flavour are QCD, and signal if both quarks of a Higgs boson are
    matched to it.
    """
    sample_qcd, qcd, higgs = (columns[name].astype(bool) for name in LABELS)
    background = sample_qcd & qcd
    return np.select([background & higgs, background, higgs], [-2, 0, 1], default=-1)


def in_window(columns: Mapping[str, np.ndarray], window: Window) -> dict[str, np.ndarray]:
    """Cuts of the window in the order of the cut flow: name -> jets that pass, bool (jet,)."""
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
        inputs={item.name: padded(jets.objects[item.name], item) for item in SCHEMA.inputs},
        counts={
            item.name: np.minimum(jets.objects[item.name].number, item.slots).astype(np.uint16)
            for item in SCHEMA.inputs
        },
        labels=jet_class(jets.columns),
        weights=spectators[WEIGHT],
        spectators=spectators,
        event=jets.columns[EVENT].astype(np.int64),
    )


def padded(objects: Objects, item: Input) -> np.ndarray:
    """The first objects of each jet, zeros behind: float32 (jet, slot, feature)."""
    result = np.zeros((len(objects.number), item.slots, len(item.features)), dtype=np.float32)
    owner, rank, values = objects.owner, objects.rank, objects.values
    if len(rank) and rank.max() >= item.slots:
        kept = rank < item.slots
        owner, rank, values = owner[kept], rank[kept], values[kept]
    result[owner, rank] = values
    return result
