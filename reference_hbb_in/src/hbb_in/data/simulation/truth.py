"""What the generator knows about a jet: the Higgs boson in it and its heavy hadrons."""

import numpy as np

from .arrays import same_group_pairs
from .kinematics import azimuth, delta_r, pseudorapidity
from .record import EventRecord

__all__ = ["BOTTOM", "CHARM", "HIGGS", "contains_higgs", "count_hadrons", "hadron_flavour", "last_heavy_hadrons"]

HIGGS, BOTTOM, CHARM = 25, 5, 4
QUARK_DISTANCE = 0.6
HADRON_DISTANCE = 0.8


def contains_higgs(record: EventRecord, event: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Which jets hold both b quarks of one Higgs boson within 0.6 of their axis.

    event, eta, phi: (jet,). A Higgs boson's two quarks are neighbours in the record.
    """
    decays = np.flatnonzero((record.pid == HIGGS) & (np.abs(record.pid[record.daughter]) == BOTTOM))
    jet, higgs = same_group_pairs(event, record.event[decays])
    inside = np.ones(len(jet), dtype=bool)
    for quark in (record.daughter[decays[higgs]], record.daughter[decays[higgs]] + 1):
        momentum = record.momentum[quark]
        inside &= delta_r(eta[jet], phi[jet], pseudorapidity(momentum), azimuth(momentum)) < QUARK_DISTANCE
    return np.bincount(jet[inside], minlength=len(event)) > 0


def hadron_flavour(pid: np.ndarray) -> np.ndarray:
    """Heaviest quark of each hadron by its PDG code: 5, 4, or 0 for lighter ones and all that is no hadron."""
    code = np.abs(pid)
    meson, baryon, diquark = (code // 100) % 10, (code // 1000) % 10, (code // 10) % 10 == 0
    heaviest = np.maximum(meson, baryon)
    hadron = (code > 100) & (code < 1_000_000) & ~diquark
    return np.where(hadron & (heaviest >= CHARM) & (heaviest <= BOTTOM), heaviest, 0)


def last_heavy_hadrons(record: EventRecord, flavour: int) -> np.ndarray:
    """Indices of the hadrons of this flavour that do not decay into another one of it."""
    flavours = hadron_flavour(record.pid)
    hadrons = np.flatnonzero(flavours == flavour)
    last = np.zeros(len(record.pid), dtype=bool)
    last[hadrons] = True
    mothers = record.mother[hadrons]
    last[mothers[flavours[mothers] == flavour]] = False
    return np.flatnonzero(last)


def count_hadrons(record: EventRecord, flavour: int, event: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Number of last hadrons of this flavour within 0.8 of each jet axis: (jet,)."""
    hadrons = last_heavy_hadrons(record, flavour)
    jet, hadron = same_group_pairs(event, record.event[hadrons])
    momentum = record.momentum[hadrons[hadron]]
    near = delta_r(eta[jet], phi[jet], pseudorapidity(momentum), azimuth(momentum)) < HADRON_DISTANCE
    return np.bincount(jet[near], minlength=len(event))
