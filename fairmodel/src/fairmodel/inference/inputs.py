"""Inputs from outside, checked before a runtime sees them: what a model cannot take is refused by name and place."""

from collections.abc import Mapping

import numpy as np

from ..errors import UserError
from ..schema import Input, Schema

__all__ = ["InputError", "check_inputs"]


class InputError(UserError):
    """Inputs that the model cannot take."""


def check_inputs(inputs: Mapping[str, np.ndarray], schema: Schema) -> dict[str, np.ndarray]:
    """The inputs in the schema's order as float32 (row, slot, feature).

    Fewer slots than the schema's are fine: the rest is empty. Raises InputError for a name that is missing or unknown,
    a wrong shape or kind of numbers, numbers of rows that differ, and values that are not finite.
    """
    names = [item.name for item in schema.inputs]
    problems = [f"{name} is missing" for name in names if name not in inputs]
    problems += [f"{name} is unknown" for name in inputs if name not in names]
    if problems:
        message = f"{'; '.join(problems)}; the inputs of this model are {', '.join(names)}"
        raise InputError(message)
    arrays = {item.name: _checked(item, np.asarray(inputs[item.name])) for item in schema.inputs}
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) > 1:
        message = f"numbers of rows differ where one is expected: {rows}"
        raise InputError(message)
    return arrays


def _checked(item: Input, array: np.ndarray) -> np.ndarray:
    features = len(item.features)
    if array.ndim != 3 or array.shape[2] != features or array.shape[1] > item.slots:
        message = (
            f"{item.name} has shape {array.shape}, expected (rows, up to {item.slots} slots, {features} features), "
            f"where the features are {', '.join(item.feature_names)}"
        )
        raise InputError(message)
    if array.dtype.kind not in "fiu":
        message = f"{item.name} is of type {array.dtype}, expected numbers that float32 can hold"
        raise InputError(message)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows becomes infinite, which is refused
        values = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(values).all():
        row, slot, feature = np.argwhere(~np.isfinite(values))[0]
        message = (
            f"{item.name}.{item.feature_names[feature]} is {array[row, slot, feature]} in row {row}, slot {slot}; "
            "every input must be finite in float32"
        )
        raise InputError(message)
    return values
