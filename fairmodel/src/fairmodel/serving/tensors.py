"""Arrays from the protocol's tensors: lists of numbers in JSON, or raw bytes behind it."""

from collections.abc import Mapping
from math import prod
from typing import Any, NoReturn

import numpy as np

from ..schema import Input
from .errors import RequestError

__all__ = ["DATATYPE", "FLOAT", "read_tensor"]

DATATYPE, FLOAT = "FP32", np.dtype("<f4")  # the protocol's name of the type, and NumPy's


def read_tensor(item: Mapping[str, Any], expected: Input, raw: bytes | None) -> np.ndarray:
    """The array of one entry of a request's `inputs`, (row, slot, feature), in as many slots as the schema has.

    `raw` holds the numbers where the entry has no `data`. Raises RequestError naming the input and what is wrong.
    """
    shape = _shape(item, expected)
    if item.get("datatype") != DATATYPE:
        _refuse(expected, f"has the datatype {item.get('datatype')!r}, the model takes {DATATYPE!r}")
    _check_features(item, expected)
    array = _from_list(item.get("data"), shape, expected) if raw is None else _from_bytes(raw, shape, expected)
    missing = expected.slots - shape[1]
    return np.pad(array, ((0, 0), (0, missing), (0, 0))) if missing else array


def _shape(item: Mapping[str, Any], expected: Input) -> tuple[int, ...]:
    shape = item.get("shape")
    if not isinstance(shape, list) or not all(type(length) is int and length > 0 for length in shape):
        _refuse(expected, f"has the shape {shape!r}, not a list of positive whole numbers")
    features = len(expected.features)
    if len(shape) != 3 or shape[1] > expected.slots or shape[2] != features:
        _refuse(expected, f"has the shape {shape}, the model takes [rows, up to {expected.slots}, {features}]")
    return tuple(shape)


def _check_features(item: Mapping[str, Any], expected: Input) -> None:
    """Compare the names of the features, if the client says which it sends: `parameters.features`, with commas."""
    parameters = item.get("parameters")
    named = parameters.get("features") if isinstance(parameters, dict) else None
    wanted = ",".join(expected.feature_names)
    if named not in (None, wanted):
        _refuse(expected, f"has the features {named!r}, the model takes {wanted!r}")


def _from_bytes(raw: bytes, shape: tuple[int, ...], expected: Input) -> np.ndarray:
    size = prod(shape) * FLOAT.itemsize
    if len(raw) != size:
        _refuse(expected, f"has {len(raw)} bytes of data, its shape {list(shape)} needs {size}")
    return np.frombuffer(raw, FLOAT).reshape(shape)


def _from_list(data: Any, shape: tuple[int, ...], expected: Input) -> np.ndarray:
    if not isinstance(data, list):
        _refuse(expected, "has neither data, a list of numbers, nor parameters.binary_data_size")
    try:
        array = np.asarray(data)
    except (ValueError, OverflowError, RecursionError):  # rows of different lengths, or nested without end
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf":
        _refuse(expected, "has data that are not numbers, or rows of different lengths")
    if array.shape not in (shape, (prod(shape),)):
        _refuse(expected, f"has data nested as {list(array.shape)}, not its shape {list(shape)} or one flat list")
    return array.reshape(shape)


def _refuse(expected: Input, problem: str) -> NoReturn:
    message = f"input {expected.name!r} {problem}"
    raise RequestError(400, message)
