"""Building blocks of networks on sets and graphs, as modules of their own, so that explanations know what they do."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .dataset import Samples
from .errors import UserError

__all__ = [
    "EmptySlot",
    "Moments",
    "PairLinear",
    "Standardise",
    "WeightedSum",
    "fit_normalisation",
    "is_real",
    "occupied_slots",
]


class PairLinear(nn.Linear):
    """The affine map W [r; s] + b of all pairs of a receiver r and a sender s.

    Weight (out, receiver features + sender features) and bias (out,) are those of a linear layer on the pairs. Each
    half is computed once per object instead of once per pair.
    """

    def forward(self, receivers: torch.Tensor, senders: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """From (batch, R, receiver feature) and (batch, S, sender feature) to (batch, R, S, out)."""
        received, sent = self.halves(receivers, senders)  # (batch, R, out) and (batch, S, out)
        return received.unsqueeze(2) + sent.unsqueeze(1)

    def halves(self, receivers: torch.Tensor, senders: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """W_r r + b of each receiver and W_s s of each sender."""
        n = receivers.shape[-1]
        received = functional.linear(receivers, self.weight[:, :n], self.bias)
        return received, functional.linear(senders, self.weight[:, n:])


class WeightedSum(nn.Module):
    """Sum over objects, each counted with a weight."""

    def forward(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """From values (..., object, feature) and weights (..., object) to (..., feature)."""
        return torch.matmul(weights.unsqueeze(-2), values).squeeze(-2)


class EmptySlot(nn.Module):
    """Let one empty slot stand for all that an input lacks of `slots`, since they are one and the same object.

    The network must give the same answer for an input that its empty slots were cut off from: explanations do that.
    """

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots

    def forward(self, objects: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Objects (batch, slot, feature), then an empty one if need be, and how often each counts, (slot,)."""
        present: Any = objects.shape[1]  # a number, or the symbol of one
        weights = objects.new_ones(present)
        if not isinstance(present, int):  # a graph that holds for any number of slots: an empty one may count zero
            empty = self.slots - present * objects.new_ones(1)
            return functional.pad(objects, (0, 0, 0, 1)), torch.cat([weights, empty])
        if present == self.slots:
            return objects, weights
        return functional.pad(objects, (0, 0, 0, 1)), functional.pad(weights, (0, 1), value=self.slots - present)


LIMIT = 5.0


def is_real(objects: torch.Tensor) -> torch.Tensor:
    """Which slots hold an object: bool (batch, slot, 1) for objects (batch, slot, feature).

    A slot is real if any of its features differs from zero. Each slot is judged by itself, not by its place among
    the others, so a network that is invariant under permutations of the slots remains so.
    """
    return objects.abs().sum(-1, keepdim=True) != 0


def occupied_slots(objects: torch.Tensor) -> torch.Tensor:
    """Number of slots up to the last one that holds an object, int64 (row,), for objects (row, slot, feature)."""
    position = torch.arange(1, objects.shape[1] + 1, device=objects.device)
    occupied = is_real(objects).squeeze(-1) * position
    return functional.pad(occupied, (1, 0)).amax(1)  # the zero in front is the answer where there is no slot


class Standardise(nn.Module):
    """Bring the features of an input to a common scale: the identity until it is fitted.

    Once fitted, real objects become (asinh(x) - center) / scale, clipped to +-5; empty slots stay exactly zero. Far
    from zero, asinh(x) is `sign(x) log(2 |x|)`: long tails become short. Near zero it is x, to the last digit in every
    runtime, which log(1 + x) is not: features of order 1e-8 would lose all their digits in an exported graph.
    `center` and `scale` have shape (feature,). Whether it was fitted is saved with them in the state dict.
    """

    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.fitted = False

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        """Normalised objects, the same shape (batch, slot, feature)."""
        if not self.fitted:
            return objects
        standard = ((torch.asinh(objects) - self.center) / self.scale).clamp(-LIMIT, LIMIT)
        return torch.where(is_real(objects), standard, 0.0)

    def fit(self, moments: "Moments") -> None:
        """Take centre and scale from `moments`; a feature that never varies is centred only."""
        if not moments.count:
            message = "there is not one object to normalise the inputs with; check the training data"
            raise UserError(message)
        deviation = moments.standard_deviation
        constant = deviation <= 1e-9 * moments.mean.abs()  # rounding alone; real features may be as small as 1e-7
        self.center.copy_(moments.mean)
        self.scale.copy_(torch.where(constant, 1.0, deviation))
        self.fitted = True

    def get_extra_state(self) -> torch.Tensor:
        """Whether the layer is fitted, as a tensor, so that any format for tensors can hold the state dict."""
        return torch.tensor(self.fitted)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """The inverse of `get_extra_state`."""
        self.fitted = bool(state)


class Moments:
    """Running mean and standard deviation of asinh(x) over real objects, in float64.

    Batches are merged pairwise (Chan, Golub and LeVeque 1979), which does not lose precision for a feature whose mean
    is large beside its spread; the same batches in the same order give the same bits.
    """

    def __init__(self, n_features: int) -> None:
        self.count = 0
        self.mean = torch.zeros(n_features, dtype=torch.float64)
        self._squares = torch.zeros(n_features, dtype=torch.float64)

    def add(self, objects: torch.Tensor) -> None:
        """Take in the real objects of a batch (batch, slot, feature)."""
        values = torch.asinh(objects[is_real(objects).squeeze(-1)].double())
        count = len(values)
        if not count:
            return
        mean = values.mean(0)
        shift, total = mean - self.mean, self.count + count
        self._squares += (values - mean).square().sum(0) + shift.square() * (self.count * count / total)
        self.mean += shift * (count / total)
        self.count = total

    @property
    def standard_deviation(self) -> torch.Tensor:
        """Standard deviation of each feature, (feature,)."""
        return (self._squares / self.count).sqrt()


def fit_normalisation(network: nn.Module, batches: Iterable[Samples]) -> None:
    """Fit every layer in `network.normalise`, a ModuleDict from an input's name to its Standardise, to all batches.

    A network without that attribute is left alone: it takes its inputs as they are.
    """
    layers = getattr(network, "normalise", None)
    if layers is None:
        return
    moments = {name: Moments(len(layer.center)) for name, layer in layers.items()}
    for batch in batches:
        for name, collected in moments.items():
            collected.add(torch.from_numpy(batch.inputs[name]))
    for name, layer in layers.items():
        layer.fit(moments[name])
