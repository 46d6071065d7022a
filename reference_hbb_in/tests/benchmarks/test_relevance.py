"""The benchmark of the relevance compares equal results and writes what it measures."""

from pathlib import Path

import pytest
from fairmodel import Run
from fairmodel.files import read_json
from fairmodel.paths import Paths
from fairmodel.testing.samples import random_samples, write_dataset

from hbb_in.benchmarks.relevance import benchmark_relevance
from hbb_in.data.features import SCHEMA
from hbb_in.project import PROJECT

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config").mkdir()
    run = Run(PROJECT, Run.of(PROJECT, ROOT, "quick").config, Paths.of_project(tmp_path, "quick"))
    write_dataset(run.paths.split("test"), SCHEMA, random_samples(SCHEMA, 6))
    benchmark_relevance(run, rounds=1, jets=6)
    record = read_json(run.paths.report / "benchmark" / "relevance.json")
    assert record["jets"] == 6
    assert set(record["seconds_per_jet"]) == {"textbook, batch 128", "textbook, batch 4", "relevance"}
    assert min(record["seconds_per_jet"].values()) > 0
    assert record["largest_difference"] < 1e-4
    assert capsys.readouterr().out.count("\n| ") == 3
