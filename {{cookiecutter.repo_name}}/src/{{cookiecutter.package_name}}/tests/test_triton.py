"""The model repository for Triton: what the configuration says is what the graph says."""

import dataclasses
import re
from pathlib import Path

import pytest

from ..inference.graph import Graph, read_graph
from ..serving.limits import Limits
from ..serving.triton import model_config, write_repository
from .conftest import Run
from .served import PROPERTIES, SCHEMA


def graph(*cut: str, **properties: str) -> Graph:
    return Graph(b"", SCHEMA, frozenset(cut), PROPERTIES | properties)


def test_the_configuration_follows_the_graph() -> None:
    text = model_config(graph("wires"), "linear", Limits(batch=64, rows=512, delay=0.003))
    for line in (
        'name: "linear"',
        "max_batch_size: 512",
        'input { name: "cells" data_type: TYPE_FP32 dims: [4, 2] }',
        'input { name: "wires" data_type: TYPE_FP32 dims: [-1, 3] }',
        'output { name: "logits" data_type: TYPE_FP32 dims: [3] }',
        'output { name: "probabilities" data_type: TYPE_FP32 dims: [3] label_filename: "labels.txt" }',
        "  preferred_batch_size: 64",
        "  max_queue_delay_microseconds: 3000",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize("title", ['"quoted" \\', "ünï\n\t", "} name: 'x'", "\x00"])
def test_any_text_comes_back_as_it_was(title: str) -> None:
    """Read by the rules of C, which are those of the text format."""
    text = model_config(graph(title=title), "linear", Limits())
    (found,) = re.findall(r'key: "title" value \{ string_value: "((?:\\.|[^"\\])*)" \}', text)
    parts = re.findall(rb"\\(\d{3}|.)|([^\\])", found.encode())
    content = b"".join(plain or (bytes([int(code, 8)]) if len(code) == 3 else code) for code, plain in parts)
    assert content.decode() == title


def test_the_repository_holds_the_graph(exported: Run, tmp_path: Path) -> None:
    found = read_graph(exported.paths.onnx)
    folder = write_repository(found, exported.paths.onnx, tmp_path, "model", Limits())
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["model/1/model.onnx", "model/config.pbtxt", "model/labels.txt"]
    assert (folder / "1" / "model.onnx").read_bytes() == exported.paths.onnx.read_bytes()
    assert (folder / "labels.txt").read_text(encoding="utf-8").splitlines() == list(exported.project.SCHEMA.classes)
    assert write_repository(dataclasses.replace(found), exported.paths.onnx, tmp_path, "model", Limits()) == folder
