"""The simulated tracker itself: particles of known momentum and origin against the tracks that it makes of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel.dataset import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from ..data.simulation.helix import Helix, perigee
from ..data.simulation.kinematics import delta_phi, four_momentum
from ..data.simulation.tracker import D_SZ, D_XY, DIP, PHI, Q_OVER_P, Tracks, efficiency, measure
from .published import TRACKING, UNIT_GAUSSIAN
from .tally import Tally

__all__ = ["TrackerResponse"]

SEED, NUMBER = 1, 40_000
PION, MUON, MASS = 211, 13, 0.14
PARAMETERS = {Q_OVER_P: "q/p", DIP: "λ", PHI: "φ", D_XY: "d_xy", D_SZ: "d_sz"}
HARD = 100.0  # GeV
EDGES = np.linspace(-8, 8, 65)


class TrackerResponse:
    """Truth is known only of jets that were simulated here; the particles are made afresh, with a seed of their own."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        self._simulated = provenance.get("source") == "simulation"

    def add(self, samples: Samples) -> None:
        """The jets are not looked at."""

    def finish(self) -> DataFindings:
        """Draw the pulls of all parameters; check pulls, resolution and efficiency."""
        if not self._simulated:
            return DataFindings(remarks=("Not available: the data do not hold the true trajectories.",))
        generator = np.random.default_rng(SEED)
        pulls = _pulls(generator)
        drawing = DataFigure(
            "tracker_response",
            f"Pulls of the track parameters of {NUMBER} prompt pions of 1 to 20 GeV: measured less true value over the "
            "quoted error. The tails are tracks that are worse than they say.",
            _figure(pulls),
        )
        return DataFindings((drawing,), (*_pull_checks(pulls), *_muon_checks(generator), *_efficiency_checks(generator)))


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
    """Share of prompt pions above 0.9 GeV that are found."""
    checks = []
    for low, high, published in ((0.0, 0.9, 0.94), (0.9, 2.5, 0.85)):
        eta = generator.uniform(low, high, NUMBER)
        pt = np.exp(generator.uniform(np.log(0.9), np.log(20), NUMBER))
        chance = efficiency(np.full(NUMBER, PION), pt, eta, np.zeros((NUMBER, 3)))
        quantity = f"efficiency for prompt pions above 0.9 GeV, {low:g} < |η| < {high:g}"
        checks.append(DataCheck(quantity, "1", published - 0.03, published + 0.03, TRACKING, float(chance.mean())))
    return checks
