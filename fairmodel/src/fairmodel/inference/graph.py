"""An exported graph: what it says of its inputs, and whether rows fit them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from ..errors import UserError
from ..schema import Feature, Input, Schema
from ..settings.inference import GRAPH

__all__ = ["OUTPUTS", "Graph", "InputError", "check_inputs", "read_graph"]

OUTPUTS = ("logits", "probabilities")


@dataclass(frozen=True)
class Graph:
    """A graph that `export` wrote.

    content: the file; schema: inputs, features and classes by its properties; cut: the inputs whose slot axis is
    dynamic, so that empty slots at the end may be cut off; properties: what else it says of itself.
    """

    content: bytes
    schema: Schema
    cut: frozenset[str]
    properties: Mapping[str, str]


def read_graph(path: Path) -> Graph:
    """Read a graph; raises UserError for a file that is missing, damaged, or was not written by `export`."""
    if not path.exists():
        command = "make export" if path.name == GRAPH else "make quantise"
        message = f"{path} does not exist; make it with `{command} PROFILE={path.parent.name}`"
        raise UserError(message)
    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        message = f"{path} is not a valid ONNX graph (truncated or corrupted: {error}); run `make export` again"
        raise UserError(message) from error
    properties = {item.key: item.value for item in model.metadata_props}
    try:
        schema = _schema(properties)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} does not say what its inputs are, so that it is no graph of this project; run `make export`"
        raise UserError(message) from error
    axes = {item.name: [axis.dim_value for axis in item.type.tensor_type.shape.dim] for item in model.graph.input}
    _check(path, schema, axes, [item.name for item in model.graph.output])
    return Graph(content, schema, frozenset(name for name, (_, slots, _) in axes.items() if not slots), properties)


def _schema(properties: Mapping[str, str]) -> Schema:
    slots = json.loads(properties["slots"])
    inputs = tuple(
        Input(name, slots[name], tuple(Feature(item["name"], item["unit"], "") for item in features))
        for name, features in json.loads(properties["inputs"]).items()
    )
    classes = tuple(json.loads(properties["classes"]))
    return Schema(properties["entity"], inputs, classes, int(properties["signal"]))


def _check(path: Path, schema: Schema, axes: Mapping[str, list[int]], outputs: list[str]) -> None:
    """The graph itself must have the shapes that its properties promise; an axis of size 0 is a dynamic one."""
    expected = {item.name: [0, item.slots, len(item.features)] for item in schema.inputs}
    fits = axes.keys() == expected.keys() and all(
        len(found) == 3 and found[1] in (0, expected[name][1]) and found[::2] == expected[name][::2]
        for name, found in axes.items()
    )
    if not fits or not {*OUTPUTS} <= {*outputs}:
        wanted = f"expected {expected} and {list(OUTPUTS)}; run `make export` again"
        message = f"{path} takes {axes} and returns {outputs}, {wanted}"
        raise UserError(message)


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
