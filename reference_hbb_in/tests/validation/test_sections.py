"""Each section on jets whose properties are known: it agrees with the right ones and differs from the wrong ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from fairmodel import Samples
from fairmodel.lazy import Lazy
from fairmodel.validation.checks import Collector, DataCheck, DataFindings

from hbb_in.data.simulation import tracker
from hbb_in.project import PROJECT
from hbb_in.validation.columns import BOTTOM, CHARM, LIGHT, JetColumns
from hbb_in.validation.jets import Substructure, VertexNumbers
from hbb_in.validation.published import CMS_ERRORS
from hbb_in.validation.resolution import Resolution
from hbb_in.validation.tagging import Tagging
from hbb_in.validation.tracks import TrackerResponse, TrackFits

from .jets import make_jets

SIMULATION: Mapping[str, Any] = {"source": "simulation", "configuration": {"options": {"pileup": 0.0}}}
CERN: Mapping[str, Any] = {"source": "cern", "configuration": {"options": {"pileup": 0.0}}}


def findings(collector: Collector, *parts: Samples) -> DataFindings:
    for part in parts:
        collector.add(part)
    return collector.finish()


def by_name(found: DataFindings) -> dict[str, DataCheck]:
    checks = {check.quantity: check for check in found.checks}
    assert len(checks) == len(found.checks)
    return checks


def one(found: DataFindings, text: str) -> DataCheck:
    (check,) = [check for name, check in by_name(found).items() if text in name]
    return check


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


def test_columns_are_those_of_the_jets() -> None:
    jets = JetColumns(
        make_jets(
            3,
            columns={"fj_eta": np.array([-1, 1, 2.0]), "fj_pt": 400, "fj_nbHadrons": np.array([0, 1, 0]),
                     "fj_ncHadrons": np.array([0, 1, 2])},
            tracks={"track_etarel": np.full((3, 2), 0.25), "track_ptrel": np.full((3, 2), 0.01)},
        )
    )  # fmt: skip
    assert jets.track_pt == pytest.approx(np.full(6, 4.0))
    # the difference is signed by the jet: positive means farther forward
    assert jets.track_eta == pytest.approx([-1.25, -1.25, 1.25, 1.25, 2.25, 2.25])
    assert jets.flavour.tolist() == [LIGHT, BOTTOM, CHARM]
    assert jets.jet_of_track.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "agrees"), (12.0, "differs")])
def test_the_higgs_peak(random: np.random.Generator, shift: float, verdict: str) -> None:
    def jets(label: int, mass: np.ndarray) -> Samples:
        tau = random.beta(2 + 3 * (1 - label), 5, len(mass))
        return make_jets(len(mass), label=label, columns={"fj_sdmass": mass, "fj_tau21": tau, "npv": 1})

    higgs = np.concatenate([random.normal(123, 4, 2000), random.uniform(90, 123, 1500)]) + shift
    found = findings(Substructure(SIMULATION), jets(1, higgs), jets(0, random.uniform(40, 200, 3000)))
    assert one(found, "median soft-drop").verdict == verdict
    assert one(found, "most frequent").verdict == verdict
    assert one(found, "tau21").verdict == "agrees"
    assert one(found, "primary vertices").verdict == "agrees"


@pytest.mark.parametrize(
    ("provenance", "npv", "verdict"),
    [
        (SIMULATION, 1, "agrees"),
        (SIMULATION, 2, "differs"),
        ({"source": "simulation", "configuration": {"options": {"pileup": 24.0}}}, 20, "agrees"),
        ({"source": "simulation", "configuration": {"options": {"pileup": 24.0}}}, 1, "differs"),
        (CERN, 20, "not available"),
    ],
)
def test_primary_vertices_follow_the_pileup(provenance: Mapping[str, Any], npv: float, verdict: str) -> None:
    found = findings(Substructure(provenance), make_jets(10, columns={"npv": npv, "fj_sdmass": 80}))
    assert one(found, "primary vertices").verdict == verdict


def test_vertices_by_b_hadrons(random: np.random.Generator) -> None:
    def jets(label: int, hadrons: int, mean: float, mass: float) -> Samples:
        columns: dict[str, float | np.ndarray] = {
            "fj_nbHadrons": hadrons,
            "nsv": random.poisson(mean, 2000),
            "fj_pt": 1500,
        }
        return make_jets(2000, label=label, columns=columns, vertices={"sv_mass": np.full((2000, 1), mass)})

    good = findings(VertexNumbers(CERN), jets(0, 0, 0.3, 9.0), jets(1, 2, 1.6, 2.0))
    assert {check.verdict for check in good.checks if "above 1200" not in check.quantity} == {"agrees"}
    # jets without b hadrons may have vertices of any mass
    assert one(good, "above 1200").verdict == "differs"
    bad = findings(VertexNumbers(CERN), jets(0, 0, 1.0, 2.0), jets(1, 2, 3.0, 6.0))
    verdicts = {name: check.verdict for name, check in by_name(bad).items()}
    assert [name for name, verdict in verdicts.items() if verdict == "agrees"] == [one(bad, "above 1200").quantity]


def light_tracks(random: np.random.Generator, width: float) -> Samples:
    """Prompt tracks of 2 GeV, with impact parameters of the given width in units of their error."""
    pull = width * random.normal(size=(4000, 20))
    signed = np.maximum(width * random.normal(size=(4000, 20)), -1)
    return make_jets(
        4000,
        tracks={
            "track_ptrel": np.full((4000, 20), 0.004),
            "track_dxysig": pull,
            "track_dzsig": pull[:, ::-1],
            "trackBTag_Sip2dSig": signed,
            "trackBTag_Sip3dSig": signed,
            "trackBTag_JetDistVal": -random.random((4000, 20)),
            "track_normchi2": random.choice([0, 1, 2, 5], (4000, 20), p=[0.6, 0.34, 0.04, 0.02]),
            "track_quality": np.full((4000, 20), 5),
        },
    )


def test_tracks_that_are_as_good_as_they_say(random: np.random.Generator) -> None:
    found = findings(TrackFits(CERN), light_tracks(random, 1.0))
    assert {check.verdict for check in found.checks} == {"agrees"}
    assert one(found, "signed 2-D impact").seen == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("width", [0.8, 1.4])
def test_tracks_that_are_not_as_good_as_they_say(random: np.random.Generator, width: float) -> None:
    found = findings(TrackFits(CERN), light_tracks(random, width))
    assert one(found, "d_xy pulls").verdict == one(found, "d_z pulls").verdict == "differs"
    assert one(found, "signed 2-D impact").seen == pytest.approx(width, abs=0.03)


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "agrees"), (1.6, "differs")])
def test_errors_like_those_of_cms(factor: float, verdict: str) -> None:
    parts = []
    for entry in CMS_ERRORS:
        eta, pt = float(np.mean(entry.eta)), np.sqrt(entry.pt[0] * entry.pt[1])
        tracks = {
            "track_ptrel": np.full((5, 10), pt / 500),
            "track_dxydxy": np.full((5, 10), (1e-4 * factor * entry.d_xy) ** 2),
            "track_dzdz": np.full((5, 10), (1e-4 * factor * entry.d_z / np.cosh(eta)) ** 2),
        }
        parts.append(make_jets(5, columns={"fj_eta": -eta}, tracks=tracks))
    found = findings(Resolution(CERN), *parts)
    ratios = [check for check in found.checks if "over that of CMS" in check.quantity]
    assert len(ratios) == 4
    assert {check.verdict for check in ratios} == {verdict}
    assert [check.seen for check in ratios] == pytest.approx([factor] * 4, rel=0.004)


def test_a_resolution_without_tracks_is_not_available() -> None:
    found = findings(Resolution(CERN), make_jets(3))
    assert {check.verdict for check in found.checks} == {"not available"}


def test_the_tagging_efficiency_is_the_share_that_passes(random: np.random.Generator) -> None:
    def jets(shift: float, **columns: float) -> tuple[Samples, np.ndarray]:
        significance = random.normal(shift, 3, (3000, 8))
        tracks = {"trackBTag_Sip3dSig": significance, "track_dxy": np.full((3000, 8), 0.01)}
        return make_jets(3000, columns=dict(columns), tracks=tracks), np.sort(significance, axis=1)[:, -2]

    (light, background), (bottom, signal) = jets(0), jets(3, fj_nbHadrons=1)
    found = findings(Tagging(CERN), light, bottom)
    expected = np.mean(signal > np.quantile(background, 0.99))
    check = one(found, "second-largest")
    assert check.seen == pytest.approx(expected, abs=2 * check.error)
    assert check.error < 0.05
    assert one(found, "leading vertex").seen == 0


def test_displaced_tracks_of_strange_hadrons_do_not_tag() -> None:
    far = {"trackBTag_Sip3dSig": np.full((50, 4), 40.0), "track_dxy": np.full((50, 4), 1.0)}
    found = findings(Tagging(CERN), make_jets(50), make_jets(50, columns={"fj_nbHadrons": 1}, tracks=far))
    assert one(found, "second-largest").seen == 0


def test_the_simulated_tracker_is_as_good_as_it_says() -> None:
    checks = by_name(findings(TrackerResponse(SIMULATION)))
    assert {check.verdict for name, check in checks.items() if "pulls" in name} == {"agrees"}
    assert {check.verdict for name, check in checks.items() if "efficiency" in name} == {"agrees"}


def test_a_worse_tracker_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = tracker.sigma_d_xy
    monkeypatch.setattr(tracker, "sigma_d_xy", lambda pt, eta: 1.1 * original(pt, eta))
    found = findings(TrackerResponse(SIMULATION))
    assert one(found, "resolution of d_xy").verdict == "differs"


def test_truth_is_not_available_in_other_data() -> None:
    found = findings(TrackerResponse(CERN), make_jets(2))
    assert found.checks == ()
    assert found.remarks[0].startswith("Not available")


def test_every_section_can_be_loaded_and_bears_data_without_objects() -> None:
    for section in PROJECT.validation:
        found = findings(Lazy(section.collector).load()(CERN), make_jets(4, columns={"fj_sdmass": 90}))
        assert all(check.source for check in found.checks), section.title
