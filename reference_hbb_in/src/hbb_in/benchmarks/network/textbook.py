"""The yardstick: the interaction network with the paper's one-hot matrices, in single precision.

Moreno et al., Phys. Rev. D 102, 012010 (2020), section IV. The matrices that pick the receiver and the sender of every
edge are made once; nothing is copied but for the concatenations that the equations ask for.
"""

import torch
from torch import nn

from ...model.interaction_network import EdgeFunction, InteractionNetwork

__all__ = ["Textbook"]


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
