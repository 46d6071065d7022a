"""In which order rows are explained, and how much of their inputs has to be looked at."""

from collections.abc import Collection, Mapping

import torch

from ...training.normalise import is_real

__all__ = ["Rows"]


class Rows:
    """The rows of named inputs, each (row, slot, feature) or of any other shape that begins with the row.

    Of the inputs in `shortened`, a chunk of rows has as many slots as its fullest row. The rows are in the order of
    `order`, fullest first, so that none needs more memory than the one before it.
    """

    def __init__(self, inputs: Mapping[str, torch.Tensor], shortened: Collection[str]) -> None:
        self.inputs = inputs
        self.occupied = {name: _occupied_slots(inputs[name]) for name in inputs if name in shortened}
        self.order = torch.arange(len(next(iter(inputs.values()))))
        # a stable sort for each: the input with most slots comes last, and so counts first
        for name in sorted(self.occupied, key=lambda name: inputs[name].shape[1]):
            counts = self.occupied[name].to(self.order.device)
            self.order = self.order[counts[self.order].argsort(descending=True, stable=True)]

    def chunk(self, places: torch.Tensor) -> dict[str, torch.Tensor]:
        """The rows at these places, int64, cut to the slots that they need."""
        return {name: values[places][:, : self._slots(name, places)] for name, values in self.inputs.items()}

    def _slots(self, name: str, places: torch.Tensor) -> int:
        if name not in self.occupied:
            return self.inputs[name].shape[1]
        return max(1, int(self.occupied[name][places].max()))


def _occupied_slots(objects: torch.Tensor) -> torch.Tensor:
    """Number of slots up to the last one that holds an object, int64 (row,)."""
    position = torch.arange(1, objects.shape[1] + 1, device=objects.device)
    return (is_real(objects).squeeze(-1) * position).amax(1)
