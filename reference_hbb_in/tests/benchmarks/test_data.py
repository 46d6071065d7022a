"""The benchmark of the conversion: the plain way gives the same numbers, and the record says what was measured."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from fairmodel import DataConfig, main
from fairmodel.files import read_json

from hbb_in.benchmarks.data import NUMBERS, measure, plain_arrays, plain_file, table
from hbb_in.data.cms.jets import read_jets
from hbb_in.data.options import DataOptions, Window
from hbb_in.data.ragged import to_samples
from hbb_in.project import PROJECT

from ..data.ntuples import ntuple_branches, random_jets, write_branches

WINDOW = Window(pt=(500.2, 500.8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of ROOT files, most of whose jets lie in the window."""
    for number, name in enumerate(("train/a", "test/b")):
        jets = random_jets(60, number, most={"tracks": 80, "vertices": 9})
        write_branches(tmp_path / "root" / f"{name}.root", ntuple_branches(jets))
    return tmp_path / "root"


def test_the_plain_way_gives_what_the_conversion_gives(root: Path, tmp_path: Path) -> None:
    path = root / "train" / "a.root"
    (jets, _), (plain,) = next(read_jets(path, WINDOW)), plain_arrays(path, WINDOW)
    samples = to_samples(jets)
    assert 0 < len(samples) < 60
    for name, values in samples.inputs.items():
        np.testing.assert_array_equal(plain[name], values)
    for index, name in enumerate(NUMBERS):
        np.testing.assert_array_equal(plain["numbers"][:, index], jets.columns[name])
    plain_file(path, WINDOW, tmp_path / "plain.hdf5")
    with h5py.File(tmp_path / "plain.hdf5") as file:
        np.testing.assert_array_equal(file["tracks"][:], plain["tracks"], strict=True)


def test_every_way_is_measured_on_the_same_jets(root: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    files = sorted(root.glob("*/*.root"))
    record = measure(files, DataConfig(options=DataOptions()), tmp_path / "scratch", rounds=1)
    assert (record["files"], record["jets"], record["selected_jets"]) == (2, 120, 120)
    rates = record["jets_per_cpu_second"]
    assert record["over_bare"]["files"] == rates["files"] / rates["bare"]
    assert record["over_plain"] == {
        "arrays": rates["arrays"] / rates["plain_arrays"],
        "files": rates["files"] / rates["plain_files"],
    }
    rows = [line for line in table(record).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(rates)


def test_a_folder_without_files_is_refused_with_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Path(__file__).parents[2]
    assert main(PROJECT, ["benchmark-data", "--project", str(project), "--root", str(tmp_path)]) == 1
    assert "needs ROOT files in train/ and test/; write some with `simulate --root FOLDER`" in capsys.readouterr().err


def test_the_documentation_shows_the_recorded_measurement() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "ntuples.md").read_text(encoding="utf-8")
    shown = page.split("<!-- benchmark-data -->")[1].split("<!-- /benchmark-data -->")[0]
    assert shown.strip() == table(read_json(docs / "benchmark-data.json")).strip()
