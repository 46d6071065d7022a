"""Tracks of light jets: pulls of the impact parameters, their signs, and the quality of the fits."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from fairmodel.dataset import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from .jet_columns import LIGHT, JetColumns
from .published import CMS_SAMPLE, UNIT_GAUSSIAN
from .tally import Tally

__all__ = ["TrackFits"]

# soft enough that the error of the primary vertex does not count
SOFT = (1.0, 3.0)
PULLS = ("track_dxysig", "track_dzsig")
LABELS = (r"$d_{xy}\,/\,\sigma(d_{xy})$", r"$d_z\,/\,\sigma(d_z)$")
SIGNED = ("trackBTag_Sip2dSig", "trackBTag_Sip3dSig")
FITS = ("track_normchi2", "track_quality", "trackBTag_JetDistVal")
EDGES = np.linspace(-8, 8, 65)


class TrackFits:
    """Distributions over the tracks of QCD jets without heavy hadrons, most of which are prompt."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        del provenance
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
        below, all_negative = self._signed.share(0, -np.inf, -1)[0], self._signed.share(0, -np.inf, -1e-30)[0]
        tail = min(max(below / max(all_negative, 1e-9), 1e-6), 1 - 1e-6)
        width = -1 / NormalDist().inv_cdf(tail / 2)
        error = width / np.sqrt(max(all_negative * self._signed.number(0), 1))
        name = "width of the negative signed 2-D impact parameters, from the share below -1"
        return [*checks, DataCheck(name, "1", 0.95, 1.15, UNIT_GAUSSIAN, width, float(error))]

    def _sign_checks(self) -> list[DataCheck]:
        source = f"0.52 in {CMS_SAMPLE}"
        checks = [
            DataCheck(f"share of positive signs, {name}", "1", 0.48, 0.58, source, *self._signed.share(kind, 1e-30, np.inf))
            for kind, name in enumerate(("2-D", "3-D"))
        ]
        positive = self._fits.share(2, 1e-30, np.inf)
        name = "share of tracks with a positive distance to the jet axis"
        return [*checks, DataCheck(name, "1", 0.0, 0.0, f"none in {CMS_SAMPLE}", *positive)]

    def _fit_checks(self) -> tuple[DataCheck, ...]:
        return (
            DataCheck(
                "share of tracks with chi-square per ndf below 1",
                "1",
                0.54,
                0.64,
                f"0.55 in {CMS_SAMPLE}",
                *self._fits.share(0, 0, 0),
            ),
            DataCheck(
                "share of tracks with chi-square per ndf from 1 to 2",
                "1",
                0.30,
                0.40,
                f"0.36 in {CMS_SAMPLE}",
                *self._fits.share(0, 1, 1),
            ),
            DataCheck(
                "share of tracks with chi-square per ndf of 4 or more",
                "1",
                0.01,
                0.03,
                f"0.023 in {CMS_SAMPLE}",
                *self._fits.share(0, 4, np.inf),
            ),
            DataCheck(
                "share of tracks of high purity", "1", 0.995, 1.0, f"0.9998 in {CMS_SAMPLE}", *self._fits.share(1, 5, 5)
            ),
        )
