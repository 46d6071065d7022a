"""The event display of one jet: its tracks, vertices and subjets as seen along the jet axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from fairmodel import Input, Samples
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MultipleLocator

from .features import SCHEMA, TRACKS, VERTICES
from .simulation.kinematics import delta_phi

__all__ = ["DrawnObjects", "draw_axes", "draw_jet", "frame", "jet_columns", "title_of", "tracks_and_vertices"]

RADIUS = 0.8  # of the jets
REACH = 0.95
TRACK_AREA, SMALLEST_TRACK = 3.0, 9.0  # square points for each GeV of pT; the area of the softest tracks
VERTEX_AREA = 120.0  # square points for each GeV of mass
VERTEX_COLOR = "#ffa90e"
SIGNIFICANCES = TwoSlopeNorm(vcenter=0, vmin=-3, vmax=10)
LEAST_SIGNIFICANCE, LARGEST_SIGNIFICANCE = -1, 10  # the ntuple's own bound, and that of the colours
TITLES = {"QCD": "QCD jet", "Hbb": r"$H \to b\bar{b}$ jet"}


@dataclass(frozen=True)
class DrawnObjects:
    """The real objects of one input of one jet: values (object, feature), and positions relative to the jet axis."""

    item: Input
    values: np.ndarray
    eta: np.ndarray
    phi: np.ndarray

    def __getitem__(self, feature: str) -> np.ndarray:
        return self.values[:, self.item.feature_names.index(feature)]


def draw_jet(row: Samples, figure: Figure) -> None:
    """Draw a jet in pseudorapidity and azimuth around its axis.

    Tracks are circles with areas in proportion to pT, coloured by the significance of their signed impact parameter in
    space; secondary vertices are stars with areas in proportion to mass; crosses are the axes of the soft-drop subjets.
    """
    jet = jet_columns(row)
    tracks, vertices = tracks_and_vertices(row)
    axes = figure.subplots()
    _draw_tracks(axes, tracks, jet["fj_pt"])
    axes.scatter(vertices.eta, vertices.phi, VERTEX_AREA * vertices["sv_mass"], **_vertex_style())
    draw_axes(axes, jet)
    _draw_legend(figure, axes)
    axes.set_title(title_of(row, jet), fontsize=11)
    frame(axes)


def frame(axes: Axes) -> None:
    """Set the limits, scale and labels that every display shares."""
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    axes.set_xlabel(r"$\eta - \eta_\mathrm{jet}$")
    axes.set_ylabel(r"$\phi - \phi_\mathrm{jet}$ [rad]")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(0.4))


def jet_columns(row: Samples) -> dict[str, float]:
    """Columns of a jet, by name."""
    return {name: float(values[0]) for name, values in row.spectators.items()}


def tracks_and_vertices(row: Samples) -> tuple[DrawnObjects, DrawnObjects]:
    """Objects of both inputs of a jet."""
    return _objects(row, TRACKS, "track"), _objects(row, VERTICES, "sv")


def _objects(row: Samples, item: Input, prefix: str) -> DrawnObjects:
    values = row.inputs[item.name][0, : row.counts[item.name][0]]
    features = item.feature_names
    # the ntuple's relative pseudorapidities are signed by that of the jet
    eta = np.sign(row.spectators["fj_eta"][0]) * values[:, features.index(f"{prefix}_etarel")]
    return DrawnObjects(item, values, eta, values[:, features.index(f"{prefix}_phirel")])


def _draw_tracks(axes: Axes, tracks: DrawnObjects, jet_pt: float) -> None:
    order = np.argsort(-tracks["track_ptrel"])
    area = np.maximum(TRACK_AREA * jet_pt * tracks["track_ptrel"], SMALLEST_TRACK)
    significance = np.clip(tracks["trackBTag_Sip3dSig"], LEAST_SIGNIFICANCE, LARGEST_SIGNIFICANCE)
    points = axes.scatter(
        tracks.eta[order],
        tracks.phi[order],
        area[order],
        significance[order],
        cmap="RdBu_r",
        norm=SIGNIFICANCES,
        edgecolor="0.25",
        linewidth=0.6,
    )
    bar = axes.figure.colorbar(points, ax=axes, pad=0.02)
    bar.ax.set_ylim(LEAST_SIGNIFICANCE, LARGEST_SIGNIFICANCE)
    ticks = {LEAST_SIGNIFICANCE: r"$\leq -1$", LARGEST_SIGNIFICANCE: r"$\geq 10$"}
    bar.set_ticks([-1, 0, 2, 4, 6, 8, 10], labels=[ticks.get(tick, f"{tick}") for tick in (-1, 0, 2, 4, 6, 8, 10)])
    bar.set_label("Significance of the signed 3-D impact parameter")
    bar.ax.minorticks_off()


def draw_axes(axes: Axes, jet: dict[str, float]) -> None:
    """Draw the axes of the jet and of its soft-drop subjets, and the jet's size."""
    outline = [withStroke(linewidth=4, foreground="white")]
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(RADIUS * np.cos(angle), RADIUS * np.sin(angle), "--", color="0.5", linewidth=1.2, label=f"R = {RADIUS}")
    axes.plot(0, 0, "+", color="0.3", markersize=11, markeredgewidth=1.2, path_effects=outline, label="jet axis")
    subjets = range(1, 1 + int(jet["fj_n_sdsubjets"]))
    eta = np.array([jet[f"fj_sdsj{number}_eta"] for number in subjets]) - jet["fj_eta"]
    phi = delta_phi(np.array([jet[f"fj_sdsj{number}_phi"] for number in subjets]), np.array(jet["fj_phi"]))
    axes.plot(eta, phi, "x", color="0", markersize=10, markeredgewidth=2, path_effects=outline, label="subjet axes")


def _draw_legend(figure: Figure, axes: Axes) -> None:
    for momentum in (1, 10, 100):
        area = max(TRACK_AREA * momentum, SMALLEST_TRACK)
        axes.scatter(
            [], [], area, facecolor="none", edgecolor="0.25", label=rf"track, $p_\mathrm{{T}}$ = {momentum} GeV"
        )
    for mass in (1, 4):
        axes.scatter([], [], VERTEX_AREA * mass, **_vertex_style(), label=f"vertex, mass = {mass} GeV")
    figure.legend(loc="outside lower center", ncols=3, fontsize=10, columnspacing=2, handletextpad=0.6)


def _vertex_style() -> dict[str, Any]:
    return {"marker": "*", "facecolor": VERTEX_COLOR, "edgecolor": "black", "linewidth": 0.9, "zorder": 3}


def title_of(row: Samples, jet: dict[str, float]) -> str:
    """Title of a display: class, transverse momentum, mass, tau21 and vertices of the jet."""
    name = SCHEMA.classes[row.labels[0]]
    vertices = int(jet["nsv"])
    return (
        rf"{TITLES[name]}: $p_\mathrm{{T}}$ = {jet['fj_pt']:.0f} GeV, $m_\mathrm{{SD}}$ = {jet['fj_sdmass']:.0f} GeV, "
        rf"$\tau_{{21}}$ = {jet['fj_tau21']:.2f}, {vertices} {'vertex' if vertices == 1 else 'vertices'}"
    )
