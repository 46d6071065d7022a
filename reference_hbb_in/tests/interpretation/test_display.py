"""The display of relevance: colours are the relevance of the objects, lines are the strongest edges."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from hbb_in.data.display import draw_jet
from hbb_in.data.features import TRACKS, VERTICES
from hbb_in.interpretation.display import EDGES, draw_relevance

from ..simulated import Simulated


def test_objects_have_the_colour_of_their_relevance_and_the_places_of_the_other_display(simulated: Simulated) -> None:
    jets = simulated.jets
    row = jets.take(np.array([int(np.argmax(jets.counts["vertices"]))]))
    tracks, vertices = int(row.counts["tracks"][0]), int(row.counts["vertices"][0])
    assert vertices
    random = np.random.default_rng(3)
    relevance = {"tracks": random.normal(size=TRACKS.slots), "vertices": random.normal(size=VERTICES.slots)}
    edges = {
        "tracks": random.normal(size=(TRACKS.slots, TRACKS.slots)),
        "vertices": np.zeros((TRACKS.slots, VERTICES.slots)),
    }
    figure, plain = Figure(), Figure()
    draw_relevance(row, figure, relevance, edges)
    draw_jet(row, plain)
    of_tracks, of_vertices = (drawn for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection))
    expected = plain.axes[0].collections[0].get_offsets()
    assert np.asarray(of_tracks.get_offsets()) == pytest.approx(np.asarray(expected))
    assert sorted(np.asarray(of_tracks.get_array())) == pytest.approx(sorted(relevance["tracks"][:tracks]))
    assert list(np.asarray(of_vertices.get_array())) == pytest.approx(list(relevance["vertices"][:vertices]))
    largest = max(np.abs(relevance["tracks"][:tracks]).max(), np.abs(relevance["vertices"][:vertices]).max())
    assert of_tracks.norm.vmin == -largest
    assert of_tracks.norm.vmax == largest
    widths = [line.get_linewidth() for line in figure.axes[0].lines[:EDGES]]
    strongest = np.sort(np.abs(edges["tracks"][:tracks, :tracks]).ravel())[::-1][:EDGES]
    assert widths == pytest.approx(widths[0] * strongest / strongest[0])
