"""The benchmark compares what is equal, counts operations rightly, and measures what it says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fairmodel import DatasetWriter, Run, Samples
from fairmodel.files import read_json
from fairmodel.paths import Paths
from torch.utils.flop_counter import FlopCounterMode

from hbb_in.benchmarks import network
from hbb_in.benchmarks.clock import alternate, forward_operations, peak_memory
from hbb_in.benchmarks.forms import FORMS, make_form, make_network, random_jets
from hbb_in.data.features import SCHEMA
from hbb_in.project import PROJECT

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = torch.tensor([0, 1, 25, 58, 59, 60]), torch.tensor([0, 5, 4, 2, 1, 0])


def test_all_forms_are_one_function() -> None:
    jets = [objects.double() for objects in random_jets(SCHEMA, *NUMBERS)]
    logits = [make_form(name, SCHEMA).double()(*jets) for name in FORMS]
    for other in logits[1:]:
        torch.testing.assert_close(other, logits[0], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n_tracks", [0, 25, 58, 59, 60])
def test_operations_are_those_that_pytorch_counts(n_tracks: int) -> None:
    """PyTorch's own form does the same products, and those of the edge from each track to itself besides."""
    form = make_network(SCHEMA, compiled=False)
    numbers = torch.tensor([n_tracks]), torch.tensor([2])
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        form(*random_jets(SCHEMA, *numbers))
    tracks = min(n_tracks + 1, 60)
    itself = tracks - (60 - n_tracks > 1)
    layers = 60 * 60 + 60 * 20
    weighted_sums = 2 * (tracks * tracks * 20 + tracks * 3 * 20 + tracks * 24)
    expected = counter.get_total_flops() - 2 * itself * layers - weighted_sums
    assert int(forward_operations(form, *numbers)) == expected


def test_functions_take_turns() -> None:
    calls: list[str] = []
    seconds = alternate({name: lambda name=name: calls.append(name) for name in "ab"}, rounds=3)  # type: ignore[misc]
    assert "".join(calls) == "abababab"
    assert set(seconds) == {"a", "b"}


def test_memory_is_that_of_the_function_alone() -> None:
    ballast = np.ones(40_000_000)  # of the process that measures, not of the function
    used = peak_memory(_fill, 100_000_000)
    assert 99_000_000 < used < 120_000_000
    del ballast


def _fill(size: int) -> None:
    np.ones(size, dtype=np.uint8)


@pytest.mark.slow
def test_the_command_writes_table_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "BATCHES", (1, 4))
    monkeypatch.setattr(network, "MULTIPLICITIES", (1, 60))
    monkeypatch.setattr(network, "MEMORY_BATCH", 8)
    (tmp_path / "config").mkdir()
    run = Run(PROJECT, Run.of(PROJECT, ROOT, "quick").config, Paths.of_project(tmp_path, "quick"))
    _write_jets(run.paths.split("test"))
    network.benchmark(run, rounds=1)
    folder = run.paths.report / "benchmark"
    record = read_json(folder / "benchmark.json")
    assert {case["form"] for case in record["batches"]} == set(FORMS)
    assert all(case["ratio"] == 1 for case in record["batches"] if case["form"] == "textbook")
    memory = record["training_memory_bytes"]["forms"]
    assert memory["textbook"] > 3 * memory["compiled"] >= 0
    assert (folder / "benchmark.md").read_text().count("\n| ") >= 12 + len(FORMS)
    assert (folder / "benchmark.png").stat().st_size > 10_000


def _write_jets(path: Path) -> None:
    n_tracks, n_vertices = torch.arange(10) * 3 + 5, torch.arange(10) % 6
    tracks, vertices = random_jets(SCHEMA, n_tracks, n_vertices)
    with DatasetWriter(path, SCHEMA, {}) as writer:
        writer.append(
            Samples(
                inputs={"tracks": tracks.numpy(), "vertices": vertices.numpy()},
                counts={"tracks": n_tracks.numpy().astype(np.uint16), "vertices": n_vertices.numpy().astype(np.uint16)},
                labels=np.arange(10) % 2,
                weights=np.ones(10, dtype=np.float32),
                spectators={item.name: np.ones(10, dtype=np.float32) for item in SCHEMA.spectators},
                event=np.arange(10),
            )
        )
