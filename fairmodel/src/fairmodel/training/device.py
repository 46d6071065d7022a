"""Where a network computes, and with which numbers."""

import os
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from ..errors import UserError

__all__ = ["device_of", "find_device", "precision"]


def find_device(name: str) -> torch.device:
    """The device that `[training] device` names: `cpu`, `cuda`, or `auto` for a GPU if there is one.

    Of several processes on a machine, each gets a GPU of its own.
    """
    gpus = torch.cuda.device_count()
    if name == "cpu" or (name == "auto" and not gpus):
        return torch.device("cpu")
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if number >= gpus:
        message = (
            f"[training] device = {name!r} asks for {number + 1} GPUs, and PyTorch finds {gpus} on this machine; "
            "start fewer processes or set device = 'cpu'"
        )
        raise UserError(message)
    return torch.device("cuda", number)


def device_of(network: nn.Module) -> torch.device:
    """Where the parameters of a network are; the CPU if it has none."""
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


def precision(name: str, device: torch.device) -> AbstractContextManager[None]:
    """A context in which `[training] precision` holds: with `bfloat16`, matrices are multiplied in 16 bits.

    The parameters, the sums over a batch and the optimiser keep float32.
    """
    return torch.autocast(device.type, torch.bfloat16) if name == "bfloat16" else nullcontext()
