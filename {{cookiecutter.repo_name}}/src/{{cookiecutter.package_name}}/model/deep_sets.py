"""Deep Sets: a network that cannot depend on the order of its objects (Zaheer et al., arXiv:1703.06114)."""

import torch
from fairmodel.layers import Standardise, WeightedSum, is_real
from torch import nn

from ..data.features import SCHEMA
from .options import ModelOptions

__all__ = ["DeepSets", "build"]


def build(options: ModelOptions) -> "DeepSets":
    """Make the untrained network that the `[model]` section describes."""
    (particles,) = SCHEMA.inputs
    return DeepSets(len(particles.features), len(SCHEMA.classes), hidden=options.hidden, latent=options.latent)


class DeepSets(nn.Module):
    """One network for every particle, a sum over particles, one network for the sum; missing particles add nothing."""

    def __init__(self, features: int, classes: int, *, hidden: int, latent: int) -> None:
        super().__init__()
        self.normalise = nn.ModuleDict({"particles": Standardise(features)})
        self.of_particle = nn.Sequential(
            nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, latent)
        )
        self.sum_particles = WeightedSum()
        self.of_jet = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, particles: torch.Tensor) -> torch.Tensor:
        """particles: (batch, slot, feature); returns logits (batch, class)."""
        real = is_real(particles).squeeze(-1).to(particles.dtype)  # (batch, slot)
        hidden = self.of_particle(self.normalise["particles"](particles))  # (batch, slot, latent)
        logits: torch.Tensor = self.of_jet(self.sum_particles(hidden, real))
        return logits
