"""The interaction network as the paper writes it, slow and dense: the reference for the fast one.

Moreno et al., Phys. Rev. D 102, 012010 (2020), section IV: one-hot receiving and sending matrices select the two
objects of every edge, the edge function acts on each pair, and the transposed receiving matrix sums the effects.
"""

from collections.abc import Mapping
from itertools import product

import torch

__all__ = ["textbook_logits"]

Weights = Mapping[str, torch.Tensor]


def textbook_logits(weights: Weights, tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
    """Logits (batch, 2) of tracks (batch, N_p, P) and vertices (batch, N_v, S), every slot being a node of the graph.

    `weights` are named as in the published checkpoints.
    """
    x, y = tracks.transpose(1, 2), vertices.transpose(1, 2)  # the paper's (P, N_p) and (S, N_v)
    n_tracks, n_vertices = x.shape[2], y.shape[2]
    pairs = [(r, s) for r, s in product(range(n_tracks), repeat=2) if r != s]
    receive, send = (one_hot([pair[side] for pair in pairs], n_tracks, x) for side in (0, 1))
    effects = perceptron(weights, ("fr1", "fr2", "fr3"), torch.cat([x @ receive, x @ send], 1))
    from_tracks = effects @ receive.T

    pairs = list(product(range(n_tracks), range(n_vertices)))
    receive, send = one_hot([k for k, _ in pairs], n_tracks, x), one_hot([v for _, v in pairs], n_vertices, x)
    effects = perceptron(weights, ("fr1_pv", "fr2_pv", "fr3_pv"), torch.cat([x @ receive, y @ send], 1))
    from_vertices = effects @ receive.T

    outputs = perceptron(weights, ("fo1", "fo2", "fo3"), torch.cat([x, from_tracks, from_vertices], 1))
    return outputs.sum(2) @ weights["fc_fixed.weight"].T + weights["fc_fixed.bias"]


def one_hot(nodes: list[int], n_nodes: int, like: torch.Tensor) -> torch.Tensor:
    """Matrix (node, edge) whose entry is one where the edge touches the node."""
    return (torch.arange(n_nodes)[:, None] == torch.tensor(nodes)[None, :]).to(like.dtype)


def perceptron(weights: Weights, layers: tuple[str, ...], columns: torch.Tensor) -> torch.Tensor:
    """Linear layers, each with a ReLU, on the columns of (batch, feature, column)."""
    for layer in layers:
        columns = torch.relu(weights[f"{layer}.weight"] @ columns + weights[f"{layer}.bias"][:, None])
    return columns
