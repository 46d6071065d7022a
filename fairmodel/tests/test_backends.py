"""Runtimes behind one interface: the network's answer from each, and a clear word where there is none."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file
from torch import nn

from fairmodel.cli import main
from fairmodel.errors import MissingDeviceError, UserError
from fairmodel.evaluation.network import load_network
from fairmodel.export.graph import WithProbabilities, inputs_to_cut, make_graph
from fairmodel.export.onnx import largest_difference
from fairmodel.inference.backends import Backend, open_backend
from fairmodel.inference.backends.backend import BlockSize, blocks, occupied_slots
from fairmodel.inference.engine import require_gpu
from fairmodel.inference.graph import InputError, check_inputs, read_graph
from fairmodel.interface import Run
from fairmodel.layers import EmptySlot, WeightedSum
from fairmodel.testing.samples import random_samples

pytestmark = pytest.mark.slow  # a graph is exported first

ON_CPU = ("torch", "onnxruntime", "openvino")


def opened(run: Run, name: str) -> Backend:
    if name == "openvino":
        pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    return open_backend(name, run.paths.model, project=run.project)


@pytest.mark.parametrize("name", ON_CPU)
@pytest.mark.parametrize("rows", [1, 70])
def test_the_answer_is_the_networks(name: str, rows: int, exported: Run) -> None:
    inputs = random_samples(exported.project.schema, rows, seed=3).inputs
    network = load_network(exported)
    with torch.inference_mode():
        logits = network(**{key: torch.from_numpy(array) for key, array in inputs.items()}).numpy()
    outputs = opened(exported, name).run(inputs)
    assert outputs.logits.dtype == outputs.probabilities.dtype == np.float32
    np.testing.assert_allclose(outputs.logits, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs.probabilities.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ON_CPU)
def test_the_sample_that_goes_with_the_model(name: str, exported: Run) -> None:
    sample = load_file(exported.paths.model / "sample.safetensors")
    logits, probabilities = sample.pop("logits"), sample.pop("probabilities")
    assert sample.keys() == {item.name for item in exported.project.schema.inputs}
    assert len(logits) == 32
    outputs = opened(exported, name).run(sample)
    np.testing.assert_allclose(outputs.logits, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs.probabilities, probabilities, atol=1e-5)
    for item in exported.project.schema.inputs:  # from the rows with fewest objects to those with most
        assert len(np.unique(occupied_slots(sample[item.name]))) > min(item.slots, 32) // 3


@pytest.mark.parametrize("name", ON_CPU)
def test_no_rows_and_fewer_slots(name: str, exported: Run) -> None:
    backend, schema = opened(exported, name), exported.project.schema
    inputs = random_samples(schema, 6, seed=1).inputs
    assert backend.run({key: array[:0] for key, array in inputs.items()}).logits.shape == (0, len(schema.classes))
    half = {key: array[:, : array.shape[1] // 2] for key, array in inputs.items()}
    padded = {key: np.where(np.arange(a.shape[1])[:, None] < a.shape[1] // 2, a, 0) for key, a in inputs.items()}
    np.testing.assert_allclose(backend.run(half).logits, backend.run(padded).logits, rtol=1e-5, atol=1e-5)


def test_rows_come_back_in_their_order(exported: Run) -> None:
    backend = opened(exported, "onnxruntime")
    inputs = random_samples(exported.project.schema, 40, seed=8).inputs
    order = np.random.default_rng(0).permutation(40)
    mixed = backend.run({name: array[order] for name, array in inputs.items()})
    np.testing.assert_allclose(mixed.logits, backend.run(inputs).logits[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("objects", "rows", "step"), [(1, 1, 1), (30, 256, 1), (10_000, 4, 3), (10_000, 256, 8)])
def test_blocks_hold_every_object_once(objects: int, rows: int, step: int, prepared: Run) -> None:
    inputs = random_samples(prepared.project.schema, 50, seed=2).inputs
    longest = max(inputs, key=lambda name: inputs[name].shape[1])
    seen: list[int] = []
    for places, block in blocks(inputs, [longest], BlockSize(objects, rows, step)):
        slots = block[longest].shape[1]
        assert slots % step == 0 or slots == inputs[longest].shape[1]
        assert len(places) == 1 or (len(places) <= rows and len(places) * slots <= objects)
        for name, array in inputs.items():
            np.testing.assert_array_equal(block[name], array[places, : slots if name == longest else None])
            assert not array[places, block[name].shape[1] :].any()
        seen += places.tolist()
    assert sorted(seen) == [*range(50)]


class Counting(nn.Module):
    """A sum over all slots, to which empty ones contribute too; one of them stands for all where some are missing."""

    def __init__(self) -> None:
        super().__init__()
        self.of_object, self.classify = nn.Linear(2, 4), nn.Linear(4, 3)
        self.empty, self.sum = EmptySlot(10), WeightedSum()

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        objects, weights = self.empty(cells)
        logits: torch.Tensor = self.classify(self.sum(torch.relu(self.of_object(objects)), weights))
        return logits


class Forgetful(nn.Module):
    """The same network, which takes the slots that are there for all."""

    def __init__(self, network: Counting) -> None:
        super().__init__()
        self.of_object, self.classify = network.of_object, network.classify

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classify(torch.relu(self.of_object(cells)).sum(1))
        return logits


@dataclass(frozen=True)
class Exported:
    network: Counting
    module: WithProbabilities
    inputs: dict[str, torch.Tensor]
    model: onnx.ModelProto


@pytest.fixture(scope="module")
def counting() -> Exported:
    torch.manual_seed(1)
    network = Counting()
    module = WithProbabilities(network, ("cells",)).eval()
    cells = torch.randn(8, 10, 2)
    cells[:, 7:] = 0
    return Exported(network, module, {"cells": cells}, make_graph(module, {"cells": cells}, ["cells"], 18))


def test_a_graph_for_any_number_of_slots(counting: Exported) -> None:
    assert inputs_to_cut(counting.module.network, counting.inputs) == ("cells",)
    axes = [axis.dim_param or axis.dim_value for axis in counting.model.graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", "cells_slots", 2]
    assert largest_difference(counting.model, counting.module, counting.inputs, ["cells"]) < 1e-5


def test_a_graph_that_forgets_the_missing_slots_is_noticed(counting: Exported) -> None:
    wrong = WithProbabilities(Forgetful(counting.network), ("cells",))
    assert inputs_to_cut(wrong.network, counting.inputs) == ()
    assert largest_difference(counting.model, wrong, counting.inputs, ["cells"]) < 1e-5  # with all slots they agree
    model = make_graph(wrong, counting.inputs, ["cells"], 18)
    assert largest_difference(model, counting.module, counting.inputs, ["cells"]) > 1e-2


def test_the_graph_holds_no_paths_of_the_machine(exported: Run) -> None:
    content = exported.paths.onnx.read_bytes()
    for path in (Path(__file__).parent, Path(torch.__file__).parent):
        assert str(path).encode() not in content
    assert onnx.load_model_from_string(content).ir_version == onnx.helper.find_min_ir_version_for(
        [onnx.helper.make_opsetid("", exported.config.export.opset)]
    )


@pytest.fixture
def folder(exported: Run, tmp_path: Path) -> Path:
    """A copy of the model's folder, to be damaged."""
    return shutil.copytree(exported.paths.model, tmp_path / "model")


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_a_graph_that_is_none(name: str, folder: Path, exported: Run) -> None:
    if name == "openvino":
        pytest.importorskip("openvino", reason="the extra `openvino` is not installed")
    graph = folder / "model.onnx"
    content = graph.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"no graph", content[:40] + bytes(40) + content[80:]):
        graph.write_bytes(damaged)
        with pytest.raises(UserError, match=r"model\.onnx .*run `make export`"):
            open_backend(name, folder, project=exported.project)
    graph.unlink()
    with pytest.raises(UserError, match=r"model\.onnx does not exist; make it with `make export PROFILE=model`"):
        open_backend(name, folder, project=exported.project)


def test_a_foreign_graph(folder: Path) -> None:
    graph = folder / "model.onnx"
    model = onnx.load(graph)
    del model.metadata_props[:]
    onnx.save(model, graph)
    with pytest.raises(UserError, match="does not say what its inputs are"):
        read_graph(graph)


def test_a_graph_of_other_shapes_than_it_says(folder: Path) -> None:
    graph = folder / "model.onnx"
    model = onnx.load(graph)
    for item in model.metadata_props:
        if item.key == "slots":
            item.value = item.value.replace("0", "1").replace("5", "4")
    model.graph.output[0].name = "scores"
    next(node for node in model.graph.node if "logits" in node.output).output[0] = "scores"
    for node in model.graph.node:
        node.input[:] = ["scores" if name == "logits" else name for name in node.input]
    onnx.save(model, graph)
    with pytest.raises(UserError, match=r"returns \['scores', 'probabilities'\], expected"):
        read_graph(graph)


def test_weights_of_another_network(folder: Path, exported: Run) -> None:
    (folder / "weights.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"weights\.safetensors .* damaged or of another network"):
        open_backend("torch", folder, project=exported.project)
    with pytest.raises(UserError, match="computes in float32, not int8"):
        open_backend("torch", folder, precision="int8", project=exported.project)


def test_unknown_names(exported: Run) -> None:
    with pytest.raises(UserError, match="no backend 'tflite'; choose one of torch, onnxruntime"):
        open_backend("tflite", exported.paths.model, project=exported.project)
    with pytest.raises(UserError, match="no precision 'int4'; choose one of float32"):
        open_backend("onnxruntime", exported.paths.model, precision="int4", project=exported.project)


def missing(*_: object, **__: object) -> None:
    """A runtime whose library is not there."""
    raise ModuleNotFoundError(name="openvino")


def test_a_runtime_that_is_not_installed(exported: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairmodel.inference.backends import backend

    monkeypatch.setattr(backend, "BACKENDS", {"openvino": f"{__name__}:missing"})
    with pytest.raises(
        UserError, match=r"openvino needs openvino, which is not installed: pip install 'fairmodel\[openvi"
    ):
        open_backend("openvino", exported.paths.model, project=exported.project)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_no_gpu(exported: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("tensorrt", "onnxruntime-tensorrt"):
        with pytest.raises(MissingDeviceError, match=r"no NVIDIA GPU for .*TensorRT.* on this machine"):
            open_backend(name, exported.paths.model, project=exported.project)
    with pytest.raises(MissingDeviceError):
        require_gpu("a test")
    rows, out = str(exported.paths.split("test")), str(tmp_path / "scores.h5")
    where = ["--profile", "tiny", "--project", str(exported.paths.root)]
    assert main(exported.project, ["predict", rows, "--backend", "tensorrt", "--out", out, *where]) == 3
    assert capsys.readouterr().err.startswith("error: there is no NVIDIA GPU for TensorRT")


def test_inputs_that_no_model_can_take(exported: Run) -> None:
    schema = exported.project.schema
    good = random_samples(schema, 3, seed=5).inputs
    name, features = schema.inputs[0].name, len(schema.inputs[0].features)
    bad = good[name].copy()
    bad[1, 2, 0] = np.nan
    many = np.zeros((3, schema.inputs[0].slots + 1, features), np.float32)
    for wrong, problem in (
        ({}, f"{name} is missing"),
        (good | {"more": good[name]}, "more is unknown; the inputs of this model are"),
        (good | {name: good[name][:, :, :-1]}, rf"{name} has shape .*{features} features\), where the features are"),
        (good | {name: good[name][0]}, f"{name} has shape"),
        (good | {name: many}, f"{name} has shape"),
        (good | {name: good[name].astype(str)}, f"{name} is of type <U"),
        (good | {name: good[name].astype(complex)}, f"{name} is of type complex"),
        (good | {name: bad}, rf"{name}\.{schema.inputs[0].feature_names[0]} is nan in row 1, slot 2"),
        (good | {name: np.full_like(bad, 1e39, dtype=np.float64)}, r"is 1e\+39 in row 0, slot 0"),
    ):
        with pytest.raises(InputError, match=problem):
            check_inputs(wrong, schema)
    if len(schema.inputs) > 1:
        with pytest.raises(InputError, match="numbers of rows differ"):
            check_inputs(good | {name: good[name][:2]}, schema)
    kept = check_inputs({key: array.astype(np.float64)[:, ::1] for key, array in good.items()}, schema)
    assert all(np.array_equal(kept[key], good[key]) and kept[key].dtype == np.float32 for key in good)
