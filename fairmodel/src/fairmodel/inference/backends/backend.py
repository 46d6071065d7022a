"""A runtime that computes a model: opened by name, fed in blocks of bounded memory."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError
from ...lazy import Lazy
from ...schema import Schema
from ...settings.inference import BACKENDS, PRECISIONS
from ..graph import check_inputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["Backend", "BlockSize", "Outputs", "blocks", "occupied_slots", "open_backend"]


@dataclass(frozen=True)
class BlockSize:
    """How much a runtime is given at once: slots of the input with most of them, in all rows, and rows.

    What networks make of 256 objects fits into a processor's cache. Numbers of slots are multiples of `step` or all
    slots, for runtimes to which every new shape is work.
    """

    objects: int = 256
    rows: int = 256
    step: int = 1


def blocks(
    inputs: Mapping[str, np.ndarray], cut: Collection[str], size: BlockSize
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield indices of rows and their inputs, of which those in `cut` have only the slots that these rows need."""
    occupied = {name: _needed(inputs[name], size.step) for name in inputs if name in cut}
    longest_last = sorted(occupied, key=lambda name: inputs[name].shape[1])
    order = np.lexsort([occupied[name] for name in longest_last])
    slots = occupied[longest_last[-1]][order]
    start = 0
    while start < len(order):
        fullest = slots[start : start + size.rows]
        objects = fullest * np.arange(1, len(fullest) + 1)
        rows = order[start : start + max(1, int(np.searchsorted(objects, size.objects, side="right")))]
        yield rows, {name: _rows(array, rows, occupied.get(name)) for name, array in inputs.items()}
        start += len(rows)


def occupied_slots(objects: np.ndarray) -> np.ndarray:
    """Number of slots up to the last one that holds an object, int64 (row,), for (row, slot, feature)."""
    position = np.arange(1, objects.shape[1] + 1)
    occupied: np.ndarray = ((objects != 0).any(2) * position).max(1, initial=0)
    return occupied


def _needed(objects: np.ndarray, step: int) -> np.ndarray:
    """Number of slots that each row needs, at least one, in steps: int64 (row,)."""
    steps = np.maximum(-(-occupied_slots(objects) // step), 1)
    needed: np.ndarray = np.minimum(steps * step, objects.shape[1])
    return needed


def _rows(array: np.ndarray, rows: np.ndarray, occupied: np.ndarray | None) -> np.ndarray:
    return array[rows] if occupied is None else array[rows, : occupied[rows].max()]


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


def open_backend(
    name: str, folder: Path, project: "Project", *, threads: int = 1, precision: str = "float32"
) -> Backend:
    """Load the model in `folder`, such as models/quick, with a runtime that computes with so many threads.

    The network of `project` is built for PyTorch alone. Raises UserError for an unknown name, a
    runtime that is not installed, and a file that is missing, damaged or of another kind; MissingDeviceError where the
    machine has no GPU for a runtime that needs one.
    """
    for value, known, kind in ((name, BACKENDS, "backend"), (precision, PRECISIONS, "precision")):
        if value not in known:
            message = f"there is no {kind} {value!r}; choose one of {', '.join(known)}"
            raise UserError(message)
    try:
        backend: Backend = Lazy(BACKENDS[name])(folder, threads=threads, precision=precision, project=project)
    except ModuleNotFoundError as error:
        extra = error.name if error.name in ("openvino", "tensorrt") else "train"
        message = f"the backend {name} needs {error.name}, which is not installed: pip install 'fairmodel[{extra}]'"
        raise UserError(message) from error
    return backend
