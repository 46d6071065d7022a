"""Efficiency for b jets against mistag, for single observables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel import Input, Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from ..data.features import TRACKS, VERTICES
from .columns import BOTTOM, LIGHT, JetColumns, Tally
from .published import BTAG

__all__ = ["Tagging"]

OBSERVABLES = (
    "second-largest 3-D impact-parameter significance",
    "third-largest 3-D impact-parameter significance",
    "significance of the leading vertex",
)
KINDS = ("light QCD jets", "QCD jets with b hadrons", "Higgs jets")
NONE = -2.0  # of a jet without such an object: below all values
MISTAG = 0.01
# of tracks and vertices that may come from a b hadron and hardly from a strange one (arXiv:1712.07158, section 5), cm
LARGEST_D_XY, LARGEST_AXIS_DISTANCE, LONGEST_FLIGHT = 0.2, 0.07, 2.5


class Tagging:
    """Values of the observables in light QCD jets, QCD jets with b hadrons, and Higgs jets."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        self._tallies = [Tally(len(KINDS)) for _ in OBSERVABLES]

    def add(self, samples: Samples) -> None:
        """Count in a block of jets."""
        flavour, qcd = JetColumns(samples).flavour, samples.labels == 0
        kinds = (qcd & (flavour == LIGHT), qcd & (flavour == BOTTOM), ~qcd)
        impact = _ranked(samples, TRACKS, "trackBTag_Sip3dSig", _selected_tracks(samples))
        flight = _ranked(samples, VERTICES, "sv_dxysig", _selected_vertices(samples))
        for tally, values in zip(self._tallies, (impact[:, 1], impact[:, 2], flight[:, 0]), strict=True):
            for kind, chosen in enumerate(kinds):
                tally.add(kind, values[chosen])

    def finish(self) -> DataFindings:
        """Draw mistag against efficiency; check the efficiency at 1 % mistag."""
        if not all(self._tallies[0].number(kind) for kind in (0, 1)):
            return DataFindings(remarks=("There are no QCD jets with b hadrons, or none without.",))
        drawing = DataFigure(
            "tagging",
            "Light QCD jets against QCD jets with b hadrons (left) and against Higgs jets (right) that pass a cut on "
            "one observable. A curve ends where the jets have no such object.",
            self._figure(),
        )
        source = f"68 % for many observables together in jets of top quarks ({BTAG}), less for one; 1 % by chance"
        quantity = "efficiency for b jets in QCD at 1 % mistag"
        checks = [
            DataCheck(f"{quantity}, {name}", "1", 0.10, 0.68, source, *_efficiency(tally))
            for name, tally in zip(OBSERVABLES, self._tallies, strict=True)
        ]
        return DataFindings((drawing,), tuple(checks))

    def _figure(self) -> Figure:
        figure = Figure(figsize=(10.4, 4.3))
        for kind, axes in enumerate(figure.subplots(1, 2, sharey=True), start=1):
            for name, tally in zip(OBSERVABLES, self._tallies, strict=True):
                axes.plot(*_curve(tally, kind), label=name)
            diagonal = np.geomspace(1e-4, 1)
            axes.plot(diagonal, diagonal, color="0.6", linestyle=":", linewidth=1.2, label="random")
            axes.set(xlabel=f"Efficiency for {KINDS[kind]}", yscale="log", xlim=(0, 1), ylim=(3e-4, 1))
        figure.axes[0].plot(
            0.68, MISTAG, "*", color="0.2", markersize=11, label="CMS, many observables", linestyle="none"
        )
        figure.axes[0].set_ylabel(f"Mistag of {KINDS[0]}")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=3, fontsize=9)
        return figure


def _selected_tracks(samples: Samples) -> np.ndarray:
    """Tracks that may come from a b hadron, bool (jet, slot)."""
    d_xy, distance = (_values(samples, TRACKS, name) for name in ("track_dxy", "trackBTag_JetDistVal"))
    selected: np.ndarray = (np.abs(d_xy) < LARGEST_D_XY) & (np.abs(distance) < LARGEST_AXIS_DISTANCE)
    return selected


def _selected_vertices(samples: Samples) -> np.ndarray:
    """Vertices that may come from a b hadron, bool (jet, slot)."""
    selected: np.ndarray = _values(samples, VERTICES, "sv_dxy") < LONGEST_FLIGHT
    return selected


def _values(samples: Samples, item: Input, name: str) -> np.ndarray:
    return samples.inputs[item.name][..., item.feature_names.index(name)]


def _ranked(samples: Samples, item: Input, name: str, selected: np.ndarray) -> np.ndarray:
    """A feature of the selected real objects of each jet, largest first: (jet, slot)."""
    real = np.arange(item.slots) < samples.counts[item.name][:, np.newaxis]
    ranked: np.ndarray = -np.sort(-np.where(real & selected, _values(samples, item, name), NONE), axis=1)
    return ranked


def _curve(tally: Tally, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """Efficiency for a kind and mistag of light jets, from the tightest cut to the loosest that needs an object."""
    counts = tally.counts[[kind, 0]][:, ::-1]
    passing = np.cumsum(counts, axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # the last change is that of the jets without an object
    changed = np.flatnonzero(counts.any(axis=0))[:-1]
    efficiency, mistag = np.concatenate([np.zeros((2, 1)), passing[:, changed]], axis=1)
    return efficiency, mistag


def _efficiency(tally: Tally) -> tuple[float, float]:
    """Efficiency for b jets where the mistag reaches 1 %, and its statistical error, that of the cut included."""
    efficiency, mistag = _curve(tally, 1)
    shift = np.sqrt(MISTAG / tally.number(0))
    low, value, high = np.interp([MISTAG - shift, MISTAG, MISTAG + shift], mistag, efficiency)
    return float(value), float(np.hypot(np.sqrt(value * (1 - value) / tally.number(1)), (high - low) / 2))
