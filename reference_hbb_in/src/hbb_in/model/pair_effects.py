"""Summed effects of senders on receivers in jets of any size, by compiled code (pair_effects.cpp)."""

import ctypes
from functools import cache
from typing import Any

import torch
from fairmodel.errors import UserError
from torch.autograd.function import FunctionCtx

from .native import load_library
from .ragged import Ragged

__all__ = ["available", "pair_effects"]

LIBRARY = "pair_effects"
DTYPES = (torch.float32, torch.float64)


class Task(ctypes.Structure):
    """The arguments of the compiled functions; the same layout as `Task` in pair_effects.cpp."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("graphs", "hidden", "effect", "itself", "threads")),
        *((name, ctypes.c_void_p) for name in ("first_receiver", "first_sender")),
        *((name, ctypes.c_void_p) for name in ("received", "sent", "weights", "w2", "b2", "w3", "b3")),
    )


def available(values: torch.Tensor) -> bool:
    """Whether the compiled code can process such values: on a processor, with a C++ compiler."""
    if values.device.type != "cpu" or values.dtype not in DTYPES or torch.is_autocast_enabled("cpu"):
        return False
    return _compiles()


@cache
def _compiles() -> bool:
    try:
        load_library(LIBRARY)
    except UserError:
        return False
    return True


def pair_effects(
    received: torch.Tensor, sent: torch.Tensor, receivers: Ragged, senders: Ragged, layers: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """Sum over senders s of weight_s relu(W3 relu(W2 relu(received_r + sent_s) + b2) + b3): (receiver, D_E).

    received: (receiver, hidden), sent: (sender, hidden), the halves of the first layer; layers: W2 (hidden, hidden),
    b2, W3 (D_E, hidden), b3. Where receivers and senders are the same nodes, a node counts once less for itself.
    """
    effects: torch.Tensor = _PairEffects.apply(  # type: ignore[no-untyped-call]
        received, sent, *layers, receivers.first, senders.first, senders.weights, receivers is senders
    )
    return effects


class _PairEffects(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, *arguments: Any) -> torch.Tensor:
        *tensors, itself = arguments
        tensors = [tensor.contiguous() for tensor in tensors]
        received, b3 = tensors[0], tensors[5]
        effects: torch.Tensor = received.new_empty(len(received), len(b3))
        _call("forward", tensors, itself, effects)
        ctx.save_for_backward(*tensors)
        ctx.itself = itself  # type: ignore[attr-defined]
        return effects

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        tensors = ctx.saved_tensors
        gradients = [torch.zeros_like(tensor) for tensor in tensors[:6]]
        _call("backward", tensors, ctx.itself, gradient.contiguous(), *gradients)
        return (*gradients, *[None] * len(tensors[6:]), None)


def _call(name: str, tensors: Any, itself: bool, *buffers: torch.Tensor) -> None:
    received, sent, w2, b2, w3, b3, first_receiver, first_sender, weights = tensors
    numbers = (len(first_receiver) - 1, len(b2), len(b3), int(itself), torch.get_num_threads())
    arrays = (first_receiver, first_sender, received, sent, weights, w2, b2, w3, b3)
    task = Task(*numbers, *(array.data_ptr() for array in arrays))
    function = getattr(load_library(LIBRARY), f"{name}_{str(received.dtype).removeprefix('torch.')}")
    function(ctypes.byref(task), *(ctypes.c_void_p(buffer.data_ptr()) for buffer in buffers))
