"""Masses and substructure of the jets, and the number of primary vertices."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel.dataset import Samples
from fairmodel.validation.statistics import area_under_curve
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from ..data.features import CLASSES
from .jet_columns import JetColumns
from .published import CMS_SAMPLE, HIGGS_MASS, PARTICLE_DATA, TUNING
from .tally import Tally

__all__ = ["Substructure"]

QCD, HIGGS = range(2)
MASS_EDGES, TAU_EDGES = np.linspace(40, 200, 65), np.linspace(0, 1, 51)


class Substructure:
    """Soft-drop mass and tau21 in each class; npv."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        options = provenance.get("configuration", {}).get("options") or {}
        self._pileup = options.get("pileup") if provenance.get("source") == "simulation" else None
        self._mass, self._tau21, self._npv = Tally(2), Tally(2), Tally(1)

    def add(self, samples: Samples) -> None:
        """Count in a block of jets."""
        jets = JetColumns(samples)
        for kind in (QCD, HIGGS):
            of_kind = samples.labels == kind
            self._mass.add(kind, jets.jet("fj_sdmass")[of_kind])
            self._tau21.add(kind, jets.jet("fj_tau21")[of_kind])
        self._npv.add(0, jets.jet("npv"))

    def finish(self) -> DataFindings:
        """Draw mass and tau21; check the Higgs peak, the order of the classes in tau21, and npv."""
        drawing = DataFigure(
            "substructure",
            "Soft-drop mass and N-subjettiness ratio of the jets in each class; the line is the Higgs boson's mass.",
            self._figure(),
        )
        return DataFindings((drawing,), (*self._mass_checks(), self._tau_check(), self._vertex_check()))

    def _figure(self) -> Figure:
        figure = Figure(figsize=(10.4, 3.9))
        mass, tau = figure.subplots(1, 2)
        for kind, name in enumerate(CLASSES):
            mass.stairs(self._mass.density(kind, MASS_EDGES), MASS_EDGES, linewidth=1.8, label=name)
            tau.stairs(self._tau21.density(kind, TAU_EDGES), TAU_EDGES, linewidth=1.8, label=name)
        mass.axvline(HIGGS_MASS, color="0.5", linestyle="--", linewidth=1.2, label=f"{HIGGS_MASS} GeV")
        mass.set(xlabel="Soft-drop mass [GeV]", ylabel="Jets per GeV, normalised", xlim=(40, 200))
        tau.set(xlabel=r"$\tau_{21}$", ylabel="Jets, normalised to unit area", xlim=(0, 1))
        for axes in (mass, tau):
            axes.set_ylim(bottom=0)
            axes.legend()
        return figure

    def _mass_checks(self) -> tuple[DataCheck, ...]:
        if not self._mass.number(HIGGS):
            return ()
        density = self._mass.density(HIGGS, MASS_EDGES)
        place = int(np.argmax(density))
        median, error = self._mass.median(HIGGS)
        return (
            DataCheck("median soft-drop mass of Higgs jets", "GeV", 114, 124, TUNING, median, error),
            DataCheck(
                "most frequent soft-drop mass of Higgs jets, in bins of 2.5 GeV",
                "GeV",
                HIGGS_MASS - 7.5,
                HIGGS_MASS + 2.5,
                f"mass of the boson ({PARTICLE_DATA}), a little less for neutrinos and grooming",
                float(MASS_EDGES[place : place + 2].mean()),
                1.25,
            ),
        )

    def _tau_check(self) -> DataCheck:
        auc = area_under_curve(self._tau21.counts[QCD], self._tau21.counts[HIGGS])
        numbers = [max(self._tau21.number(kind), 1) for kind in (QCD, HIGGS)]
        return DataCheck(
            "probability that tau21 of a QCD jet exceeds that of a Higgs jet",
            "1",
            0.6,
            1.0,
            "two prongs have the smaller ratio, arXiv:1011.2268",
            None if np.isnan(auc) else auc,
            float(np.sqrt(sum(1 / (12 * number) for number in numbers))),
        )

    def _vertex_check(self) -> DataCheck:
        """The mean of npv over what the pile-up lets one expect."""
        name = "primary vertices over collisions in a bunch crossing"
        if self._pileup is None or not self._npv.number(0):
            return DataCheck(name, "1", 0.7, 0.9, CMS_SAMPLE, None)
        mean, error = self._npv.mean(0)
        source = CMS_SAMPLE if self._pileup else "without pile-up there is one of each"
        low, high = (0.7, 0.9) if self._pileup else (1.0, 1.0)
        return DataCheck(name, "1", low, high, source, mean / (1 + self._pileup), error / (1 + self._pileup))
