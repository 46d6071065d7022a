"""The drawing of one jet: its particles as seen along the jet axis."""

import numpy as np
from fairmodel.dataset import Samples
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .features import PARTICLES, SCHEMA

__all__ = ["draw_jet"]

AREA, SMALLEST_AREA = 4.0, 8.0  # square points for each GeV of transverse momentum; the least of all
CHARGES = {1: ("C0", "positive"), -1: ("C1", "negative"), 0: ("0.8", "neutral")}
LEAST_REACH = 0.5


def draw_jet(row: Samples, figure: Figure) -> None:
    """Draw the particles of a jet around its axis, with areas in proportion to their transverse momentum."""
    jet_pt, jet_mass = (float(row.spectators[name][0]) for name in ("jet_pt", "jet_mass"))
    particles = row.inputs[PARTICLES.name][0, : row.counts[PARTICLES.name][0]]
    column = {name: particles[:, index] for index, name in enumerate(PARTICLES.feature_names)}
    eta, phi, charge = (column[f"particle_{name}"] for name in ("etarel", "phirel", "charge"))
    area = np.maximum(AREA * jet_pt * column["particle_ptrel"], SMALLEST_AREA)
    axes = figure.subplots()
    for value, (color, _) in CHARGES.items():
        here = charge == value
        axes.scatter(eta[here], phi[here], area[here], color=color, alpha=0.8, edgecolor="0.2", linewidth=0.6)
    axes.plot(0, 0, "+", color="0.3", markersize=12, markeredgewidth=1.2, label="jet axis")
    _draw_legend(figure, axes)
    name = SCHEMA.classes[row.labels[0]]
    axes.set_title(rf"{name} jet: $p_\mathrm{{T}}$ = {jet_pt:.0f} GeV, mass = {jet_mass:.0f} GeV", fontsize=12)
    reach = max(LEAST_REACH, 1.15 * float(np.abs([eta, phi]).max(initial=0)))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set_xlabel(r"$\eta - \eta_\mathrm{jet}$")
    axes.set_ylabel(r"$\phi - \phi_\mathrm{jet}$ [rad]")


def _draw_legend(figure: Figure, axes: Axes) -> None:
    for color, name in CHARGES.values():
        axes.scatter([], [], 60, color=color, edgecolor="0.2", linewidth=0.6, label=name)
    for momentum in (1, 10, 50):
        area = max(AREA * momentum, SMALLEST_AREA)
        axes.scatter([], [], area, facecolor="none", edgecolor="0.2", label=rf"$p_\mathrm{{T}}$ = {momentum} GeV")
    figure.legend(loc="outside lower center", ncols=4, columnspacing=2)
