"""Tracks of light jets, and the simulated tracker itself: pulls, signs, fits, resolution and efficiency."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from fairmodel import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from ..data.simulation.kinematics import Helix, delta_phi, four_momentum, perigee
from ..data.simulation.tracker import D_SZ, D_XY, DIP, PHI, Q_OVER_P, Tracks, efficiency, measure
from .columns import LIGHT, JetColumns, Tally
from .published import CMS_SAMPLE, TRACKING, UNIT_GAUSSIAN

__all__ = ["TrackFits", "TrackerResponse"]

# soft enough that the error of the primary vertex does not count
SOFT = (1.0, 3.0)
PULLS = ("track_dxysig", "track_dzsig")
LABELS = (r"$d_{xy}\,/\,\sigma(d_{xy})$", r"$d_z\,/\,\sigma(d_z)$")
SIGNED = ("trackBTag_Sip2dSig", "trackBTag_Sip3dSig")
TINY = 1e-30  # tells a sign from zero
FITS = ("track_normchi2", "track_quality", "trackBTag_JetDistVal")
# name, index in FITS, range of values, allowed share, share in CMS
FIT_SHARES = (
    ("with chi-square per ndf below 1", 0, (0, 0), (0.54, 0.64), 0.55),
    ("with chi-square per ndf from 1 to 2", 0, (1, 1), (0.30, 0.40), 0.36),
    ("with chi-square per ndf of 4 or more", 0, (4, np.inf), (0.01, 0.03), 0.023),
    ("of high purity", 1, (5, 5), (0.995, 1.0), 0.9998),
)
SEED, NUMBER = 1, 40_000
PION, MUON, MASS = 211, 13, 0.14
PARAMETERS = {Q_OVER_P: "q/p", DIP: "λ", PHI: "φ", D_XY: "d_xy", D_SZ: "d_sz"}
HARD = 100.0  # GeV
EDGES = np.linspace(-8, 8, 65)


class TrackFits:
    """Distributions over the tracks of QCD jets without heavy hadrons, most of which are prompt."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        self._pulls, self._signed, self._fits = Tally(len(PULLS)), Tally(len(SIGNED)), Tally(len(FITS))

    def add(self, samples: Samples) -> None:
        """Count in a block of jets."""
        jets = JetColumns(samples)
        light = ((samples.labels == 0) & (jets.flavour == LIGHT))[jets.jet_of_track]
        soft = light & (jets.track_pt > SOFT[0]) & (jets.track_pt < SOFT[1])
        for names, tally, chosen in (
            (PULLS, self._pulls, soft),
            (SIGNED, self._signed, light),
            (FITS, self._fits, light),
        ):
            for kind, name in enumerate(names):
                tally.add(kind, jets.track(name)[chosen])

    def finish(self) -> DataFindings:
        """Draw the pulls; check cores, signs and fits."""
        drawing = DataFigure(
            "pulls",
            f"Impact parameters over their errors for tracks of {SOFT[0]:g} to {SOFT[1]:g} GeV in QCD jets without "
            "heavy hadrons, and a unit Gaussian. Beyond it are badly measured tracks and decays of light hadrons.",
            self._figure(),
        )
        if not self._pulls.number(0):
            return DataFindings(remarks=("There are no QCD jets without heavy hadrons.",))
        return DataFindings((drawing,), (*self._pull_checks(), *self._sign_checks(), *self._fit_checks()))

    def _figure(self) -> Figure:
        figure = Figure(figsize=(10.4, 3.9))
        gaussian = np.exp(-np.square(EDGES) / 2) / np.sqrt(2 * np.pi)
        for kind, axes in enumerate(figure.subplots(1, 2, sharey=True)):
            density = self._pulls.density(kind, EDGES)
            axes.stairs(density, EDGES, linewidth=1.8, label="tracks")
            axes.plot(EDGES, gaussian, color="0.4", linestyle="--", linewidth=1.4, label="unit Gaussian")
            axes.set(xlabel=LABELS[kind], yscale="log", ylim=(1e-5, 1), xlim=(-8, 8))
            axes.legend(loc="upper right")
        figure.axes[0].set_ylabel("Tracks, normalised to unit area")
        return figure

    def _pull_checks(self) -> list[DataCheck]:
        source = f"{UNIT_GAUSSIAN}, made wider by the error of the primary vertex and by decays of strange hadrons"
        checks = [
            DataCheck(f"width of the core of the {name} pulls", "1", 0.95, 1.25, source, *self._pulls.core_width(kind))
            for kind, name in enumerate(("d_xy", "d_z"))
        ]
        # the clipped feature still tells how many of the negative values are below -1
        below, all_negative = self._signed.share(0, -np.inf, -1)[0], self._signed.share(0, -np.inf, -TINY)[0]
        tail = min(max(below / max(all_negative, 1e-9), 1e-6), 1 - 1e-6)
        width = -1 / NormalDist().inv_cdf(tail / 2)
        error = width / np.sqrt(max(all_negative * self._signed.number(0), 1))
        name = "width of the negative signed 2-D impact parameters, from the share below -1"
        return [*checks, DataCheck(name, "1", 0.95, 1.15, UNIT_GAUSSIAN, width, float(error))]

    def _sign_checks(self) -> list[DataCheck]:
        source = f"0.52 in {CMS_SAMPLE}"
        checks = [
            DataCheck(
                f"share of positive signs, {name}", "1", 0.48, 0.58, source, *self._signed.share(kind, TINY, np.inf)
            )
            for kind, name in enumerate(("2-D", "3-D"))
        ]
        positive = self._fits.share(2, TINY, np.inf)
        name = "share of tracks with a positive distance to the jet axis"
        return [*checks, DataCheck(name, "1", 0.0, 0.0, f"none in {CMS_SAMPLE}", *positive)]

    def _fit_checks(self) -> list[DataCheck]:
        return [
            DataCheck(
                f"share of tracks {name}", "1", *allowed, f"{cms} in {CMS_SAMPLE}", *self._fits.share(kind, *values)
            )
            for name, kind, values, allowed, cms in FIT_SHARES
        ]


class TrackerResponse:
    """Tracks of new particles of known momentum, with a seed of their own; only for jets that were simulated here."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        self._simulated = provenance.get("source") == "simulation"

    def add(self, samples: Samples) -> None:
        """Leave the jets aside."""

    def finish(self) -> DataFindings:
        """Draw the pulls of all parameters; check pulls, resolution and efficiency."""
        if not self._simulated:
            return DataFindings(remarks=("Not available: the data do not hold the true trajectories.",))
        generator = np.random.default_rng(SEED)
        pulls = _pulls(generator)
        drawing = DataFigure(
            "tracker_response",
            f"Pulls of the track parameters of {NUMBER} prompt pions of 1 to 20 GeV: measured less true value over the "
            "quoted error. The tails are tracks whose errors are larger than quoted.",
            _figure(pulls),
        )
        checks = (*_pull_checks(pulls), *_muon_checks(generator), *_efficiency_checks(generator))
        return DataFindings((drawing,), checks)


def _particles(pt: np.ndarray, largest_eta: float, generator: np.random.Generator) -> np.ndarray:
    eta = generator.uniform(-largest_eta, largest_eta, len(pt))
    return four_momentum(pt, eta, generator.uniform(-np.pi, np.pi, len(pt)), np.full(len(pt), MASS))


def _measured(pid: int, momentum: np.ndarray, generator: np.random.Generator) -> tuple[Tracks, Helix]:
    """Tracks of particles from the origin, and the true helices."""
    origin = np.zeros((len(momentum), 3))
    tracks = measure(np.full(len(momentum), pid), momentum, origin, generator)
    return tracks, perigee(origin, momentum, tracks.charge)


def _pulls(generator: np.random.Generator) -> Tally:
    pt = np.exp(generator.uniform(0, np.log(20), NUMBER))
    tracks, true = _measured(PION, _particles(pt, 2.4, generator), generator)
    shifts = {
        Q_OVER_P: np.cos(tracks.dip) / tracks.pt - np.cos(true.dip) / true.pt,
        DIP: tracks.dip - true.dip,
        PHI: delta_phi(tracks.phi, true.phi),
        D_XY: tracks.d_xy - true.d_xy,
        D_SZ: (tracks.d_z - true.d_z) * np.cos(true.dip),
    }
    pulls = Tally(len(PARAMETERS))
    for parameter, shift in shifts.items():
        pulls.add(parameter, shift / np.sqrt(tracks.covariance[:, parameter, parameter]))
    return pulls


def _figure(pulls: Tally) -> Figure:
    figure = Figure(figsize=(5.6, 4.1))
    axes = figure.subplots()
    for parameter, name in PARAMETERS.items():
        axes.stairs(pulls.density(parameter, EDGES), EDGES, linewidth=1.6, label=name)
    gaussian = np.exp(-np.square(EDGES) / 2) / np.sqrt(2 * np.pi)
    axes.plot(EDGES, gaussian, color="0.4", linestyle="--", linewidth=1.4, label="unit Gaussian")
    axes.set(xlabel="Pull", ylabel="Tracks, normalised to unit area", yscale="log", ylim=(1e-5, 1), xlim=(-8, 8))
    axes.legend(fontsize=9)
    return figure


def _pull_checks(pulls: Tally) -> list[DataCheck]:
    widths = [
        DataCheck(
            f"width of the core of the {name} pulls, true", "1", 0.95, 1.05, UNIT_GAUSSIAN, *pulls.core_width(parameter)
        )
        for parameter, name in PARAMETERS.items()
    ]
    inside, error = pulls.share(D_XY, -3, 3)
    tail = "0.0027 of a unit Gaussian, and a third of the 3 % of badly measured tracks"
    return [*widths, DataCheck("share of true d_xy pulls beyond 3", "1", 0.008, 0.018, tail, 1 - inside, error)]


def _muon_checks(generator: np.random.Generator) -> list[DataCheck]:
    """Resolution for muons of 100 GeV, from the core of the differences; a quarter to either side of CMS is allowed."""
    tracks, true = _measured(MUON, _particles(np.full(NUMBER, HARD), 1.4, generator), generator)
    differences = {
        "resolution of d_xy": ("µm", 10.0, 1e4 * (tracks.d_xy - true.d_xy)),
        "resolution of d_z": ("µm", 30.0, 1e4 * (tracks.d_z - true.d_z)),
        "relative resolution of pT": ("1", 0.028, tracks.pt / true.pt - 1),
    }
    checks = []
    for name, (unit, published, values) in differences.items():
        tally = Tally(1)
        tally.add(0, values)
        quantity = f"{name}, muons of {HARD:g} GeV with |η| < 1.4"
        checks.append(DataCheck(quantity, unit, 0.75 * published, 1.25 * published, TRACKING, *tally.core_width(0)))
    return checks


def _efficiency_checks(generator: np.random.Generator) -> list[DataCheck]:
    """Efficiency for prompt pions above 0.9 GeV."""
    checks = []
    for low, high, published in ((0.0, 0.9, 0.94), (0.9, 2.5, 0.85)):
        eta = generator.uniform(low, high, NUMBER)
        pt = np.exp(generator.uniform(np.log(0.9), np.log(20), NUMBER))
        chance = efficiency(np.full(NUMBER, PION), pt, eta, np.zeros((NUMBER, 3)))
        quantity = f"efficiency for prompt pions above 0.9 GeV, {low:g} < |η| < {high:g}"
        checks.append(DataCheck(quantity, "1", published - 0.03, published + 0.03, TRACKING, float(chance.mean())))
    return checks
