"""One batch of collisions, from the event record to rows of the data set."""

import awkward as ak
import numpy as np

from ...dataset import Samples
from ...schema import Input
from ..features import TRACK_FEATURES, TRACKS, VERTEX_FEATURES, VERTICES, feature_matrix
from ..options import Window
from .arrays import slot_table
from .detector import Candidates, reconstruct
from .impact import impact_parameters
from .jets import Groomed, Jets, cluster, n_subjettiness, soft_drop
from .record import EventRecord
from .track_features import track_values
from .tracker import Tracks
from .truth import BOTTOM, CHARM, contains_higgs, count_hadrons
from .vertex_features import vertex_values
from .vertexing import find_vertices

__all__ = ["LEAST_PT", "simulate_batch"]

LEAST_PT = 0.95  # GeV, of the candidates that are counted and described


def simulate_batch(
    record: EventRecord, window: Window, *, signal: bool, first_event: int, generator: np.random.Generator
) -> Samples:
    """Reconstruct the events of a record and describe every jet in the window.

    Signal jets without both quarks of a Higgs boson belong to no class and are dropped. Event numbers count from
    `first_event`.
    """
    candidates, tracks = reconstruct(record, generator)
    jets, groomed = _select_jets(record, candidates, window, signal=signal)
    inputs, numbers = _describe_objects(jets, groomed, candidates, tracks)
    weight = record.weight[jets.event].astype(np.float32)
    spectators = numbers | _jet_columns(jets, groomed, candidates) | _truth_columns(record, jets)
    return Samples(
        inputs=inputs,
        counts={
            TRACKS.name: np.minimum(numbers["ntracks"], TRACKS.slots).astype(np.uint16),
            VERTICES.name: np.minimum(numbers["nsv"], VERTICES.slots).astype(np.uint16),
        },
        labels=np.full(len(jets), int(signal), dtype=np.int64),
        weights=weight,
        spectators={name: values.astype(np.float32) for name, values in spectators.items()} | {"fj_weight": weight},
        event=first_event + jets.event.astype(np.int64),
    )


def _describe_objects(
    jets: Jets, groomed: Groomed, candidates: Candidates, all_tracks: Tracks
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The padded inputs, and the true number of candidates, tracks and vertices of each jet."""
    jet, members = _members(jets, candidates)
    charged = candidates.track[members] >= 0
    owner, momentum = jet[charged], candidates.momentum[members[charged]]
    tracks = all_tracks.take(candidates.track[members[charged]])
    impact = impact_parameters(tracks, jets.axis[owner])
    vertices = find_vertices(tracks, momentum, impact, owner, jets.axis)
    track_table = track_values(tracks, momentum, impact, owner, jets, groomed, vertices)
    track_rows = feature_matrix(track_table, TRACK_FEATURES)
    vertex_rows = feature_matrix(vertex_values(vertices, jets), VERTEX_FEATURES)
    inputs = {
        TRACKS.name: _padded(track_rows, owner, impact.significance_2d, len(jets), TRACKS),
        VERTICES.name: _padded(vertex_rows, vertices.jet, vertices.significance_2d, len(jets), VERTICES),
    }
    members_of = {"npfcands": jet, "ntracks": owner, "nsv": vertices.jet}
    return inputs, {name: np.bincount(owners, minlength=len(jets)) for name, owners in members_of.items()}


def _select_jets(record: EventRecord, candidates: Candidates, window: Window, *, signal: bool) -> tuple[Jets, Groomed]:
    jets = cluster(candidates, record.events, window.pt[0])
    keep = (jets.pt > window.pt[0]) & (jets.pt < window.pt[1]) & (np.abs(jets.eta) < window.abs_eta)
    # grooming only takes away, so that the mass can only fall
    keep &= jets.mass > window.softdrop_mass[0]
    if signal:
        keep &= contains_higgs(record, jets.event, jets.eta, jets.phi)
    jets = jets.take(keep)
    groomed = soft_drop(jets, candidates)
    keep = (groomed.mass > window.softdrop_mass[0]) & (groomed.mass < window.softdrop_mass[1])
    return jets.take(keep), groomed.take(keep)


def _members(jets: Jets, candidates: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Jet and candidate index of every constituent above threshold, sorted by jet."""
    jet = np.repeat(np.arange(len(jets)), ak.to_numpy(ak.num(jets.constituents)))
    members = ak.to_numpy(ak.flatten(jets.constituents))
    hard = np.hypot(*candidates.momentum[members, :2].T) > LEAST_PT
    return jet[hard], members[hard]


def _padded(rows: np.ndarray, jet: np.ndarray, key: np.ndarray, jets: int, kind: Input) -> np.ndarray:
    """Objects of each jet in descending order of `key`, zeros behind: float32 (jet, slot, feature)."""
    index, real = slot_table(jet, key, jets, kind.slots)
    result = np.zeros((jets, kind.slots, rows.shape[1]), dtype=np.float32)
    result[real] = rows[index[real]]
    return result


def _jet_columns(jets: Jets, groomed: Groomed, candidates: Candidates) -> dict[str, np.ndarray]:
    tau = n_subjettiness(jets, candidates)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(tau[:, :-1] > 0, tau[:, 1:] / tau[:, :-1], 1.01)
    return {
        "fj_pt": jets.pt,
        "fj_eta": jets.eta,
        "fj_phi": jets.phi,
        "fj_mass": jets.mass,
        "fj_sdmass": groomed.mass,
        "fj_n_sdsubjets": np.isfinite(groomed.eta).sum(axis=1),
        "fj_tau1": tau[:, 0],
        "fj_tau2": tau[:, 1],
        "fj_tau3": tau[:, 2],
        "fj_tau21": ratio[:, 0],
        "fj_tau32": ratio[:, 1],
        "npv": np.ones(len(jets)),
    }


def _truth_columns(record: EventRecord, jets: Jets) -> dict[str, np.ndarray]:
    return {
        "fj_nbHadrons": count_hadrons(record, BOTTOM, jets.event, jets.eta, jets.phi),
        "fj_ncHadrons": count_hadrons(record, CHARM, jets.event, jets.eta, jets.phi),
    }
