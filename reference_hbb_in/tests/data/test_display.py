"""The event display: tracks and subjets where the ntuple's own distances say they are."""

from dataclasses import replace

import numpy as np
import pytest
from fairmodel import Samples
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hbb_in.data.display import draw_jet
from hbb_in.data.features import CLASSES, TRACKS, VERTICES

from ..simulated import Simulated


def drawn(jet: Samples) -> tuple[Figure, Axes]:
    figure = Figure()
    draw_jet(jet, figure)
    return figure, figure.axes[0]


def rows(jets: Samples) -> list[int]:
    """A few jets of each class on either side of the detector, with vertices and without."""
    groups = [jets.labels == label for label in range(len(CLASSES))]
    sides = [jets.spectators["fj_eta"] < 0, jets.spectators["fj_eta"] > 0]
    found = [np.flatnonzero(group & side)[:4] for group in groups for side in sides]
    return [int(row) for chosen in found for row in chosen]


def test_distances_are_those_of_the_features(simulated: Simulated) -> None:
    """Features give distances to axes that are known unsigned, while their pseudorapidities are signed by the jet's."""
    chosen = rows(simulated.jets)
    assert len(chosen) >= 12
    for row in chosen:
        jet = simulated.jets.take(np.array([row]))
        _, axes = drawn(jet)
        tracks = jet.inputs["tracks"][0, : jet.counts["tracks"][0]]
        feature = {name: tracks[:, index] for index, name in enumerate(TRACKS.feature_names)}
        order = np.argsort(-feature["track_ptrel"])
        points = np.asarray(axes.collections[0].get_offsets())
        np.testing.assert_allclose(np.hypot(*points.T), feature["track_deltaR"][order], atol=1e-5)
        crosses = np.asarray(next(line for line in axes.lines if line.get_label() == "subjet axes").get_xydata())
        assert len(crosses) == jet.spectators["fj_n_sdsubjets"][0]
        for number, place in enumerate(crosses, start=1):
            distance = np.hypot(*(points - place).T)
            np.testing.assert_allclose(distance, feature[f"track_drsubjet{number}"][order], atol=2e-5)


def test_vertices_are_where_the_tracks_find_them(simulated: Simulated) -> None:
    chosen = [row for row in rows(simulated.jets) if simulated.jets.counts["vertices"][row]]
    assert chosen
    for row in chosen:
        jet = simulated.jets.take(np.array([row]))
        _, axes = drawn(jet)
        stars = np.asarray(axes.collections[1].get_offsets())
        assert len(stars) == jet.counts["vertices"][0]
        vertices = jet.inputs["vertices"][0, : len(stars)]
        distance = vertices[:, VERTICES.feature_names.index("sv_deltaR")] + 0.5
        np.testing.assert_allclose(np.hypot(*stars.T)[distance < 0.499], distance[distance < 0.499], atol=1e-5)
        tracks = jet.inputs["tracks"][0, : jet.counts["tracks"][0]]
        order = np.argsort(-tracks[:, TRACKS.feature_names.index("track_ptrel")])
        points = np.asarray(axes.collections[0].get_offsets())
        nearest = np.hypot(*(points[:, np.newaxis] - stars).T).min(axis=0)
        expected = tracks[order, TRACKS.feature_names.index("track_drminsv")] + 0.8
        if len(stars) == jet.spectators["nsv"][0]:
            np.testing.assert_allclose(np.minimum(nearest, 0.8), expected, atol=2e-5)


@pytest.mark.parametrize("name", ["tracks", "vertices"])
def test_a_jet_without_objects_is_drawn_too(name: str, simulated: Simulated) -> None:
    jet = simulated.jets.take(np.array([0]))
    empty = replace(
        jet,
        inputs=jet.inputs | {name: np.zeros_like(jet.inputs[name])},
        counts=jet.counts | {name: np.zeros_like(jet.counts[name])},
    )
    figure, axes = drawn(empty)
    figure.draw_without_rendering()
    assert "QCD" in axes.get_title()
