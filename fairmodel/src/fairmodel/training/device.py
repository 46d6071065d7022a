"""Device, precision, threads and random numbers of a training."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import nn

from ..errors import UserError

__all__ = ["device_of", "find_device", "own_random_numbers", "precision", "seed_generators", "threads"]


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


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Compute with `number` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def own_random_numbers(device: torch.device) -> Iterator[None]:
    """Give torch's generators, that of the device included, back unchanged at the end of the block."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def seed_generators(*key: int) -> None:
    """Seed torch's generators with some numbers.

    Seeded anew for every step, a training that is resumed between two of them draws what it would have drawn.
    """
    torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
