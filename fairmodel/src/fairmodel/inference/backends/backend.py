"""What every runtime offers: logits and probabilities of inputs by name."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ...schema import Schema
from ..blocks import BlockSize, blocks
from ..inputs import check_inputs

__all__ = ["Backend", "Outputs"]


@dataclass(frozen=True)
class Outputs:
    """What the model says of some rows: logits and probabilities, each float32 (row, class)."""

    logits: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.logits)


class Backend(ABC):
    """A model that is loaded and ready; several threads may call `run` at a time.

    `schema` is what the model was made for. Of the inputs in `cut`, the runtime is given no more slots than it needs,
    in blocks of the given size. `device` is where it computes.
    """

    block_size = BlockSize()
    device = "CPU"

    def __init__(self, schema: Schema, cut: Collection[str] = ()) -> None:
        self.schema, self.cut = schema, frozenset(cut)

    @abstractmethod
    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """The model's answer for checked inputs, float32 (row, slot, feature), of at least one row."""

    def run(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """The model's answer for inputs by name, (row, slot, feature), in physical units; missing objects are zeros.

        Raises InputError where the model cannot take them.
        """
        arrays = check_inputs(inputs, self.schema)
        rows, classes = len(next(iter(arrays.values()))), len(self.schema.classes)
        arrays = {name: self._padded(name, array) for name, array in arrays.items()}
        if rows and not self.cut:
            return self.compute(arrays)
        outputs = Outputs(np.empty((rows, classes), np.float32), np.empty((rows, classes), np.float32))
        for place, block in blocks(arrays, self.cut, self.block_size) if rows else ():
            found = self.compute(block)
            outputs.logits[place], outputs.probabilities[place] = found.logits, found.probabilities
        return outputs

    def _padded(self, name: str, array: np.ndarray) -> np.ndarray:
        """With as many slots as the runtime needs."""
        slots = next(item.slots for item in self.schema.inputs if item.name == name)
        missing = (1 if name in self.cut else slots) - array.shape[1]
        return np.pad(array, ((0, 0), (0, missing), (0, 0))) if missing > 0 else array
