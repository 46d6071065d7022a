"""Relevance through the interaction network, against its equations as the paper writes them."""

import pytest
import torch
from fairmodel.interpret import mean_objects, relevance

from hbb_in.benchmarks.forms import Textbook
from hbb_in.benchmarks.relevance import textbook_relevance
from hbb_in.export import published_state_dict
from hbb_in.model.interaction_network import InteractionNetwork

from ..model.samples import fit_normalisation, random_jets, random_network
from ..model.textbook import textbook_logits

N_TRACKS, N_VERTICES = [0, 1, 5, 25, 59, 60], [0, 1, 2, 3, 5, 4]


def explain(network: InteractionNetwork, jets: tuple[torch.Tensor, torch.Tensor], **options: object) -> torch.Tensor:
    """Relevance of tracks and vertices in one row of numbers for each jet."""
    found = relevance(network, dict(zip(("tracks", "vertices"), jets, strict=True)), **options)  # type: ignore[arg-type]
    return together(found.inputs["tracks"], found.inputs["vertices"])


def together(tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
    return torch.cat([tracks.flatten(1), vertices.flatten(1)], 1)


def close(found: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("compiled", [True, False])
def test_zero_with_bias_is_gradient_times_input_of_the_textbook_form(compiled: bool) -> None:
    network, jets = random_network(), random_jets(N_TRACKS, N_VERTICES)
    network.compiled = compiled
    leaves = [objects.clone().requires_grad_() for objects in jets]
    logits = textbook_logits(published_state_dict(network), *leaves)
    gradients = torch.autograd.grad(logits[:, 0].sum(), leaves)
    expected = together(*(objects * gradient for objects, gradient in zip(jets, gradients, strict=True)))
    close(explain(network, jets, rule="zero", target=0), expected, 1e-13)


@pytest.mark.parametrize("normalised", [True, False])
def test_epsilon_is_that_of_the_textbook_form(normalised: bool) -> None:
    network, jets = random_network(), random_jets(N_TRACKS, N_VERTICES)
    if normalised:
        fit_normalisation(network, *jets)
    form = Textbook(network).double()
    with torch.no_grad():
        expected = together(*textbook_relevance(form, *jets, target=1, epsilon=0.1))
    close(explain(network, jets, epsilon=0.1), expected, 1e-12)


def test_all_slots_and_few_chunks_agree_with_the_collapse() -> None:
    network, jets = random_network(dropped_tracks=[3, 4]), random_jets(N_TRACKS, N_VERTICES)
    expected = explain(network, jets, rule="generalized-gamma")
    assert (expected.reshape(len(N_TRACKS), -1)[:, 3:1800:30] == 0).all()
    dense = explain(network, jets, rule="generalized-gamma", layers=["track_track", "track_vertex"])
    close(dense, expected, 1e-11)
    close(explain(network, jets, rule="generalized-gamma", memory=1), expected, 1e-11)


def test_edges() -> None:
    """The relevance of the edges to a track is that of the sum of their effects; none leads from a track to itself."""
    network, jets = random_network(), random_jets([4, 60], [1, 0])
    inputs = dict(zip(("tracks", "vertices"), jets, strict=True))
    found = relevance(network, inputs, layers=["track_track", "track_vertex", "sum_senders"])
    edges = found.layers["track_track"]
    assert edges.shape == (2, 60, 60, 20)
    assert found.layers["track_vertex"].shape == (2, 60, 5, 20)
    assert (edges.diagonal(0, 1, 2) == 0).all()
    close(edges.sum(2), found.layers["sum_senders"], 1e-12)


def test_average_tracks_have_no_relevance_beside_the_average_track() -> None:
    network, jets = random_network(), random_jets([3, 40], [2, 1])
    fit_normalisation(network, *jets)
    baseline = mean_objects({"tracks": jets[0]})
    tracks = jets[0].clone()
    tracks[1, 7] = baseline["tracks"]
    found = relevance(network, {"tracks": tracks, "vertices": jets[1]}, baseline=baseline, target="log-odds")
    close(found.inputs["tracks"][1, 7], torch.zeros(30).double(), 1e-15)
    assert (found.inputs["vertices"][0, :2] != 0).any()
