"""The model repository for Triton: what the configuration says is what the graph says."""

import re
from pathlib import Path

import pytest

from fairmodel.inference.graph import Graph, read_graph
from fairmodel.serving.model import model_config, write_repository
from fairmodel.settings.serving import Limits

from .served import PROPERTIES, SCHEMA, write_model


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


def test_the_repository_holds_the_graph(tmp_path: Path) -> None:
    source = write_model(tmp_path / "model")
    for _ in range(2):  # over one that is there
        folder = write_repository(read_graph(source), source, tmp_path / "triton", "linear", Limits())
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == ["1/model.onnx", "config.pbtxt", "labels.txt"]
    assert (folder / "1" / "model.onnx").read_bytes() == source.read_bytes()
    assert (folder / "labels.txt").read_text(encoding="utf-8").splitlines() == list(SCHEMA.classes)
    assert "dims: [-1, 3]" in (folder / "config.pbtxt").read_text(encoding="utf-8")
