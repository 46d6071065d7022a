"""How many floating-point operations a jet needs, and how many the processor does in a second."""

import time

import torch

from ...model.interaction_network import InteractionNetwork

__all__ = ["TRAINING", "forward_operations", "matrix_rate"]

TRAINING = 3  # a forward and a backward pass, over a forward pass: two more products for each


def forward_operations(network: InteractionNetwork, n_tracks: torch.Tensor, n_vertices: torch.Tensor) -> torch.Tensor:
    """Operations (multiplications and additions) of the matrix products for each jet, float64 (jet,).

    They are those that remain when the first layers are split and identical empty slots are computed once.
    """
    tracks = torch.clamp(n_tracks + 1, max=network.n_tracks).double()
    vertices = torch.clamp(n_vertices + 1, max=network.n_vertices).double()
    # an empty slot sends to itself only where it stands for several
    edges = tracks * (tracks - 1) + (network.n_tracks - n_tracks > 1)
    p, s = network.track_track.pair.in_features // 2, len(network.select_vertices.kept)
    hidden = network.track_track.pair.out_features
    hidden_layers = sum(weight.numel() for weight in network.track_track.layers.parameters() if weight.ndim == 2)
    node = sum(weight.numel() for weight in network.track_output.parameters() if weight.ndim == 2)
    products = (edges + tracks * vertices) * hidden_layers + tracks * (node + 3 * p * hidden) + vertices * s * hidden
    return 2 * (products + network.classify.weight.numel())


def matrix_rate(rows: int, width: int, *, repeats: int = 20) -> float:
    """Best rate of PyTorch's product of (rows, width) and (width, width) in single precision, operations per CPU s."""
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.randn(n, width, generator=generator) for n in (rows, width))
    result, best = torch.empty(rows, width), float("inf")
    for _ in range(repeats):
        start = time.process_time()
        torch.mm(left, right, out=result)
        best = min(best, time.process_time() - start)
    return 2 * rows * width**2 / best
