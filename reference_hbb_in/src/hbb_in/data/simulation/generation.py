"""Collisions at 13 TeV from PYTHIA 8 (arXiv:2203.11601), and the truth about a jet: Higgs boson and heavy hadrons."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from fairmodel import UserError

from .arrays import EventRecord, same_group_pairs
from .kinematics import azimuth, delta_r, pseudorapidity

if TYPE_CHECKING:
    import awkward as ak

__all__ = [
    "BOTTOM",
    "CHARM",
    "HIGGS",
    "LARGEST_SEED",
    "MINIMUM_BIAS",
    "contains_higgs",
    "count_hadrons",
    "event_records",
    "graviton_settings",
    "hadron_flavour",
    "last_heavy_hadrons",
    "qcd_settings",
]

LARGEST_SEED = 900_000_000
BEAMS = ("Print:quiet = on", "Beams:eCM = 13000.")
# long-lived hadrons decay where CMS sees tracks: within the solenoid's inner volume, mm
TRACKER_DECAYS = ("ParticleDecays:limitCylinder = on", "ParticleDecays:xyMax = 500.", "ParticleDecays:zMax = 1000.")
MM_PER_CM = 10
MINIMUM_BIAS = ("SoftQCD:inelastic = on",)
HIGGS, BOTTOM, CHARM = 25, 5, 4
QUARK_DISTANCE = 0.6
HADRON_DISTANCE = 0.8


def qcd_settings(pt_hat_min: float, bias_power: float) -> tuple[str, ...]:
    """Multijet production, generated with a flattened and re-weighted pT spectrum."""
    return (
        "HardQCD:all = on",
        f"PhaseSpace:pTHatMin = {pt_hat_min}",
        f"PhaseSpace:bias2Selection = {'on' if bias_power else 'off'}",
        f"PhaseSpace:bias2SelectionPow = {bias_power}",
        f"PhaseSpace:bias2SelectionRef = {pt_hat_min}",
    )


def graviton_settings(mass: float) -> tuple[str, ...]:
    """Gluon fusion into a spin-2 resonance of `mass` GeV that decays to two Higgs bosons, each to b quarks."""
    return (
        "ExtraDimensionsG*:gg2G* = on",
        f"5100039:m0 = {mass}",
        "5100039:onMode = off",
        "5100039:onIfMatch = 25 25",
        "25:m0 = 125.",
        "25:onMode = off",
        "25:onIfMatch = 5 -5",
    )


def event_records(settings: tuple[str, ...], *, seed: int, events: int, batch: int) -> Iterator[EventRecord]:
    """Generate `events` collisions, at most `batch` at a time; failed collisions are left out."""
    generator = _generator(settings, seed)
    for start in range(0, events, batch):
        yield _flatten(generator.nextBatch(min(batch, events - start)))


def contains_higgs(record: EventRecord, event: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """True for jets with both b quarks of one Higgs boson within 0.6 of their axis: bool (jet,).

    event, eta, phi: (jet,). A Higgs boson's two quarks are neighbours in the record.
    """
    decays = np.flatnonzero((record.pid == HIGGS) & (np.abs(record.pid[record.daughter]) == BOTTOM))
    jet, higgs = same_group_pairs(event, record.event[decays])
    inside = np.ones(len(jet), dtype=bool)
    for quark in (record.daughter[decays[higgs]], record.daughter[decays[higgs]] + 1):
        momentum = record.momentum[quark]
        inside &= delta_r(eta[jet], phi[jet], pseudorapidity(momentum), azimuth(momentum)) < QUARK_DISTANCE
    return np.bincount(jet[inside], minlength=len(event)) > 0


def count_hadrons(record: EventRecord, flavour: int, event: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Number of last hadrons of this flavour within 0.8 of each jet axis: (jet,)."""
    hadrons = last_heavy_hadrons(record, flavour)
    jet, hadron = same_group_pairs(event, record.event[hadrons])
    momentum = record.momentum[hadrons[hadron]]
    near = delta_r(eta[jet], phi[jet], pseudorapidity(momentum), azimuth(momentum)) < HADRON_DISTANCE
    return np.bincount(jet[near], minlength=len(event))


def last_heavy_hadrons(record: EventRecord, flavour: int) -> np.ndarray:
    """Indices of the hadrons of this flavour that do not decay into another one of it."""
    flavours = hadron_flavour(record.pid)
    hadrons = np.flatnonzero(flavours == flavour)
    last = np.zeros(len(record.pid), dtype=bool)
    last[hadrons] = True
    mothers = record.mother[hadrons]
    last[mothers[flavours[mothers] == flavour]] = False
    return np.flatnonzero(last)


def hadron_flavour(pid: np.ndarray) -> np.ndarray:
    """Heaviest quark of each hadron by its PDG code: 5, 4, or 0 for lighter ones and for other particles."""
    code = np.abs(pid)
    meson, baryon, diquark = (code // 100) % 10, (code // 1000) % 10, (code // 10) % 10 == 0
    heaviest = np.maximum(meson, baryon)
    hadron = (code > 100) & (code < 1_000_000) & ~diquark
    return np.where(hadron & (heaviest >= CHARM) & (heaviest <= BOTTOM), heaviest, 0)


def _generator(settings: tuple[str, ...], seed: int) -> Any:
    # a bare extension module: there are no types to check against
    pythia8mc = import_module("pythia8mc")
    generator = pythia8mc.Pythia("", False)
    for line in (*BEAMS, *TRACKER_DECAYS, *settings, "Random:setSeed = on", f"Random:seed = {seed}"):
        if not generator.readString(line):
            message = f"PYTHIA does not accept the setting {line!r}; check [data.options]"
            raise UserError(message)
    if not generator.init():
        message = f"PYTHIA cannot generate collisions with {', '.join(settings)}; check [data.options]"
        raise UserError(message)
    return generator


def _flatten(batch: "ak.Array") -> EventRecord:
    import awkward as ak

    particles = batch.prt

    def flat(array: "ak.Array") -> np.ndarray:
        values: np.ndarray = ak.to_numpy(ak.flatten(array))
        return values

    number = ak.to_numpy(ak.num(particles))
    first = np.repeat(np.cumsum(number) - number, number)
    vertex = [flat(ak.fill_none(particles.vProd[axis], 0.0)) for axis in ("px", "py", "pz")]
    return EventRecord(
        event=np.repeat(np.arange(len(number)), number),
        pid=flat(particles.id),
        final=flat(particles.status) > 0,
        mother=flat(particles.mother1) + first,
        daughter=flat(particles.daughter1) + first,
        momentum=np.stack([flat(particles.p[axis]) for axis in ("px", "py", "pz", "e")], axis=-1),
        vertex=np.stack(vertex, axis=-1) / MM_PER_CM,
        weight=ak.to_numpy(batch.info.weights[:, 0]),
    )
