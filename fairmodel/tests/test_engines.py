"""TensorRT: what can be tested where there is no GPU, and what needs the wheels alone."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import pytest

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.inference import engine as engine_module
from fairmodel.inference.backends.tensorrt import cached_engine, engine_path
from fairmodel.inference.engine import build_ahead, find_library, profile_ranges, targets_of, unsupported_operators
from fairmodel.inference.graph import Graph, read_graph
from fairmodel.interface import Run

pytestmark = pytest.mark.slow  # a graph is exported first


def graph_of(run: Run) -> Graph:
    return read_graph(run.paths.onnx)


def test_profiles_cover_every_batch_and_number_of_slots(exported: Run) -> None:
    graph = graph_of(exported)
    for item in exported.project.schema.inputs:
        least, usual, most = profile_ranges(graph)[item.name]
        assert least == (1, 1 if item.name in graph.cut else item.slots, len(item.features))
        assert most == (4200, item.slots, len(item.features))
        assert all(low <= middle <= high for low, middle, high in zip(least, usual, most, strict=True))


def test_an_engine_is_built_once(exported: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again for another version, another device or another graph."""
    from fairmodel.inference.backends import tensorrt

    built: list[str] = []

    def build(library: Any, *_: object) -> bytes:
        built.append(library.__version__)
        return bytes(library.__version__, "ascii")

    monkeypatch.setattr(tensorrt, "build_engine", build)
    graph, path = graph_of(exported), tmp_path / "model.onnx"
    old, new = (SimpleNamespace(__name__="tensorrt", __version__=version) for version in ("10.1", "10.2"))
    for library, device in ((old, "A100"), (old, "A100"), (new, "A100"), (old, "L4 / x"), (old, "L4 / x")):
        assert cached_engine(library, graph, path, device) == library.__version__.encode()
    assert built == ["10.1", "10.2", "10.1"]
    other = Graph(graph.content + b" ", graph.schema, graph.cut, graph.properties)
    assert engine_path(old, other, path, "A100") != engine_path(old, graph, path, "A100")


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_without_the_wheels(exported: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engine_module, "find_spec", lambda _: None)
    assert main(exported.project, ["engines", "--profile", "tiny", "--project", str(exported.paths.root)]) == 1
    error = capsys.readouterr().err
    assert "TensorRT for RTX is not installed: pip install --no-deps tensorrt-rtx-cu13-libs" in error


@pytest.fixture(scope="module")
def library() -> Any:
    try:
        return find_library()
    except UserError as error:
        pytest.skip(str(error))


def test_every_operator_is_supported(library: Any, exported: Run) -> None:
    assert unsupported_operators(library, graph_of(exported)) == []


def test_an_unknown_operator_is_named(library: Any, exported: Run) -> None:
    model = onnx.load(exported.paths.onnx)
    model.graph.node[0].op_type = "Unheard"
    graph = graph_of(exported)
    changed = Graph(model.SerializeToString(), graph.schema, graph.cut, graph.properties)
    assert unsupported_operators(library, changed) == ["Unheard"]


@pytest.mark.parametrize("target", ["SM80", "SM86", "SM89", "SM90", "SM120"])
def test_engines_are_built_for_gpus_that_are_not_here(target: str, library: Any, exported: Run, tmp_path: Path) -> None:
    if target not in targets_of(library):
        pytest.skip(f"TensorRT {library.__version__} for RTX does not know {target}")
    graph = Path(shutil.copy(exported.paths.onnx, tmp_path))
    (engine,) = build_ahead(graph, [target])
    assert engine.path.parent == tmp_path / "engines"
    assert engine.path.name == f"model-{library.__name__}-{library.__version__}-{target}.engine"
    assert engine.path.stat().st_size > 10_000


def test_a_target_that_is_none(library: Any, exported: Run) -> None:
    with pytest.raises(UserError, match=rf"TensorRT {library.__version__} does not build for 'SM1', only for SM"):
        list(build_ahead(exported.paths.onnx, ["SM1"]))
