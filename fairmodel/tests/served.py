"""A model to serve whose answers can be written down: logits that are linear in the features."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import uvicorn
from onnx import helper, numpy_helper
from safetensors.numpy import save_file
from starlette.testclient import TestClient

from fairmodel.schema import Feature, Input, Schema
from fairmodel.serving.app import make_app
from fairmodel.serving.batching import Arrays
from fairmodel.serving.model import Served
from fairmodel.serving.server import listen
from fairmodel.settings.serving import Limits

__all__ = ["INFER", "SCHEMA", "Linear", "body", "client", "linear_model", "rows", "running", "write_model"]

CELLS, WIRES = ("depth", "tilt"), ("length", "angle", "width")
SCHEMA = Schema(
    entity="images",
    inputs=(
        Input("cells", 4, tuple(Feature(name, "mm", name) for name in CELLS)),
        Input("wires", 3, tuple(Feature(name, "1", name) for name in WIRES)),
    ),
    classes=("dark", "bright", "mixed"),
    signal=1,
)
PROPERTIES = {"title": "<title>", "version": "1.2"}
INFER = "/v2/models/linear/infer"


class Linear:
    """Sums of features times fixed weights; remembers how many rows each call had. The number 666 makes it fail."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, inputs: Arrays) -> Arrays:
        cells, wires = inputs["cells"].astype(np.float64), inputs["wires"].astype(np.float64)
        self.calls.append(len(cells))
        if 666 in cells:
            message = "the network does not like this number"
            raise RuntimeError(message)
        weights = np.arange(1, 10, dtype=np.float64).reshape(3, 3)
        logits = np.stack([cells.sum((1, 2)), cells[:, 0, 0], cells[:, -1, 1]], 1) + wires.sum(1) @ weights
        odds = np.exp(logits - logits.max(1, keepdims=True))
        with np.errstate(over="ignore"):
            return {
                "logits": logits.astype(np.float32),
                "probabilities": (odds / odds.sum(1, keepdims=True)).astype(np.float32),
            }


def linear_model(run: Linear | None = None) -> Served:
    """The model as a server gets it."""
    return Served("linear", "1.2", SCHEMA, PROPERTIES, run or Linear())


def write_model(folder: Path) -> Path:
    """The same as an exported model: a graph that takes any number of wires, and a sample beside it."""
    content = linear_graph()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content.SerializeToString())
    sample = rows(5)
    outputs = Linear()(sample)
    save_file({**sample, **outputs}, folder / "sample.safetensors")
    return folder / "model.onnx"


def linear_graph() -> onnx.ModelProto:
    """The graph of `Linear`."""
    cells, wires = np.zeros((8, 3), np.float32), np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    cells[:, 0] = cells[0, 1] = cells[7, 2] = 1
    constants = {"flat": np.array([0, -1]), "slots": np.array([1]), "of_cells": cells, "of_wires": wires}
    nodes = [
        helper.make_node("Reshape", ["cells", "flat"], ["flat_cells"]),
        helper.make_node("MatMul", ["flat_cells", "of_cells"], ["a"]),
        helper.make_node("ReduceSum", ["wires", "slots"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["sum", "of_wires"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    shapes: dict[str, list[str | int]] = {
        "cells": ["n", 4, 2],
        "wires": ["n", "m", 3],
        "logits": ["n", 3],
        "probabilities": ["n", 3],
    }
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "linear", values[:2], values[2:], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    features = {item.name: [{"name": name, "unit": "1"} for name in item.feature_names] for item in SCHEMA.inputs}
    about = {"entity": SCHEMA.entity, "signal": str(SCHEMA.signal), "classes": json.dumps(SCHEMA.classes)}
    slots = json.dumps({item.name: item.slots for item in SCHEMA.inputs})
    helper.set_model_props(model, {**PROPERTIES, **about, "inputs": json.dumps(features), "slots": slots})
    return model


@contextmanager
def client(run: Linear | None = None, **limits: Any) -> Iterator[TestClient]:
    """A client of the application, without a network in between; a fault of the server is an error here."""
    with TestClient(make_app(linear_model(run), Limits(**limits)), raise_server_exceptions=True) as made:
        yield made


@contextmanager
def running(**limits: Any) -> Iterator[str]:
    """A server in a thread of this process; yields the address of its model."""
    server = uvicorn.Server(uvicorn.Config(make_app(linear_model(), Limits(**limits)), log_level="error"))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2/models/linear"
        finally:
            server.should_exit = True
            thread.join()


def rows(number: int, seed: int = 0, wires: int = 3) -> dict[str, np.ndarray]:
    """Random rows, float32."""
    random = np.random.default_rng(seed)
    shapes = {"cells": (number, 4, 2), "wires": (number, wires, 3)}
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def body(inputs: Arrays, **more: Any) -> dict[str, Any]:
    """The request for these rows, numbers nested as in the arrays."""
    entries = [
        {"name": name, "datatype": "FP32", "shape": list(array.shape), "data": array.tolist()}
        for name, array in inputs.items()
    ]
    return {"inputs": entries, **more}
