import awkward as ak
import fastjet
import numpy as np
import pytest

from hbb_in.data.simulation.detector import Candidates, reconstruct, visible_particles
from hbb_in.data.simulation.jets import Jets, cluster, n_subjettiness, soft_drop
from hbb_in.data.simulation.kinematics import azimuth, delta_phi, delta_r, transverse

from ..simulated import Simulated


@pytest.fixture(scope="module")
def candidates(simulated: Simulated) -> Candidates:
    record = simulated.records["graviton"]
    return reconstruct(visible_particles(record), record.events, np.random.default_rng(0)).candidates


@pytest.fixture(scope="module")
def jets(candidates: Candidates) -> Jets:
    return cluster(candidates, int(candidates.event.max()) + 1, least_pt=300)


def slow_anti_kt(momentum: np.ndarray, radius: float) -> np.ndarray:
    """Pairwise recombination straight from arXiv:0802.1189, equations 1 and 2."""
    pseudojets, jets = list(momentum), []
    while pseudojets:
        array = np.array(pseudojets)
        rapidity = 0.5 * np.log((array[:, 3] + array[:, 2]) / (array[:, 3] - array[:, 2]))
        phi, weight = azimuth(array), 1 / transverse(array) ** 2
        squared = (rapidity[:, None] - rapidity) ** 2 + delta_phi(phi[:, None], phi) ** 2
        distance = np.minimum(weight[:, None], weight) * squared / radius**2
        np.fill_diagonal(distance, weight)
        first, second = sorted(np.unravel_index(np.argmin(distance), distance.shape))
        last = pseudojets.pop(second)
        if first == second:
            jets.append(last)
        else:
            pseudojets[first] = pseudojets[first] + last
    return np.array(jets)


def test_jets_are_those_of_the_definition(candidates: Candidates, jets: Jets) -> None:
    for event in (0, 1):
        slow = slow_anti_kt(candidates.momentum[candidates.event == event], 0.8)
        hard = slow[transverse(slow) > 300]
        expected = hard[np.argsort(-transverse(hard))]
        found = jets.momentum[jets.event == event]
        assert found[np.argsort(-transverse(found))] == pytest.approx(expected, rel=1e-9)


def test_constituents_add_up_to_the_jet(candidates: Candidates, jets: Jets) -> None:
    for momentum, event, members in zip(jets.momentum, jets.event, jets.constituents.to_list(), strict=True):
        assert candidates.momentum[members].sum(axis=0) == pytest.approx(momentum)
        assert (candidates.event[members] == event).all()


def test_soft_drop_agrees_with_fastjet_contrib(candidates: Candidates, jets: Jets) -> None:
    groomed = soft_drop(jets, candidates)
    members = ak.to_numpy(ak.flatten(jets.constituents))
    columns = dict(zip(("px", "py", "pz", "E"), candidates.momentum[members].T, strict=True))
    particles = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), ak.num(jets.constituents))
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0)
    peer = fastjet.ClusterSequence(particles, definition).exclusive_jets_softdrop_grooming(
        njets=1, beta=0.0, symmetry_cut=0.1, R0=0.8
    )
    assert groomed.mass == pytest.approx(peer.msoftdrop.to_numpy(), rel=1e-9, abs=1e-6)
    two = np.isfinite(groomed.eta).all(axis=1)
    assert (groomed.pt[two, 0] >= groomed.pt[two, 1]).all()
    fraction = groomed.pt[two, 1] / groomed.pt[two].sum(axis=1)
    assert fraction == pytest.approx(peer.symmetrysoftdrop.to_numpy()[two], rel=1e-6)
    # the pair's distance is in rapidity there and in pseudorapidity here
    distance = delta_r(groomed.eta[two, 0], groomed.phi[two, 0], groomed.eta[two, 1], groomed.phi[two, 1])
    assert np.median(np.abs(distance - peer.deltaRsoftdrop.to_numpy()[two])) < 0.01


def test_more_axes_fit_better(candidates: Candidates, jets: Jets) -> None:
    tau = n_subjettiness(jets, candidates)
    assert tau.shape == (len(jets), 3)
    assert ((tau >= 0) & (tau <= 1)).all()
    assert np.mean(np.diff(tau, axis=1) < 0) > 0.99
