"""Compare a graph with the project's table of features."""

import json
from typing import Any

from ...schema import Input, Schema

__all__ = ["signature_problems"]

OUTPUTS = ("logits", "probabilities")


def signature_problems(graph: Any, schema: Schema) -> list[tuple[str, str]]:
    """Place and reason of each difference between an onnx.ModelProto and the schema."""
    properties = {item.key: item.value for item in graph.metadata_props}
    problems = []
    names, expected = [item.name for item in graph.graph.input], [item.name for item in schema.inputs]
    if names != expected:
        problems.append(("graph/input", f"inputs {names}, expected {expected}"))
    if (outputs := [item.name for item in graph.graph.output]) != list(OUTPUTS):
        problems.append(("graph/output", f"outputs {outputs}, expected {list(OUTPUTS)}"))
    if (classes := _parsed(properties, "classes")) != list(schema.classes):
        problems.append(("metadata_props/classes", f"{classes}, expected {list(schema.classes)}"))
    described, shapes = _parsed(properties, "inputs"), {item.name: _shape(item) for item in graph.graph.input}
    for item in schema.inputs:
        features = [{"name": feature.name, "unit": feature.unit} for feature in item.features]
        if not isinstance(described, dict) or described.get(item.name) != features:
            problems.append((f"metadata_props/inputs/{item.name}", "features or units differ from the table"))
        if item.name in shapes and not _fits(shapes[item.name], item):
            shape = f"(rows, {item.slots}, {len(item.features)})"
            problems.append((f"graph/input/{item.name}", f"shape {shapes[item.name]}, expected {shape}"))
    return problems


def _parsed(properties: dict[str, str], name: str) -> Any:
    try:
        return json.loads(properties.get(name, "null"))
    except ValueError:
        return None


def _shape(value: Any) -> tuple[int | str, ...]:
    """Lengths of the axes; a text is an open one."""
    return tuple(axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim)


def _fits(shape: tuple[int | str, ...], item: Input) -> bool:
    """Rows open, slots open or as many as declared, features as many as declared."""
    if len(shape) != 3 or not isinstance(shape[0], str):
        return False
    return shape[1] in (item.slots, str(shape[1])) and shape[2] == len(item.features)
