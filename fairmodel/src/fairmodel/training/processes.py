"""Processes that train one network together, as torchrun starts them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn

from ..errors import UserError

__all__ = ["ALONE", "Processes", "joined"]


@dataclass(frozen=True)
class Processes:
    """One process, number `rank` of `size`; all must call the methods in the same order."""

    rank: int
    size: int

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and shows its progress."""
        return self.rank == 0

    def add(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over the processes; all are of one type, on one device."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with self._contact():
            distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def add_gradients(self, network: nn.Module, loss: torch.Tensor) -> torch.Tensor:
        """Replace the gradients of a network's parameters by their sums; returns that of `loss`, a single number."""
        if self.size == 1:
            return loss
        gradients = []
        for weight in network.parameters():
            if weight.requires_grad:
                weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad  # none without rows
                gradients.append(weight.grad)
        total = loss.to(gradients[0])
        self.add([*gradients, total])
        return total

    def spread(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each tensor by that of the first process."""
        if self.size == 1:
            return
        with self._contact(), torch.no_grad():
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def agree(self, value: str) -> None:
        """Raise UserError unless all processes have the same value."""
        if self.size == 1:
            return
        values: list[str] = [""] * self.size
        with self._contact():
            distributed.all_gather_object(values, value)
        if len(set(values)) > 1:
            message = "the processes have different data, code or checkpoints; give all of them the same files"
            raise UserError(message)

    @contextmanager
    def _contact(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            message = f"process {self.rank} of {self.size} lost contact with the others ({error}); see why they ended"
            raise UserError(message) from error


ALONE = Processes(0, 1)


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started together with this one; alone where it did not start it.

    They talk through NCCL between GPUs and Gloo between CPUs. On one machine, Gloo stays on the loopback interface.
    """
    if not distributed.is_torchelastic_launched() or int(os.environ["WORLD_SIZE"]) == 1:
        yield ALONE
        return
    if os.environ["LOCAL_WORLD_SIZE"] == os.environ["WORLD_SIZE"]:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
