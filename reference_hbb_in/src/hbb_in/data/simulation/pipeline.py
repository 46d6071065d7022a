"""One batch of collisions, from the event record to jets."""

from collections.abc import Mapping

import awkward as ak
import numpy as np
from fairmodel import Feature

from ..features import TRACK_FEATURES, TRACKS, VERTEX_FEATURES, VERTICES
from ..options import Window
from ..ragged import EVENT, WEIGHT, Objects, RaggedJets, in_window
from .arrays import EventRecord
from .detector import Candidates, Pileup, reconstruct, visible_particles
from .feature_values import track_values, vertex_values
from .generation import BOTTOM, CHARM, contains_higgs, count_hadrons
from .jets import Groomed, Jets, cluster, n_subjettiness, soft_drop
from .tracker import Tracks, impact_parameters
from .vertexing import find_vertices

__all__ = ["LEAST_PT", "simulate_batch"]

LEAST_PT = 0.95  # GeV, of the candidates that are counted and described


def simulate_batch(
    record: EventRecord,
    window: Window,
    *,
    signal: bool,
    first_event: int,
    generator: np.random.Generator,
    pileup: Pileup | None = None,
) -> RaggedJets:
    """Reconstruct the events of a record and describe every jet in the window, with all its tracks and vertices.

    Signal jets without both quarks of a Higgs boson belong to no class and are dropped. Event numbers count from
    `first_event`.
    """
    particles = visible_particles(record)
    if pileup:
        particles = pileup.overlay(particles, record.events, generator)
    seen = reconstruct(particles, record.events, generator)
    candidates = seen.candidates
    jets, groomed = _select_jets(record, candidates, window, signal=signal)
    objects, numbers = _describe_objects(jets, groomed, candidates, seen.tracks)
    numbers["npv"] = seen.primary_vertices[jets.event]
    spectators = numbers | _jet_columns(jets, groomed, candidates) | {WEIGHT: record.weight[jets.event]}
    columns = {EVENT: first_event + jets.event.astype(np.int64)} | _truth_columns(record, jets, signal=signal)
    columns |= {name: values.astype(np.float32) for name, values in spectators.items()}
    described = RaggedJets(columns, objects)
    # a value may reach the edge of the window only when it is rounded to the precision of the files
    inside = np.logical_and.reduce(list(in_window(columns, window).values()))
    return described.take(np.flatnonzero(inside))


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


def _describe_objects(
    jets: Jets, groomed: Groomed, candidates: Candidates, all_tracks: Tracks
) -> tuple[dict[str, Objects], dict[str, np.ndarray]]:
    """The tracks and vertices of each jet, and the numbers of its candidates, tracks and vertices."""
    jet, members = _members(jets, candidates)
    charged = candidates.track[members] >= 0
    owner, momentum = jet[charged], candidates.momentum[members[charged]]
    tracks = all_tracks.take(candidates.track[members[charged]])
    impact = impact_parameters(tracks, jets.axis[owner])
    vertices = find_vertices(tracks, momentum, impact, owner, jets.axis)
    track_table = track_values(tracks, momentum, impact, owner, jets, groomed, vertices)
    vertex_table = vertex_values(vertices, jets)
    objects = {
        TRACKS.name: _sorted(track_table, TRACK_FEATURES, owner, impact.significance_2d, len(jets)),
        VERTICES.name: _sorted(vertex_table, VERTEX_FEATURES, vertices.jet, vertices.significance_2d, len(jets)),
    }
    members_of = {"npfcands": jet, "ntracks": owner, "nsv": vertices.jet}
    return objects, {name: np.bincount(owners, minlength=len(jets)) for name, owners in members_of.items()}


def _members(jets: Jets, candidates: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Jet and candidate index of every constituent above threshold, sorted by jet."""
    jet = np.repeat(np.arange(len(jets)), ak.to_numpy(ak.num(jets.constituents)))
    members = ak.to_numpy(ak.flatten(jets.constituents))
    hard = np.hypot(*candidates.momentum[members, :2].T) > LEAST_PT
    return jet[hard], members[hard]


def _sorted(
    values: Mapping[str, np.ndarray], features: tuple[Feature, ...], jet: np.ndarray, key: np.ndarray, jets: int
) -> Objects:
    """Objects in descending order of `key` within their jets, clipped to the ranges of the feature table."""
    order = np.lexsort((-key, jet))
    clipped = [np.clip(values[feature.name][order], feature.low, feature.high) for feature in features]
    return Objects(np.bincount(jet, minlength=jets), np.stack(clipped, axis=-1).astype(np.float32))


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
        **_subjet_columns(groomed),
    }


def _subjet_columns(groomed: Groomed) -> dict[str, np.ndarray]:
    """Transverse momentum and axis of both subjets, 0 for a missing one."""
    values = {"pt": groomed.pt, "eta": groomed.eta, "phi": groomed.phi}
    return {
        f"fj_sdsj{1 + index}_{name}": np.nan_to_num(column)
        for name, columns in values.items()
        for index, column in enumerate(columns.T)
    }


def _truth_columns(record: EventRecord, jets: Jets, *, signal: bool) -> dict[str, np.ndarray]:
    truth = {
        "sample_isQCD": np.full(len(jets), not signal),
        "fj_isQCD": np.full(len(jets), not signal),
        "fj_isH": np.full(len(jets), signal),
        "fj_nbHadrons": count_hadrons(record, BOTTOM, jets.event, jets.eta, jets.phi),
        "fj_ncHadrons": count_hadrons(record, CHARM, jets.event, jets.eta, jets.phi),
    }
    return {name: values.astype(np.int32) for name, values in truth.items()}
