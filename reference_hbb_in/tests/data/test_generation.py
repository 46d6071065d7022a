import numpy as np
import pytest

from hbb_in.data.simulation.arrays import EventRecord
from hbb_in.data.simulation.generation import (
    BOTTOM,
    CHARM,
    contains_higgs,
    count_hadrons,
    hadron_flavour,
    last_heavy_hadrons,
)
from hbb_in.data.simulation.kinematics import four_momentum

# one row for each particle: event, index in it, PDG code, index of the mother, of the daughter, eta, phi
RECORD = (
    (0, 0, 90, 0, 1, 0.0, 0.0),
    (0, 1, 25, 0, 2, 1.0, 0.5),  # a Higgs boson, its copy after recoil, and its quarks
    (0, 2, 25, 1, 3, 1.0, 0.5),
    (0, 3, 5, 2, 5, 1.2, 0.6),
    (0, 4, -5, 2, 5, 0.7, 0.3),
    (0, 5, 513, 3, 6, 1.2, 0.6),  # B* -> B -> D* -> D -> pion
    (0, 6, 511, 5, 7, 1.2, 0.6),
    (0, 7, -413, 6, 8, 1.1, 0.6),
    (0, 8, -421, 7, 9, 1.1, 0.6),
    (0, 9, 211, 8, 0, 1.0, 1.0),
    (1, 0, 90, 0, 1, 0.0, 0.0),
    (1, 1, 25, 0, 2, -1.0, 2.0),  # a Higgs boson whose quarks fly far apart
    (1, 2, 5, 1, 4, -1.9, 2.0),
    (1, 3, -5, 1, 4, -0.4, 2.0),
    (1, 4, 4122, 2, 0, -1.0, 2.1),  # a charmed baryon
)


@pytest.fixture
def record() -> EventRecord:
    event, index, pid, mother, daughter, eta, phi = (np.array(column) for column in zip(*RECORD, strict=True))
    number = len(RECORD)
    first = np.arange(number) - index
    momentum = four_momentum(np.full(number, 50.0), eta, phi, np.zeros(number))
    vertex = np.zeros((number, 3))
    return EventRecord(event, pid, daughter == 0, mother + first, daughter + first, momentum, vertex, np.ones(2))


def test_a_higgs_jet_holds_both_quarks(record: EventRecord) -> None:
    event = np.array([0, 0, 1])
    eta, phi = np.array([1.0, 1.0, -1.0]), np.array([0.5, -2.0, 2.0])
    # in the second event one quark is 0.9 from the jet; in the first the jet behind is no match either
    assert contains_higgs(record, event, eta, phi).tolist() == [True, False, False]


def test_a_higgs_is_matched_across_the_azimuth_seam(record: EventRecord) -> None:
    turned = record.momentum @ np.diag([-1.0, -1.0, 1.0, 1.0])
    moved = EventRecord(**{**vars(record), "momentum": turned})
    assert contains_higgs(moved, np.array([0]), np.array([1.0]), np.array([0.5 + np.pi]))[0]


def test_flavour_is_read_from_the_pdg_code() -> None:
    flavours = {511: 5, -531: 5, 5122: 5, 10511: 5, 421: 4, 4122: 4, -4132: 4, 443: 4, 553: 5, 20513: 5}
    light = {211: 0, 321: 0, 2212: 0, 3122: 0, 5: 0, 21: 0, 5101: 0, 4203: 0, 25: 0, 5100039: 0}
    codes = flavours | light
    assert hadron_flavour(np.array(list(codes))).tolist() == list(codes.values())


def test_only_the_last_hadron_of_a_flavour_counts(record: EventRecord) -> None:
    assert record.pid[last_heavy_hadrons(record, BOTTOM)].tolist() == [511]
    assert record.pid[last_heavy_hadrons(record, CHARM)].tolist() == [-421, 4122]


def test_hadrons_are_counted_near_jets_of_their_own_event(record: EventRecord) -> None:
    event, eta, phi = np.array([0, 0, 1, 1]), np.array([1.0, -1.0, -1.0, 1.0]), np.array([0.5, 2.0, 2.0, 0.5])
    assert count_hadrons(record, BOTTOM, event, eta, phi).tolist() == [1, 0, 0, 0]
    assert count_hadrons(record, CHARM, event, eta, phi).tolist() == [1, 0, 1, 0]
