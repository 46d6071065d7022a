"""How many secondary vertices jets have, by the number of b hadrons in them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel.dataset import Samples
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from matplotlib.figure import Figure

from ..data.features import CLASSES
from .jet_columns import LIGHT, JetColumns
from .published import CMS_SAMPLE, PARTICLE_DATA, TUNING
from .tally import Tally

__all__ = ["VertexNumbers"]

B_HADRONS = ("no b hadron", "1 b hadron", "2 or more b hadrons")
HARD = 1200.0  # GeV: as hard as the jets of the CMS events that are compared
B_MASS = 5.28


class VertexNumbers:
    """Vertices of each jet by b hadrons, by class, and of hard light jets; masses of the vertices of b jets."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        del provenance
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
