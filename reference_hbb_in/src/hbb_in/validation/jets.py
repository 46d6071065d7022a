"""Masses and substructure of the jets, their primary vertices, and secondary vertices by b hadrons."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from fairmodel.validation.statistics import area_under_curve
from matplotlib.figure import Figure

from ..data.features import CLASSES
from .columns import LIGHT, JetColumns, Tally
from .published import CMS_SAMPLE, HIGGS_MASS, PARTICLE_DATA, TUNING

__all__ = ["Substructure", "VertexNumbers"]

QCD, HIGGS = range(2)
MASS_EDGES, TAU_EDGES = np.linspace(40, 200, 65), np.linspace(0, 1, 51)
B_HADRONS = ("no b hadron", "1 b hadron", "2 or more b hadrons")
HARD = 1200.0  # GeV: as hard as the jets of the CMS events that are compared
B_MASS = 5.28


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
        peak = int(np.argmax(density))
        median, error = self._mass.median(HIGGS)
        return (
            DataCheck("median soft-drop mass of Higgs jets", "GeV", 114, 124, TUNING, median, error),
            DataCheck(
                "most frequent soft-drop mass of Higgs jets, in bins of 2.5 GeV",
                "GeV",
                HIGGS_MASS - 7.5,
                HIGGS_MASS + 2.5,
                f"mass of the boson ({PARTICLE_DATA}), a little less for neutrinos and grooming",
                float(MASS_EDGES[peak : peak + 2].mean()),
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
        """Mean of npv over the expectation from the pile-up."""
        name = "primary vertices over collisions in a bunch crossing"
        if self._pileup is None or not self._npv.number(0):
            return DataCheck(name, "1", 0.7, 0.9, CMS_SAMPLE, None)
        mean, error = self._npv.mean(0)
        source = CMS_SAMPLE if self._pileup else "without pile-up there is one of each"
        low, high = (0.7, 0.9) if self._pileup else (1.0, 1.0)
        return DataCheck(name, "1", low, high, source, mean / (1 + self._pileup), error / (1 + self._pileup))


class VertexNumbers:
    """Vertices of each jet by b hadrons, by class, and of hard light jets; masses of the vertices of b jets."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        self._by_hadrons, self._by_class = Tally(len(B_HADRONS)), Tally(len(CLASSES))
        self._hard_light, self._mass = Tally(1), Tally(1)

    def add(self, samples: Samples) -> None:
        """Count in a block of jets."""
        jets = JetColumns(samples)
        number, hadrons = jets.jet("nsv"), np.minimum(jets.jet("fj_nbHadrons"), len(B_HADRONS) - 1)
        for kind in range(len(B_HADRONS)):
            self._by_hadrons.add(kind, number[hadrons == kind])
        for kind in range(len(CLASSES)):
            self._by_class.add(kind, number[samples.labels == kind])
        hard = (samples.labels == 0) & (jets.flavour == LIGHT) & (jets.jet("fj_pt") > HARD)
        self._hard_light.add(0, number[hard])
        self._mass.add(0, jets.vertex("sv_mass")[(hadrons > 0)[jets.jet_of_vertex]])

    def finish(self) -> DataFindings:
        """Draw the distributions; check the means and the masses."""
        drawing = DataFigure(
            "vertex_numbers",
            "Number of secondary vertices in jets with none, one, and two or more b hadrons, and the mass of the "
            "vertices of jets with b hadrons; the line is the mass of the B meson.",
            self._figure(),
        )
        return DataFindings((drawing,), self._checks())

    def _figure(self) -> Figure:
        figure = Figure(figsize=(10.4, 3.9))
        number, mass = figure.subplots(1, 2)
        edges = np.arange(-0.5, 7)
        for kind, name in enumerate(B_HADRONS):
            if self._by_hadrons.number(kind):
                number.stairs(self._by_hadrons.density(kind, edges), edges, linewidth=1.8, label=name)
        number.set(xlabel="Secondary vertices in a jet", ylabel="Share of the jets", xlim=(-0.5, 6.5), yscale="log")
        number.tick_params(axis="x", which="minor", bottom=False, top=False)
        number.legend()
        edges = np.linspace(0, 6.5, 53)
        mass.stairs(self._mass.density(0, edges), edges, linewidth=1.8)
        mass.axvline(B_MASS, color="0.5", linestyle="--", linewidth=1.2)
        mass.set(xlabel="Vertex mass [GeV]", ylabel="Vertices per GeV, normalised", xlim=(0, 6.5), ylim=(0, None))
        return figure

    def _checks(self) -> tuple[DataCheck, ...]:
        def mean(tally: Tally, kind: int) -> tuple[float | None, float]:
            return tally.mean(kind) if tally.number(kind) else (None, 0.0)

        heavy = self._mass.share(0, B_MASS, np.inf) if self._mass.number(0) else (None, 0.0)
        return (
            DataCheck("vertices in a Higgs jet", "1", 1.4, 1.8, TUNING, *mean(self._by_class, 1)),
            DataCheck("vertices in a QCD jet", "1", 0.2, 0.4, TUNING, *mean(self._by_class, 0)),
            DataCheck(
                f"vertices in a QCD jet above {HARD:.0f} GeV without heavy hadrons",
                "1",
                0.8,
                1.3,
                f"{CMS_SAMPLE}; 25 vertices in 24 jets pass the cuts of this finder",
                *mean(self._hard_light, 0),
            ),
            DataCheck(
                "share of the vertices of b jets that are heavier than a B meson",
                "1",
                0.0,
                0.05,
                f"B mass, {PARTICLE_DATA}: only a vertex with tracks of two decays is heavier",
                *heavy,
            ),
        )
