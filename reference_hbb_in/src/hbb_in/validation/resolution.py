"""Errors of the impact parameters against transverse momentum and pseudorapidity."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from fairmodel import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .columns import JetColumns, Tally
from .published import CMS_ERRORS, CMS_SAMPLE, DETECTOR, QuotedErrors

__all__ = ["Resolution"]

PT_EDGES = np.array([0.95, 1.5, 2.5, 5, 10, 20, 50, 200])
ETA_EDGES = np.array([0.0, 0.8, 1.5, 2.5])
FINE_ETA_EDGES = np.linspace(0, 2.4, 9)
ETA_BINS, FINE_ETA_BINS = len(ETA_EDGES) - 1, len(FINE_ETA_EDGES) - 1
SLICE_EDGES = np.array([0.95, 1.5, 2.5, 5, 10, 20])
SLICES = (0, 2, 4)  # the pT ranges that are drawn against eta
MICROMETRES = 1e4
LABELS = (r"$\sigma(d_{xy})$ [µm]", r"$\sigma(d_z)$ [µm]")
LEAST_TRACKS = 30
BANDS = ((25, 90), (45, 150))  # published ranges from 1 to 10 GeV, micrometres
# ranges of pT near 1 and near 10 GeV, and the errors there, in micrometres
PUBLISHED = (((0.95, 1.5), 90.0, 150.0), ((5.0, 10.0), 25.0, 45.0))


class Resolution:
    """Errors that the tracks quote, in bins of pT and pseudorapidity."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        self._by_pt = [Tally((len(PT_EDGES) - 1) * ETA_BINS) for _ in LABELS]
        self._by_eta = [Tally((len(SLICE_EDGES) - 1) * FINE_ETA_BINS) for _ in LABELS]

    def add(self, samples: Samples) -> None:
        """Count in the tracks of a block of jets."""
        jets = JetColumns(samples)
        pt, eta = jets.track_pt, np.abs(jets.track_eta)
        d_xy = MICROMETRES * np.sqrt(jets.track("track_dxydxy"))
        # the variance is that of d_sz = d_z cos(lambda)
        d_z = MICROMETRES * np.sqrt(jets.track("track_dzdz")) * np.cosh(eta)
        by_pt = _bins(pt, PT_EDGES) * ETA_BINS + _bins(eta, ETA_EDGES)
        by_eta = _bins(pt, SLICE_EDGES) * FINE_ETA_BINS + _bins(eta, FINE_ETA_EDGES)
        for kind, values in enumerate((d_xy, d_z)):
            for tallies, bins in ((self._by_pt, by_pt), (self._by_eta, by_eta)):
                for number in np.unique(bins[bins >= 0]).astype(int):
                    tallies[kind].add(number, values[bins == number])

    def finish(self) -> DataFindings:
        """Draw the medians; compare them with those of CMS."""
        drawing = DataFigure(
            "resolution",
            "Median errors that the tracks quote, against transverse momentum and pseudorapidity. Lines: these data; "
            f"points: {CMS_SAMPLE}; bands: {DETECTOR}.",
            self._figure(),
        )
        return DataFindings((drawing,), (*self._sample_checks(), *self._paper_checks()))

    def _median(self, kind: int, pt: tuple[float, float], eta: tuple[float, float]) -> float:
        """Median in a bin of both, NaN if there are few tracks in it."""
        number = int(np.searchsorted(PT_EDGES, pt[0]) * ETA_BINS + np.searchsorted(ETA_EDGES, eta[0]))
        return _known_median(self._by_pt[kind], number)

    def _figure(self) -> Figure:
        figure = Figure(figsize=(10.4, 7.6))
        panels = figure.subplots(2, 2, sharey="row")
        for kind, (against_pt, against_eta) in enumerate(panels):
            self._draw_pt(against_pt, kind)
            self._draw_eta(against_eta, kind)
            low, high = BANDS[kind]
            against_pt.fill_between([1, 10], low, high, color="0.88", zorder=0, label="CMS, published")
            against_pt.set(ylabel=LABELS[kind], yscale="log", ylim=(8, 250))
            for axes in (against_pt, against_eta):
                axes.plot([], [], "o", color="0.5", markersize=6, label="CMS simulation, 2017")
                axes.set_yticks([10, 20, 50, 100, 200], ["10", "20", "50", "100", "200"])
        for axes in panels[0]:
            axes.legend(fontsize=9, loc="upper right")
        panels[1, 0].set_xlabel("Transverse momentum [GeV]")
        panels[1, 1].set_xlabel(r"$|\eta|$")
        return figure

    def _draw_pt(self, axes: Axes, kind: int) -> None:
        centres = np.sqrt(PT_EDGES[1:] * PT_EDGES[:-1])
        for index, eta in enumerate(pairwise(ETA_EDGES)):
            medians = [self._median(kind, pt, eta) for pt in pairwise(PT_EDGES)]
            axes.plot(centres, medians, color=f"C{index}", label=rf"${eta[0]:g} < |\eta| < {eta[1]:g}$")
            points = [entry for entry in CMS_ERRORS if entry.eta[0] == eta[0]]
            _draw_points(axes, index, [np.sqrt(entry.pt[0] * entry.pt[1]) for entry in points], points, kind)
        axes.set_xscale("log")
        axes.set_xticks([1, 10, 100], ["1", "10", "100"])

    def _draw_eta(self, axes: Axes, kind: int) -> None:
        centres = (FINE_ETA_EDGES[1:] + FINE_ETA_EDGES[:-1]) / 2
        for index, row in enumerate(SLICES):
            low, high = SLICE_EDGES[row : row + 2]
            first = row * FINE_ETA_BINS
            medians = [_known_median(self._by_eta[kind], first + column) for column in range(FINE_ETA_BINS)]
            axes.plot(centres, medians, color=f"C{index}", label=rf"${low:g} < p_\mathrm{{T}} < {high:g}$ GeV")
            points = [entry for entry in CMS_ERRORS if entry.pt[0] == low]
            _draw_points(axes, index, [float(np.mean(entry.eta)) for entry in points], points, kind)
        axes.set_xlim(0, 2.5)

    def _sample_checks(self) -> list[DataCheck]:
        """Mean and largest ratio to the errors of simulated CMS events, over all bins."""
        checks = []
        for kind, name in enumerate(("d_xy", "d_z")):
            ratio = np.array(
                [self._median(kind, entry.pt, entry.eta) / (entry.d_xy, entry.d_z)[kind] for entry in CMS_ERRORS]
            )
            ratio = ratio[np.isfinite(ratio)]
            if not len(ratio):
                continue
            farthest = float(ratio[np.argmax(np.abs(np.log(ratio)))])
            bins = f"of {len(ratio)} bins in pT and |η|"
            checks += [
                DataCheck(
                    f"error of {name} over that of CMS, mean {bins}", "1", 0.8, 1.25, CMS_SAMPLE, float(ratio.mean())
                ),
                DataCheck(
                    f"error of {name} over that of CMS, farthest from 1 {bins}", "1", 0.6, 1.5, CMS_SAMPLE, farthest
                ),
            ]
        return checks

    def _paper_checks(self) -> list[DataCheck]:
        """The ends of the published range, a fifth to either side, at 1 and at 10 GeV."""
        checks = []
        for pt, *published in PUBLISHED:
            for kind, (name, value) in enumerate(zip(("d_xy", "d_z"), published, strict=True)):
                median = self._median(kind, pt, (0.0, 0.8))
                seen = float(median) if np.isfinite(median) else None
                quantity = f"error of {name} for {pt[0]:g} < pT < {pt[1]:g} GeV, |η| < 0.8"
                checks.append(DataCheck(quantity, "µm", 0.8 * value, 1.2 * value, DETECTOR, seen))
        return checks


def _bins(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bin of each value, float64; NaN outside, and so are sums with it."""
    bins = np.digitize(values, edges) - 1.0
    return np.where((bins >= 0) & (bins < len(edges) - 1), bins, np.nan)


def _known_median(tally: Tally, kind: int) -> float:
    return tally.median(kind)[0] if tally.number(kind) >= LEAST_TRACKS else np.nan


def _draw_points(axes: Axes, index: int, positions: Sequence[float], points: Sequence[QuotedErrors], kind: int) -> None:
    values = [(entry.d_xy, entry.d_z)[kind] for entry in points]
    axes.plot(positions, values, "os^"[index], color=f"C{index}", markersize=7, markeredgecolor="white")
