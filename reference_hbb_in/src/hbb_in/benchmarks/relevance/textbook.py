"""The yardstick: LRP-epsilon through the interaction network with one-hot matrices, over all slots.

The network is that of Moreno et al., Phys. Rev. D 102, 012010 (2020), section IV. Linear layers follow the epsilon
rule, biases absorb their share; the sums over edges and tracks split in proportion (0/0 is 0).
"""

from dataclasses import dataclass, field

import torch
from torch import nn

from ...model.interaction_network import EdgeFunction
from ..network.textbook import Textbook

__all__ = ["textbook_relevance"]

Relevances = tuple[torch.Tensor, torch.Tensor]


def textbook_relevance(
    form: Textbook, tracks: torch.Tensor, vertices: torch.Tensor, target: int, epsilon: float
) -> Relevances:
    """Relevance of tracks (batch, N_p, P) and vertices (batch, N_v, S) for the logit of a class."""
    network, p = form.network, tracks.shape[-1]
    x = network.select_tracks(network.normalise["tracks"](tracks))
    y = network.select_vertices(network.normalise["vertices"](vertices))
    pairs = _Layers(_edge_layers(network.track_track), epsilon)
    effects = pairs(torch.cat([form.receive @ x, form.send @ x], -1))
    from_tracks = form.receive.T @ effects
    vertex_pairs = _Layers(_edge_layers(network.track_vertex), epsilon)
    vertex_effects = vertex_pairs(torch.cat([form.receive_vertex @ x, form.send_vertex @ y], -1))
    from_vertices = form.receive_vertex.T @ vertex_effects
    each = _Layers(list(network.track_output), epsilon)
    outputs = each(torch.cat([x, from_tracks, from_vertices], -1))
    total = outputs.sum(1)
    classify = _Layers([network.classify], epsilon)
    logits = classify(total)

    relevance = torch.zeros_like(logits)
    relevance[:, target] = logits[:, target]
    of_outputs = outputs * _divide(classify.back(relevance), total).unsqueeze(1)
    of_nodes = each.back(of_outputs)
    q = p + from_tracks.shape[-1]
    of_tracks, of_effects, of_vertex_effects = of_nodes[..., :p], of_nodes[..., p:q], of_nodes[..., q:]
    of_pairs = pairs.back(effects * (form.receive @ _divide(of_effects, from_tracks)))
    of_vertex_pairs = vertex_pairs.back(
        vertex_effects * (form.receive_vertex @ _divide(of_vertex_effects, from_vertices))
    )
    of_tracks = of_tracks + form.receive.T @ of_pairs[..., :p] + form.send.T @ of_pairs[..., p:]
    of_tracks = of_tracks + form.receive_vertex.T @ of_vertex_pairs[..., :p]
    return of_tracks, form.send_vertex.T @ of_vertex_pairs[..., p:]


@dataclass
class _Layers:
    """Linear layers and activations one after the other."""

    layers: list[nn.Module]
    epsilon: float
    steps: list[tuple[nn.Linear, torch.Tensor, torch.Tensor]] = field(default_factory=list)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            before, values = values, self._forward(layer, values)
            if isinstance(layer, nn.Linear):
                self.steps.append((layer, before, values))
        return values

    @staticmethod
    def _forward(layer: nn.Module, values: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, nn.Linear):  # the first layer of an edge function takes pairs here
            return nn.functional.linear(values, layer.weight, layer.bias)
        output: torch.Tensor = layer(values)
        return output

    def back(self, relevance: torch.Tensor) -> torch.Tensor:
        """R_j = a_j sum_k w_kj R_k / (z_k + epsilon sign(z_k)), layer by layer."""
        for layer, before, after in reversed(self.steps):
            quotient = relevance / torch.where(after < 0, after - self.epsilon, after + self.epsilon)
            relevance = before * (quotient @ layer.weight)
        return relevance


def _edge_layers(function: EdgeFunction) -> list[nn.Module]:
    return [function.pair, *function.layers]


def _divide(relevance: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    return torch.where(total == 0, 0.0, relevance / torch.where(total == 0, 1.0, total))
