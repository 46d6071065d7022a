"""Loss and optimiser; the loop around them is the engine's, and the rest of a recipe is in the profile.

The published recipe (Moreno et al., Phys. Rev. D 102, 012010 (2020)) is that of `config/full.toml`: Adam at a constant
learning rate of 1e-4, batches of 128 jets, inputs as they are, stopped after 8 epochs without progress. The other
profiles standardise the inputs and let the learning rate rise and fall once (arXiv:1708.07120), in 15 epochs or fewer.
"""

import torch
from fairmodel import TrainingConfig
from torch import nn
from torch.nn import functional

__all__ = ["loss", "optimiser"]


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of logits, float32 (row, class), with the right classes, int64 (row,), summed over the rows."""
    return functional.cross_entropy(logits, labels, reduction="sum")


def optimiser(network: nn.Module, options: TrainingConfig) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba, arXiv:1412.6980), or AdamW with its own decay of the weights (arXiv:1711.05101)."""
    kind = torch.optim.Adam if options.optimiser == "adam" else torch.optim.AdamW
    return kind(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
