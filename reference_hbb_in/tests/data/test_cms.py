"""The conversion of CMS ntuples: which jets become rows of which split, and what is written beside them."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from fairmodel import DataConfig, Dataset, Run, Samples, UserError, Workers, main
from fairmodel.testing.samples import assert_same

from hbb_in.data.cms.convert import DOI, convert_ntuples
from hbb_in.data.features import SCHEMA
from hbb_in.data.options import DataOptions
from hbb_in.data.ragged import RaggedJets, to_samples
from hbb_in.project import PROJECT

from .ntuples import Here, ntuple_branches, random_jets, write_branches

ROOT = Path(__file__).resolve().parents[2]
CONFIG = DataConfig(source="cern", options=DataOptions())
HERE = Here(1)


def weightless_jets(jets: int, seed: int = 0, first_event: int = 0) -> RaggedJets:
    """Random jets as they come back from files without generator weights."""
    made = random_jets(jets, seed, first_event)
    made.columns["fj_weight"][:] = 1
    return made


@pytest.fixture
def jets() -> dict[str, RaggedJets]:
    """The jets of two training files and a test file."""
    names = ("train/1.root", "train/2.root", "test/0.root")
    return {name: weightless_jets(120, number, 1000 * number) for number, name in enumerate(names)}


@pytest.fixture
def raw(jets: dict[str, RaggedJets], tmp_path: Path) -> Path:
    """A raw folder with the files."""
    for name, content in jets.items():
        write_branches(tmp_path / "raw" / name, ntuple_branches(content))
    return tmp_path / "raw"


def read(path: Path) -> Samples:
    with Dataset(path, SCHEMA) as data:
        return data.read()


def convert(raw: Path, name: str = "out", workers: Workers = HERE, **changes: object) -> dict[str, Samples]:
    out = raw.parent / name
    convert_ntuples(CONFIG.model_copy(update=changes), out, raw=raw, workers=workers)
    return {path.stem: read(path) for path in out.glob("*.h5")}


def test_only_labelled_jets_in_the_window_are_kept_and_the_rest_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jets = weightless_jets(40)
    columns = jets.columns
    columns["fj_isH"][[3, 4]] = columns["fj_isQCD"][[3, 4]] = 0  # neither
    columns["sample_isQCD"][5], columns["fj_isQCD"][5], columns["fj_isH"][5] = 0, 1, 0  # no quark in a signal sample
    columns["fj_pt"][[3, 10, 11]] = 299.0, 2000.5, 300.0
    columns["fj_eta"][[12, 13, 14]] = -2.5, 2.4000001, -2.3
    columns["fj_sdmass"][[15, 16, 17]] = 40.0, 200.0, 199.0
    kept = np.setdiff1d(np.arange(40), [3, 4, 5, 10, 11, 12, 13, 15, 16])
    for name in ("train/a", "train/b", "test/a"):
        write_branches(tmp_path / "raw" / f"{name}.root", ntuple_branches(jets))
    assert_same(convert(tmp_path / "raw")["test"], to_samples(jets.take(kept)))
    signal = int(columns["fj_isH"][kept].sum())
    counts = {"entries": 40, "labelled": 37, "pt": 35, "eta": 33, "softdrop_mass": 31, "QCD": 31 - signal}
    counts |= {"Hbb": signal}
    cutflow = json.loads((tmp_path / "out" / "cutflow.json").read_text(encoding="utf-8"))
    assert cutflow["files"] == {f"{name}.root": counts for name in ("train/a", "train/b", "test/a")}
    assert cutflow["total"] == {stage: 3 * count for stage, count in counts.items()}
    assert cutflow["window"]["pt"] == [300, 2000]
    table = (tmp_path / "out" / "cutflow.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out in table
    total = next(line for line in table.splitlines() if line.startswith("| all files"))
    assert [int(cell) for cell in total.split("|")[2:-1]] == [3 * count for count in counts.values()]
    with Dataset(tmp_path / "out" / "train.h5", SCHEMA) as data:
        assert data.provenance["cutflow"]["train"] == [[stage, 2 * count] for stage, count in counts.items()]
        assert data.provenance["doi"] == DOI


def test_the_published_division_is_kept_and_events_stay_together(raw: Path, jets: dict[str, RaggedJets]) -> None:
    splits = convert(raw)
    assert_same(splits["test"], to_samples(jets["test/0.root"]))
    everything = to_samples(RaggedJets.concatenate([jets["train/1.root"], jets["train/2.root"]]))
    in_validation = np.isin(everything.event, splits["val"].event)
    assert_same(splits["val"], everything.take(np.flatnonzero(in_validation)))
    assert_same(splits["train"], everything.take(np.flatnonzero(~in_validation)))
    assert len(splits["val"]) == pytest.approx(240 * 0.1 / 0.8, abs=2)


def test_whole_files_go_into_train_and_val_where_the_profile_says_so(raw: Path, jets: dict[str, RaggedJets]) -> None:
    splits = convert(raw, split="file")
    for name, file in (("train", "train/1.root"), ("val", "train/2.root"), ("test", "test/0.root")):
        assert_same(splits[name], to_samples(jets[file]))


def test_neither_workers_nor_a_second_run_change_the_rows(raw: Path) -> None:
    first = convert(raw, workers=Workers(2))
    pieces = {path: path.stat().st_mtime_ns for path in raw.glob("*.h5")}
    assert len(pieces) == 3
    next(iter(pieces)).unlink()
    again = convert(raw, "again")
    for name, samples in first.items():
        assert_same(again[name], samples)
    kept = [path for path, written in pieces.items() if path.stat().st_mtime_ns == written]
    assert len(kept) == 2
    assert sorted(pieces) == sorted(raw.glob("*.h5"))


def test_a_replaced_file_and_another_window_are_read_again(raw: Path) -> None:
    convert(raw)
    path = raw / "test" / "0.root"
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    convert(raw)
    assert len(list(raw.glob("*.h5"))) == 4
    options = DataOptions.model_validate({"window": {"pt": (400, 2000)}})
    convert(raw, options=options)
    assert len(list(raw.glob("*.h5"))) == 7


def test_the_seed_alone_chooses_the_validation_events(raw: Path) -> None:
    assert set(convert(raw, seed=2)["val"].event) != set(convert(raw, seed=1)["val"].event)


def test_only_the_chosen_files_are_converted(jets: dict[str, RaggedJets], raw: Path) -> None:
    """Whatever else an earlier choice has left there."""
    convert(raw, options=DataOptions(files=("train/2.root", "test/*")))
    cutflow = json.loads((raw.parent / "out" / "cutflow.json").read_text())
    assert len(jets) == 3
    assert "train/1.root" not in json.dumps(cutflow)
    assert "train/2.root" in json.dumps(cutflow)


def test_missing_files_are_asked_for_by_doi(tmp_path: Path) -> None:
    write_branches(tmp_path / "train" / "a.root", ntuple_branches(random_jets(4)))
    with pytest.raises(UserError, match=f"no ROOT files in {tmp_path / 'test'} are chosen by .*{DOI}"):
        convert_ntuples(CONFIG, tmp_path / "out", raw=tmp_path, workers=HERE)


def test_a_class_without_jets_is_an_error_with_the_cut_flow(raw: Path) -> None:
    branches = ntuple_branches(random_jets(20))
    branches["fj_isH"][:] = 0
    write_branches(raw / "test" / "0.root", branches)
    with pytest.raises(UserError, match=r"no Hbb jet in .*test passes the selection \{'entries': 20, 'labelled': 10"):
        convert(raw)
    assert not list(raw.parent.glob("out/*"))


def test_a_faulty_file_stops_the_conversion_by_name(raw: Path) -> None:
    (raw / "train" / "2.root").write_bytes(b"no ROOT file")
    with pytest.raises(UserError, match=re.escape(str(raw / "train" / "2.root"))):
        convert(raw)
    assert not list(raw.parent.glob("out/*"))


def test_a_missing_library_names_the_extra(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uproot", None)
    with pytest.raises(UserError, match=r"needs uproot.*\[cern\]"):
        convert(raw)


@pytest.mark.parametrize("profile", ["smoke", "quick", "large", "full"])
def test_every_profile_is_valid(profile: str) -> None:
    config = Run.of(PROJECT, ROOT, profile).config
    assert config.data.source == ("cern" if profile == "full" else "simulation")


@pytest.mark.slow
def test_the_full_profile_runs_end_to_end(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = raw.parent / "project"
    (folder / "data" / "raw").mkdir(parents=True)
    raw.rename(folder / "data" / "raw" / "full")
    text = (ROOT / "config" / "full.toml").read_text(encoding="utf-8")
    for change in ("epochs = 1", "patience = 1", "bootstrap = 5"):
        text, changes = re.subn(rf"^{change.split()[0]} = .*$", change, text, flags=re.MULTILINE)
        assert changes == 1
    (folder / "config").mkdir()
    (folder / "config" / "full.toml").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "fair.toml", folder)
    options = ["--profile", "full", "--project", str(folder)]
    ntuples = map(str, (folder / "data" / "raw").rglob("*.root"))
    assert main(PROJECT, ["data", "manifest", *options, "--doi", DOI, *ntuples]) == 0
    for step in ("data", "train", "evaluate", "export"):
        assert main(PROJECT, [step, *options]) == 0, capsys.readouterr().err
    metrics = json.loads((folder / "reports" / "full" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["jets"] == 120
    assert (folder / "models" / "full" / "model.onnx").stat().st_size > 4 * 25_554
