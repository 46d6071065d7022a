"""The benchmark of the relevance compares equal results and writes what it measures."""

import argparse
from pathlib import Path

import pytest

from hbb_in.data.features import SCHEMA
from fairmodel.files import read_json
from fairmodel.testing.samples import random_samples, write_dataset
from hbb_in.studies import STUDIES


def test_the_command_writes_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config").mkdir()
    write_dataset(tmp_path / "data" / "processed" / "quick" / "test.h5", SCHEMA, random_samples(SCHEMA, 6))
    study, parser = STUDIES["benchmark-relevance"], argparse.ArgumentParser()
    assert study.arguments is not None
    study.arguments(parser)
    study.load()(parser.parse_args(["--project", str(tmp_path), "--rounds", "1", "--jets", "6"]))
    record = read_json(tmp_path / "reports" / "quick" / "benchmark" / "relevance.json")
    assert record["jets"] == 6
    assert set(record["seconds_per_jet"]) == {"textbook, batch 128", "textbook, batch 4", "relevance"}
    assert min(record["seconds_per_jet"].values()) > 0
    assert record["largest_difference"] < 1e-4
    assert capsys.readouterr().out.count("\n| ") == 3
