"""Large-radius jets and their substructure, with FastJet (arXiv:1111.6097)."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Columns
from .detector import Candidates
from .kinematics import azimuth, mass, pseudorapidity, transverse

if TYPE_CHECKING:
    import awkward as ak

__all__ = ["RADIUS", "Groomed", "Jets", "cluster", "n_subjettiness", "soft_drop"]

RADIUS = 0.8
SYMMETRY_CUT = 0.1
WHOLE_JET = 1000.0  # a radius that clusters every constituent of a jet
COMPONENTS = ("px", "py", "pz", "E")


@dataclass(frozen=True)
class Jets(Columns):
    """Jets: event (jet,); momentum (jet, 4) GeV; constituents, indices of the candidates in each jet, ragged."""

    event: np.ndarray
    momentum: np.ndarray
    constituents: "ak.Array"

    @property
    def pt(self) -> np.ndarray:
        """Transverse momentum, GeV."""
        return transverse(self.momentum)

    @property
    def eta(self) -> np.ndarray:
        """Pseudorapidity."""
        return pseudorapidity(self.momentum)

    @property
    def phi(self) -> np.ndarray:
        """Azimuth."""
        return azimuth(self.momentum)

    @property
    def mass(self) -> np.ndarray:
        """Invariant mass, GeV."""
        return mass(self.momentum)

    @property
    def axis(self) -> np.ndarray:
        """Unit vectors along the jets, (jet, 3)."""
        unit: np.ndarray = self.momentum[:, :3] / np.linalg.norm(self.momentum[:, :3], axis=1, keepdims=True)
        return unit


@dataclass(frozen=True)
class Groomed(Columns):
    """Soft-dropped jets: mass (jet,) GeV; pt (GeV), eta, phi (jet, 2) of the pT-ordered subjets, NaN where missing."""

    mass: np.ndarray
    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray


def cluster(candidates: Candidates, events: int, least_pt: float) -> Jets:
    """Anti-kT jets of radius 0.8 (arXiv:0802.1189) above `least_pt` GeV in every event."""
    import awkward as ak
    import fastjet

    number = np.bincount(candidates.event, minlength=events)
    sequence = _sequence(candidates.momentum, number, fastjet.antikt_algorithm, RADIUS)
    jets, members = sequence.inclusive_jets(least_pt), sequence.constituent_index(least_pt)
    event = np.repeat(np.arange(events), ak.to_numpy(ak.num(jets)))
    return Jets(
        event=event,
        momentum=np.stack([ak.to_numpy(ak.flatten(jets[name])) for name in COMPONENTS], axis=-1),
        constituents=ak.flatten(members, axis=1) + (np.cumsum(number) - number)[event],
    )


def _sequence(momentum: np.ndarray, number: np.ndarray, algorithm: int, radius: float) -> Any:
    """Cluster consecutive groups of `number` momenta at once."""
    import awkward as ak
    import fastjet

    columns = dict(zip(COMPONENTS, momentum.T, strict=True))
    particles = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), number)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "dcut and exclusive jets", UserWarning)
        return fastjet.ClusterSequence(particles, fastjet.JetDefinition(algorithm, radius))


def soft_drop(jets: Jets, candidates: Candidates) -> Groomed:
    """Soft drop (arXiv:1402.2657) with beta = 0, z_cut = 0.1: the first declustering that is not too asymmetric."""
    import fastjet

    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, WHOLE_JET)
    result = np.full((len(jets), 7), np.nan)
    for row, members in zip(result, jets.constituents.to_list(), strict=True):
        particles = [fastjet.PseudoJet(*component) for component in candidates.momentum[members].tolist()]
        sequence = fastjet.ClusterSequence(particles, definition)
        row[:] = _decluster(sequence.inclusive_jets()[0])
    return Groomed(result[:, 0], result[:, 1:3], result[:, 3:5], result[:, 5:])


def _decluster(jet: Any) -> tuple[float, ...]:
    """(mass, then pT, eta and phi, each of both subjets) where the declustering stops."""
    import fastjet

    harder, softer = fastjet.PseudoJet(), fastjet.PseudoJet()
    while jet.has_parents(harder, softer):
        if harder.pt() < softer.pt():
            harder, softer = softer, harder
        if softer.pt() > SYMMETRY_CUT * (harder.pt() + softer.pt()):
            pt, eta = (harder.pt(), softer.pt()), (harder.eta(), softer.eta())
            return jet.m(), *pt, *eta, harder.phi_std(), softer.phi_std()
        jet = fastjet.PseudoJet(harder)
    return jet.m(), jet.pt(), np.nan, jet.eta(), np.nan, jet.phi_std(), np.nan


def n_subjettiness(jets: Jets, candidates: Candidates, axes: tuple[int, ...] = (1, 2, 3)) -> np.ndarray:
    """N-subjettiness (arXiv:1011.2268), beta = 1, one pass from kT axes: (jet, number of axes)."""
    import awkward as ak
    import fastjet

    members = ak.to_numpy(ak.flatten(jets.constituents))
    number = ak.to_numpy(ak.num(jets.constituents))
    sequence = _sequence(candidates.momentum[members], number, fastjet.cambridge_algorithm, WHOLE_JET)
    tau: np.ndarray = ak.to_numpy(
        sequence.njettiness(
            measure_definition="NormalizedMeasure",
            axes_definition="OnePass_KT_Axes",
            njets=list(axes),
            beta=1.0,
            R0=RADIUS,
        )
    )
    return tau
