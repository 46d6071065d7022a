"""The forms of the network that are compared, the textbook form among them.

That form is the interaction network with the paper's one-hot matrices (Moreno et al., Phys. Rev. D 102, 012010 (2020),
section IV), in single precision. The matrices that pick the receiver and the sender of every edge are made once;
nothing is copied but for the concatenations that the equations ask for.
"""

from collections.abc import Callable

import torch
from fairmodel import Schema
from torch import nn
from torch.nn import functional

from ..model.build import build
from ..model.interaction_network import EdgeFunction, InteractionNetwork
from ..model.options import ModelOptions

__all__ = ["FORMS", "WORK", "Jets", "Textbook", "make_form", "make_network", "random_jets", "train_once"]

Jets = tuple[torch.Tensor, torch.Tensor]
FORMS = ("textbook", "pytorch", "compiled")


def make_form(name: str, schema: Schema) -> nn.Module:
    """Make the same network in one of the `FORMS`.

    textbook: one-hot matrices; pytorch: the product without compiled code; compiled: the product.
    """
    network = make_network(schema, compiled=name == "compiled")
    return Textbook(network) if name == "textbook" else network


def make_network(schema: Schema, *, compiled: bool) -> InteractionNetwork:
    """Make the paper's baseline with weights from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return build(ModelOptions(compiled=compiled), schema)


def _infer(network: nn.Module, jets: Jets) -> None:
    with torch.inference_mode():
        network(*jets)


def _train(network: nn.Module, jets: Jets) -> None:
    network.zero_grad(set_to_none=True)
    labels = torch.arange(len(jets[0])) % 2
    torch.autograd.backward(functional.cross_entropy(network(*jets), labels))


WORK: dict[str, Callable[[nn.Module, Jets], None]] = {"forward": _infer, "forward + backward": _train}


def random_jets(schema: Schema, n_tracks: torch.Tensor, n_vertices: torch.Tensor) -> Jets:
    """Jets with these numbers of objects, int64 (jet,), whose features are normal random numbers of a fixed seed."""
    generator = torch.Generator().manual_seed(1)
    objects = []
    for item, number in zip(schema.inputs, (n_tracks, n_vertices), strict=True):
        values = torch.randn(len(number), item.slots, len(item.features), generator=generator)
        objects.append(values * (torch.arange(item.slots) < number.unsqueeze(1)).unsqueeze(2))
    return objects[0], objects[1]


def train_once(name: str, schema: Schema, counts: list[tuple[int, int]], jets: int) -> None:
    """Pass forward and backward once over the first `jets` of random jets with these numbers of tracks and vertices."""
    torch.set_num_threads(1)
    n_tracks, n_vertices = torch.tensor(counts[:jets]).unbind(1)
    _train(make_form(name, schema), random_jets(schema, n_tracks, n_vertices))


class Textbook(nn.Module):
    """The same function as `network`, whose weights it shares, by dense matrix products over all slots."""

    receive: torch.Tensor
    send: torch.Tensor
    receive_vertex: torch.Tensor
    send_vertex: torch.Tensor

    def __init__(self, network: InteractionNetwork) -> None:
        super().__init__()
        self.network = network
        tracks, vertices = torch.eye(network.n_tracks), torch.eye(network.n_vertices)
        receivers, senders = torch.where(tracks == 0)
        self.register_buffer("receive", tracks[receivers])  # (edge, track)
        self.register_buffer("send", tracks[senders])
        self.register_buffer("receive_vertex", tracks.repeat_interleave(network.n_vertices, 0))  # (edge, track)
        self.register_buffer("send_vertex", vertices.repeat(network.n_tracks, 1))  # (edge, vertex)

    def forward(self, tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        """Logits (batch, 2) of tracks (batch, N_p, P) and vertices (batch, N_v, S)."""
        network = self.network
        x = network.select_tracks(network.normalise["tracks"](tracks))
        y = network.select_vertices(network.normalise["vertices"](vertices))
        effects = _effects(network.track_track, torch.cat([self.receive @ x, self.send @ x], -1))
        from_tracks = self.receive.T @ effects  # (batch, track, D_E)
        effects = _effects(network.track_vertex, torch.cat([self.receive_vertex @ x, self.send_vertex @ y], -1))
        from_vertices = self.receive_vertex.T @ effects
        outputs = network.track_output(torch.cat([x, from_tracks, from_vertices], -1))
        logits: torch.Tensor = network.classify(outputs.sum(1))
        return logits


def _effects(function: EdgeFunction, pairs: torch.Tensor) -> torch.Tensor:
    first = nn.functional.linear(pairs, function.pair.weight, function.pair.bias)
    effects: torch.Tensor = function.layers(first)
    return effects
