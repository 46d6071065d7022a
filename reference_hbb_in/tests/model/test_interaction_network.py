"""The fast network against the paper's equations, and the symmetries that follow from them."""

from collections.abc import Mapping

import pytest
import torch
from fairmodel.training.device import threads
from torch.nn import functional

from hbb_in.export import NAMES, published_state_dict
from hbb_in.model import interaction_network
from hbb_in.model.interaction_network import InteractionNetwork, chunks
from hbb_in.model.pair_effects import available

from .samples import fit_normalisation, random_jets, random_network
from .textbook import textbook_logits

Textbook = tuple[torch.Tensor, dict[str, torch.Tensor]]

ALL_COUNTS = (list(range(61)), [n % 6 for n in range(61)])


@pytest.fixture(params=["compiled", "pytorch"], autouse=True)
def code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test of this module runs with the compiled code and with its stand-in."""
    if request.param == "pytorch":
        monkeypatch.setattr(interaction_network, "available", lambda _: False)
    elif not available(torch.zeros(1)):
        pytest.skip("there is no C++ compiler")


def distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference relative to the largest expected value."""
    return float((found - expected).detach().abs().max() / expected.detach().abs().max())


def gradients(logits: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Gradients of an arbitrary function of the logits with respect to the weights, by name."""
    labels = torch.arange(len(logits)) % 2
    return dict(
        zip(weights, torch.autograd.grad(functional.cross_entropy(logits, labels), list(weights.values())), strict=True)
    )


def own_weights(network: InteractionNetwork) -> dict[str, torch.Tensor]:
    """The network's parameters themselves, by their published names; there are no others."""
    parameters = dict(network.named_parameters())
    assert sorted(NAMES.values()) == sorted(parameters)
    return {name: parameters[own] for name, own in NAMES.items()}


@pytest.fixture(scope="module")
def textbook() -> Textbook:
    """Logits of a jet of every multiplicity and the gradients for all of them, by the paper's equations."""
    weights = {name: value.requires_grad_() for name, value in published_state_dict(random_network()).items()}
    logits = textbook_logits(weights, *random_jets(*ALL_COUNTS))
    return logits.detach(), gradients(logits, weights)


def test_every_multiplicity_alone_equals_the_textbook(textbook: Textbook) -> None:
    network, jets = random_network(), random_jets(*ALL_COUNTS)
    found = torch.cat([network(tracks[None], vertices[None]) for tracks, vertices in zip(*jets, strict=True)])
    assert distance(found, textbook[0]) < 1e-11


@pytest.mark.parametrize("edges", [1, 10_000, 10**9], ids=["jet by jet", "chunks", "one chunk"])
def test_mixed_batch_and_its_gradients_equal_the_textbook(
    edges: int, textbook: Textbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interaction_network, "EDGES_PER_CHUNK", edges)
    network, (tracks, vertices) = random_network(), random_jets(*ALL_COUNTS)
    order = torch.randperm(len(tracks), generator=torch.Generator().manual_seed(2))
    logits = network(tracks[order], vertices[order])[order.argsort()]
    assert distance(logits, textbook[0]) < 1e-11
    for name, found in gradients(logits, own_weights(network)).items():
        assert distance(found, textbook[1][name]) < 1e-11, name


def test_the_number_of_threads_changes_rounding_only(textbook: Textbook) -> None:
    network, (tracks, vertices) = random_network(), random_jets(*ALL_COUNTS)
    with threads(3):
        logits = network(tracks, vertices)
        found = gradients(logits, own_weights(network))
    assert distance(logits, textbook[0]) < 1e-11
    assert all(distance(found[name], expected) < 1e-11 for name, expected in textbook[1].items())


def test_a_number_that_is_not_one_is_not_hidden() -> None:
    network, (tracks, vertices) = random_network(), random_jets([3, 3], [1, 1])
    tracks[0, 1, 4] = torch.nan
    assert network(tracks, vertices).isnan().all(1).tolist() == [True, False]


@pytest.mark.parametrize(("n_tracks", "n_vertices"), [(0, 0), (1, 5), (31, 0), (59, 1), (60, 5)])
def test_gradients_of_one_jet_equal_the_textbook(n_tracks: int, n_vertices: int) -> None:
    network, jet = random_network(), random_jets([n_tracks], [n_vertices])
    weights = {name: value.requires_grad_() for name, value in published_state_dict(network).items()}
    expected = gradients(textbook_logits(weights, *jet), weights)
    for name, found in gradients(network(*jet), own_weights(network)).items():
        assert (found - expected[name]).abs().max() <= 1e-11 * expected[name].abs().max(), name


@pytest.mark.parametrize(("n_tracks", "n_vertices"), [(0, 0), (1, 0), (17, 3), (59, 4), (60, 5)])
def test_cut_inputs_stand_for_full_ones(n_tracks: int, n_vertices: int) -> None:
    network, (tracks, vertices) = random_network(), random_jets([n_tracks, n_tracks // 2], [n_vertices, 0])
    expected = textbook_logits(published_state_dict(network), tracks, vertices)
    assert distance(network(tracks[:, :n_tracks], vertices[:, :n_vertices]), expected) < 1e-11


@pytest.mark.parametrize("collapse", [True, False])
def test_empty_slots_may_lie_anywhere(collapse: bool) -> None:
    network, (tracks, vertices) = random_network(), random_jets([40, 60, 3], [5, 4, 1])
    network.collapse = collapse
    tracks[:, 1:50:7] = 0
    vertices[:, ::2] = 0
    assert distance(network(tracks, vertices), textbook_logits(published_state_dict(network), tracks, vertices)) < 1e-11


@pytest.mark.parametrize("fitted", [False, True], ids=["as they are", "normalised"])
def test_order_of_objects_and_empty_slots_does_not_matter(fitted: bool) -> None:
    network, (tracks, vertices) = random_network(), random_jets([0, 7, 25, 60], [0, 5, 2, 1])
    if fitted:
        fit_normalisation(network, tracks, vertices)
    generator = torch.Generator().manual_seed(3)
    shuffled = network(
        tracks[:, torch.randperm(60, generator=generator)], vertices[:, torch.randperm(5, generator=generator)]
    )
    assert distance(shuffled, network(tracks, vertices)) < 1e-12


def test_a_jet_does_not_depend_on_its_batch() -> None:
    network, (tracks, vertices) = random_network(), random_jets([12, 60, 0, 33, 33], [1, 0, 0, 5, 2])
    together = network(tracks, vertices)
    for jet in range(len(tracks)):
        assert distance(network(tracks[jet : jet + 1], vertices[jet : jet + 1])[0], together[jet]) < 1e-12


def test_gradients_of_the_inputs_equal_the_textbook_also_in_empty_slots() -> None:
    network, jets = random_network(), random_jets([4, 30], [2, 0])
    own = [objects.clone().requires_grad_() for objects in jets]
    reference = [objects.clone().requires_grad_() for objects in jets]
    found = torch.autograd.grad(network(*own)[:, 1].sum(), own)
    weights = published_state_dict(network)
    expected = torch.autograd.grad(textbook_logits(weights, *reference)[:, 1].sum(), reference)
    assert expected[0][0, -1].abs().max() > 0
    for one, other in zip(found, expected, strict=True):
        assert distance(one, other) < 1e-11


def test_normalisation_acts_on_real_objects_only() -> None:
    network, (tracks, vertices) = random_network(), random_jets([0, 9, 60], [0, 5, 3])
    weights = published_state_dict(network)
    fit_normalisation(network, tracks, vertices)
    standard = []
    for objects in (tracks, vertices):
        real = (objects != 0).any(-1)
        values = torch.log(objects + (objects.square() + 1).sqrt())
        values = (values - values[real].mean(0)) / values[real].std(0, correction=0)
        standard.append(values.clamp(-5, 5) * real.unsqueeze(-1))
    # the layer keeps what it has fitted in the network's own precision, here float64
    assert distance(network(tracks, vertices), textbook_logits(weights, *standard)) < 1e-11


def test_dropped_features_are_never_looked_at() -> None:
    tracks, vertices = random_jets([5, 60], [2, 4])
    dropped, dropped_vertices = [2, 13, 29], [0, 8]
    network = random_network(dropped_tracks=dropped, dropped_vertices=dropped_vertices)
    small = random_network(n_track_features=27, n_vertex_features=12)
    expected = small(
        tracks[..., [index for index in range(30) if index not in dropped]],
        vertices[..., [index for index in range(14) if index not in dropped_vertices]],
    )
    assert distance(network(tracks, vertices), expected) < 1e-12
    tracks[..., dropped] *= -3
    assert distance(network(tracks, vertices), expected) < 1e-12


@pytest.mark.parametrize(
    ("features", "sizes", "parameters"),
    [
        ((30, 14), (60, 20, 24), 25_554),
        ((18, 9), (32, 16, 16), 8_498),
        ((18, 9), (32, 8, 8), 7_178),
        ((18, 9), (16, 8, 8), 2_842),
    ],
)
def test_parameter_counts_of_the_papers(
    features: tuple[int, int], sizes: tuple[int, int, int], parameters: int
) -> None:
    network = InteractionNetwork(*features, *sizes)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_single_precision_and_finite_gradients() -> None:
    network, jets = random_network(dtype=torch.float32), random_jets([0, 1, 30, 60], [0, 5, 2, 0], dtype=torch.float32)
    logits = network(*jets)
    assert all(bool(gradient.isfinite().all()) for gradient in gradients(logits, own_weights(network)).values())
    assert distance(logits.double(), network.double()(*(objects.double() for objects in jets))) < 1e-5


def test_an_empty_batch_gives_no_logits() -> None:
    assert random_network()(torch.zeros(0, 60, 30).double(), torch.zeros(0, 5, 14).double()).shape == (0, 2)


@pytest.mark.parametrize(("slots", "name"), [((61, 5), "tracks has 61"), ((60, 6), "vertices has 6")])
def test_too_many_slots_are_refused(slots: tuple[int, int], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        random_network()(torch.zeros(1, slots[0], 30).double(), torch.zeros(1, slots[1], 14).double())


def test_chunks_cover_the_batch_within_the_limit() -> None:
    counts = sorted([0, 0, 3, 3, 9, 20, 20, 21, 60, 60])
    cut = list(chunks(counts, 1000))
    assert [jet for chunk in cut for jet in range(chunk.start, chunk.stop)] == list(range(len(counts)))
    for chunk in cut:
        jets = chunk.stop - chunk.start
        assert jets == 1 or jets * (counts[chunk.stop - 1] + 1) ** 2 <= 1000
    assert len(cut) < len(counts)
