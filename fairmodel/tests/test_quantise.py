"""Graphs with fewer bits: near the original, no nearer than their bits allow, and smaller."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from fairmodel.export.precision import quantise, to_float16, to_int8
from fairmodel.inference.backends import open_backend
from fairmodel.inference.graph import Graph, read_graph
from fairmodel.interface import Run
from fairmodel.testing.samples import random_samples

from .conftest import copy_of
from .projects import CELLS

pytestmark = pytest.mark.slow  # a graph is exported first


@pytest.fixture(scope="module")
def quantised(exported: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = copy_of(exported, tmp_path_factory.mktemp("quantised"))
    quantise(run)
    return run


@pytest.mark.parametrize(("precision", "step"), [("float16", 2.0**-11), ("int8", 2.0**-8)])
def test_the_answer_is_that_of_the_graph_within_its_bits(precision: str, step: float, quantised: Run) -> None:
    inputs = random_samples(quantised.project.schema, 60, seed=7).inputs
    full, fewer = (
        open_backend("onnxruntime", quantised.paths.model, precision=name, project=quantised.project)
        for name in ("float32", precision)
    )
    assert fewer.schema == full.schema
    assert fewer.cut == full.cut
    expected, found = full.run(inputs).logits, fewer.run(inputs).logits
    assert found.dtype == np.float32
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    assert step / 100 < difference < 60 * step


def test_the_table_of_costs(quantised: Run) -> None:
    content = json.loads((quantised.paths.report / "portability" / "precision.json").read_text(encoding="utf-8"))
    rows = content["tables"][0]["rows"]
    assert list(rows) == ["float32", "float16", "int8"]
    assert rows["float32"]["auc_loss"] == rows["float32"]["logit_difference"] == 0
    assert rows["float16"]["logit_difference"] < rows["int8"]["logit_difference"]
    for row in rows.values():
        assert row["auc_loss"] == pytest.approx(rows["float32"]["auc"] - row["auc"], abs=1e-12)
    for name, row in rows.items():
        assert 1 - row["fidelity"] <= row["probability_difference"] + 1e-9, name


def test_what_float16_cannot_hold_is_brought_to_scale_first() -> None:
    """Values beyond 65504, and below 6e-8, that are scaled before the first matrix product."""
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        make.make_node("Mul", ["x", "scale"], ["scaled"], name="scaling"),
        make.make_node("MatMul", ["scaled", "weights"], ["y"], name="product"),
    ]
    initial = [make.make_tensor("scale", kind, [2], [1e-6, 1e9]), make.make_tensor("weights", kind, [2, 1], [1, 1])]
    values = [make.make_tensor_value_info(name, kind, ["batch", size]) for name, size in (("x", 2), ("y", 1))]
    made = make.make_graph(nodes, "scaled", values[:1], values[1:], initial)
    model = make.make_model(made, opset_imports=[make.make_opsetid("", 18)], ir_version=8)
    fewer = to_float16(Graph(model.SerializeToString(), CELLS, frozenset(), {}))
    session = onnxruntime.InferenceSession(fewer.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": np.array([[1e6, 0], [0, 3e-9]], np.float32)})
    np.testing.assert_allclose(found, [[1], [3]], rtol=2e-3)


def test_integers_hold_the_products(exported: Run) -> None:
    graph = read_graph(exported.paths.onnx)
    model = to_int8(graph, random_samples(exported.project.schema, 30, seed=7).inputs)
    kinds = {tensor.data_type for tensor in model.graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    assert {item.key: item.value for item in model.metadata_props} == graph.properties
