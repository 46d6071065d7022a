"""Random networks and jets for the tests."""

from collections.abc import Sequence
from typing import Any

import torch
from fairmodel.layers import Moments, Standardise

from hbb_in.model.interaction_network import InteractionNetwork

__all__ = ["fit_normalisation", "random_jets", "random_network"]


def random_network(*, dtype: torch.dtype = torch.float64, **arguments: Any) -> InteractionNetwork:
    """A network with random weights, always the same; `arguments` replace those of the baseline."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = InteractionNetwork(**({"n_track_features": 30, "n_vertex_features": 14} | arguments))
    return network.to(dtype)


def fit_normalisation(network: InteractionNetwork, tracks: torch.Tensor, vertices: torch.Tensor) -> None:
    """Normalise the network's inputs to these jets."""
    for name, objects in (("tracks", tracks), ("vertices", vertices)):
        layer = network.normalise[name]
        assert isinstance(layer, Standardise)
        moments = Moments(objects.shape[-1])
        moments.add(objects)
        layer.fit(moments)


def random_jets(
    n_tracks: Sequence[int], n_vertices: Sequence[int], *, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tracks (jet, 60, 30) and vertices (jet, 5, 14), real objects first, as many as given for each jet."""
    generator = torch.Generator().manual_seed(1)
    return _objects(n_tracks, 60, 30, generator, dtype), _objects(n_vertices, 5, 14, generator, dtype)


def _objects(
    counts: Sequence[int], slots: int, features: int, generator: torch.Generator, dtype: torch.dtype
) -> torch.Tensor:
    values = torch.randn(len(counts), slots, features, generator=generator, dtype=dtype)
    real = torch.arange(slots) < torch.tensor(counts)[:, None]
    return values * real.unsqueeze(-1)
