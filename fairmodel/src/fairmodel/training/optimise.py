"""Loss, optimiser, learning rate, and the average of the weights."""

import torch
from torch import nn
from torch.nn import functional

from ..config import TrainingConfig

__all__ = ["cross_entropy", "make_optimiser", "make_scheduler", "update_average"]


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of logits, float32 (row, class), with the right classes, int64 (row,), summed over the rows."""
    return functional.cross_entropy(logits, labels, reduction="sum")


def make_optimiser(network: nn.Module, options: TrainingConfig) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba, arXiv:1412.6980), or AdamW with its own decay of the weights (arXiv:1711.05101)."""
    kind = torch.optim.Adam if options.optimiser == "adam" else torch.optim.AdamW
    return kind(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)


def make_scheduler(
    optimiser: torch.optim.Optimizer, options: TrainingConfig, *, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate of each of `steps` steps: constant, or one cycle from low to high to almost nothing."""
    if options.schedule == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=options.learning_rate, total_steps=steps)
    return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, *, decay: float, step: int) -> None:
    """Bring the exponential moving average of the weights up to step number `step`, counted from 1.

    Each step has the weight decay^(steps since then); the sum of these weights is divided out, so that the average
    does not remember weights from before the first step. Buffers are those of the network.
    """
    share = (1 - decay) / (1 - decay**step)
    for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(weight, share)
    for buffer, current in zip(average.buffers(), network.buffers(), strict=True):
        buffer.copy_(current)
