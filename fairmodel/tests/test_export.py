"""The ONNX graph: what PyTorch says, for any number of rows, or no file at all."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.evaluation.network import load_network
from fairmodel.export.onnx import export
from fairmodel.interface import Run
from fairmodel.testing.samples import random_samples

from .projects import Channels


@pytest.fixture(scope="module")
def session(exported: Run) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(exported.paths.onnx.read_bytes(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("rows", [1, 2, 33])
@pytest.mark.parametrize("empty", [False, True])
def test_the_graph_says_what_the_network_says(
    rows: int, empty: bool, exported: Run, session: onnxruntime.InferenceSession
) -> None:
    inputs = random_samples(exported.project.schema, rows, seed=9).inputs
    if empty:
        inputs = {name: np.zeros_like(array) for name, array in inputs.items()}
    network = load_network(exported)
    with torch.inference_mode():
        expected = network(**{name: torch.from_numpy(array) for name, array in inputs.items()}).numpy()
    logits, probabilities = session.run(["logits", "probabilities"], inputs)
    assert logits.shape == (rows, len(exported.project.schema.classes))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    exponential = np.exp(expected.astype(np.float64))
    np.testing.assert_allclose(probabilities, exponential / exponential.sum(1, keepdims=True), atol=1e-5)


def test_the_graph_has_the_names_and_shapes_of_the_schema(exported: Run, session: onnxruntime.InferenceSession) -> None:
    found = {item.name: (item.type, *item.shape) for item in session.get_inputs()}
    assert found.keys() == {item.name for item in exported.project.schema.inputs}
    for item in exported.project.schema.inputs:
        kind, batch, slots, features = found[item.name]
        assert (kind, batch, features) == ("tensor(float)", "batch", len(item.features))
        assert slots in (item.slots, f"{item.name}_slots")
    assert [(item.name, *item.shape) for item in session.get_outputs()] == [
        (name, "batch", len(exported.project.schema.classes)) for name in ("logits", "probabilities")
    ]


def test_the_dense_graph_has_all_slots(exported: Run) -> None:
    model = onnx.load(exported.paths.model / "model-dense.onnx")
    axes = {item.name: [axis.dim_value for axis in item.type.tensor_type.shape.dim] for item in model.graph.input}
    assert axes == {item.name: [0, item.slots, len(item.features)] for item in exported.project.schema.inputs}


def test_the_graph_says_what_it_is(exported: Run) -> None:
    model = onnx.load(exported.paths.onnx)
    onnx.checker.check_model(model, full_check=True)
    properties = {item.key: item.value for item in model.metadata_props}
    assert properties["title"] == "<script>alert('1')</script> & \"two\" \\ ünï"
    assert properties["version"] == "1.2.3"
    assert properties["license"] == "MIT"
    assert properties["doi"] == "10.5281/zenodo.1234567"
    assert properties["profile"] == exported.paths.profile
    assert json.loads(properties["classes"]) == list(exported.project.schema.classes)
    for item in exported.project.schema.inputs:
        described = json.loads(properties["inputs"])[item.name]
        assert described == [{"name": feature.name, "unit": feature.unit} for feature in item.features]


def test_the_graph_is_one_file_of_the_wanted_opset(exported: Run) -> None:
    model = onnx.load(exported.paths.onnx, load_external_data=False)
    assert {item.domain: item.version for item in model.opset_import}[""] == exported.config.export.opset
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    assert not list(exported.paths.model.glob("model.onnx*.data"))


class Fickle(nn.Module):
    """A network that is another one while it is exported."""

    def __init__(self, difference: float) -> None:
        super().__init__()
        self.layer = nn.Linear(20, 3)
        self.difference = difference

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layer(cells.flatten(1))
        return logits * (1 + self.difference) if torch.compiler.is_compiling() else logits


def fickle(run: Run, difference: float) -> Run:
    """The run with that network, and its weights."""
    run = replace(run, project=replace(run.project, build=lambda _: Fickle(difference)))
    run.paths.weights.parent.mkdir(parents=True)
    save_file(run.project.build(Channels()).state_dict(), run.paths.weights)
    return run


def test_a_graph_that_differs_is_not_written(other: Run) -> None:
    run = fickle(other, 0.01)
    with pytest.raises(UserError, match=r"differs from PyTorch by 0\.01.*\[export\] tolerance = 0\.0001"):
        export(run)
    assert {item.name for item in run.paths.model.iterdir()} == {"weights.safetensors"}


def test_a_graph_within_the_tolerance_is_written(other: Run) -> None:
    run = fickle(other, 1e-6)
    export(run)
    assert run.paths.onnx.exists()


def test_a_graph_that_exists_survives_a_failed_export(other: Run) -> None:
    run = fickle(other, 0.0)
    run.paths.onnx.write_bytes(b"before")
    test_set = other.paths.processed / "test.h5"
    test_set.write_bytes(test_set.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"test\.h5"):
        export(run)
    assert run.paths.onnx.read_bytes() == b"before"


def test_the_comparison_covers_real_rows(exported: Run) -> None:
    """The test set behind the comparison is not a set of empty rows."""
    with Dataset(exported.paths.processed / "test.h5", exported.project.schema) as dataset:
        samples = dataset.read(0, exported.config.export.rows)
    assert all((counts > 0).any() for counts in samples.counts.values())
