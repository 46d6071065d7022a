"""CMS ntuples: ROOT files written from known jets come back as those jets, and faulty ones are named."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from ... import project
from ...cli import main
from ...config import DataConfig, load_config
from ...dataset import Dataset, Samples
from ...errors import UserError
from ..cms import ntuple
from ..cms.convert import DOI, convert_ntuples
from ..cms.samples import read_samples
from ..features import SCHEMA, TRACKS, VERTICES
from ..options import DataOptions, Window
from .ntuples import PREFIXES, Columns, ntuple_columns, random_jets, write_ntuple

ROOT = Path(__file__).resolve().parents[4]
CONFIG = DataConfig(source="cern", options=DataOptions())


def read_all(path: Path, window: Window | None = None) -> Samples:
    return Samples.concatenate(list(read_samples(path, window or Window())))


def assert_same(found: Samples, expected: Samples) -> None:
    for name in ("labels", "weights", "event"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)
    for name in ("inputs", "counts", "spectators"):
        left, right = getattr(found, name), getattr(expected, name)
        assert left.keys() == right.keys()
        for key, array in right.items():
            np.testing.assert_array_equal(left[key], array, strict=True, err_msg=key)


def test_jets_come_back_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntuple, "STEP", 16)
    samples = random_jets(50)
    path = write_ntuple(tmp_path / "a:b.root", ntuple_columns(samples))
    assert [len(part) for part in read_samples(path, Window())] == [16, 16, 16, 2]
    assert_same(read_all(path), samples)


def test_the_branches_are_named_as_in_the_published_files(tmp_path: Path) -> None:
    path = write_ntuple(tmp_path / "a.root", ntuple_columns(random_jets(4)))
    with uproot.open(path) as file:
        branches = set(file["deepntuplizer/tree"].keys())
    assert {"track_ptrel", "trackBTag_Sip3dSig", "sv_costhetasvpv", "n_sv", "nsv", "ntracks", "event_no"} <= branches


def test_jets_without_generator_weights_weigh_one(tmp_path: Path) -> None:
    columns = ntuple_columns(random_jets(10))
    del columns["fj_weight"]
    found = read_all(write_ntuple(tmp_path / "a.root", columns))
    np.testing.assert_array_equal(found.weights, np.ones(10, dtype=np.float32), strict=True)
    np.testing.assert_array_equal(found.spectators["fj_weight"], found.weights)


def test_objects_beyond_the_slots_are_cut_off(tmp_path: Path) -> None:
    columns, random = ntuple_columns(random_jets(4)), np.random.default_rng(1)
    numbers = {"tracks": [0, 61, 60, 90], "vertices": [7, 5, 6, 0]}
    rows: dict[str, list[list[float]]] = {}
    for prefix, kind in PREFIXES.items():
        for name in [name for name in columns if name.startswith(f"{prefix}_")]:
            rows[name] = [list(random.normal(size=number).astype(np.float32)) for number in numbers[kind]]
            columns[name] = ak.values_astype(ak.Array(rows[name]), np.float32)
    found = read_all(write_ntuple(tmp_path / "a.root", columns))
    assert found.counts["tracks"].tolist() == [0, 60, 60, 60]
    assert found.counts["vertices"].tolist() == [5, 5, 5, 0]
    for item in (TRACKS, VERTICES):
        for jet in range(4):
            for index, name in enumerate(item.feature_names):
                expected = (rows[name][jet] + [0.0] * item.slots)[: item.slots]
                assert found.inputs[item.name][jet, :, index].tolist() == expected


def test_only_labelled_jets_in_the_window_are_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    samples = random_jets(40)
    columns = ntuple_columns(samples)
    columns["fj_isH"][[3, 4]] = columns["fj_isQCD"][[3, 4]] = 0  # neither
    columns["sample_isQCD"][5], columns["fj_isQCD"][5], columns["fj_isH"][5] = 0, 1, 0  # no quark in a signal sample
    columns["fj_pt"][[3, 10, 11]] = 299.0, 2000.5, 300.0
    columns["fj_eta"][[12, 13, 14]] = -2.5, 2.4000001, -2.3
    columns["fj_sdmass"][[15, 16, 17]] = 40.0, 200.0, 199.0
    dropped = [3, 4, 5, 10, 11, 12, 13, 15, 16]
    for folder in ("train", "test"):
        write_ntuple(tmp_path / "raw" / folder / "a.root", columns)
    convert_ntuples(CONFIG, tmp_path / "out", raw=tmp_path / "raw")
    kept = np.setdiff1d(np.arange(40), dropped)
    with Dataset(tmp_path / "out" / "test.h5", SCHEMA) as data:
        found, provenance = data.read(), data.provenance
    np.testing.assert_array_equal(found.inputs["tracks"], samples.inputs["tracks"][kept])
    signal = int(samples.labels[kept].sum())
    stages = [["entries", 40], ["labelled", 37], ["pt", 35], ["eta", 33], ["softdrop_mass", 31]]
    assert provenance["cutflow"]["test"] == [*stages, ["QCD", 31 - signal], ["Hbb", signal]]
    assert provenance["doi"] == DOI


def test_the_window_is_the_configured_one(tmp_path: Path) -> None:
    columns = ntuple_columns(random_jets(20))
    columns["fj_pt"] = np.linspace(310, 690, 20, dtype=np.float32)
    found = read_all(write_ntuple(tmp_path / "a.root", columns), Window(pt=(400, 600)))
    np.testing.assert_array_equal(found.spectators["fj_pt"], columns["fj_pt"][5:15])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder with two training files and a test file."""
    for number, name in enumerate(("train/1.root", "train/2.root", "test/0.root")):
        jets = random_jets(120, seed=number, first_event=1000 * number)
        write_ntuple(tmp_path / "raw" / name, ntuple_columns(jets))
    return tmp_path / "raw"


def convert(raw: Path, name: str = "out", seed: int = 1) -> dict[str, Samples]:
    out = raw.parent / name
    convert_ntuples(CONFIG.model_copy(update={"seed": seed}), out, raw=raw)
    assert sorted(path.name for path in out.iterdir()) == ["test.h5", "train.h5", "val.h5"]
    splits = {}
    for path in out.iterdir():
        with Dataset(path, SCHEMA) as data:
            splits[path.stem] = data.read()
    return splits


def test_the_published_division_is_kept_and_events_stay_together(raw: Path) -> None:
    splits = convert(raw)
    assert_same(splits["test"], read_all(raw / "test" / "0.root"))
    parts = [read_all(raw / "train" / name) for name in ("1.root", "2.root")]
    everything = Samples.concatenate(parts)
    in_validation = np.isin(everything.event, splits["val"].event)
    assert_same(splits["val"], everything.take(np.flatnonzero(in_validation)))
    assert_same(splits["train"], everything.take(np.flatnonzero(~in_validation)))
    assert len(splits["val"]) == pytest.approx(240 * 0.1 / 0.8, abs=2)


def test_the_seed_alone_chooses_the_validation_events(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = convert(raw)
    monkeypatch.setattr(ntuple, "STEP", 100)
    assert_same(convert(raw, "again")["val"], first["val"])
    assert set(convert(raw, "other", seed=2)["val"].event) != set(first["val"].event)


def remove(name: str) -> Callable[[Columns], None]:
    return lambda columns: columns.pop(name)


def put(name: str, entry: int, value: float) -> Callable[[Columns], None]:
    def change(columns: Columns) -> None:
        values = columns[name]
        if isinstance(values, ak.Array):
            flat = ak.flatten(values).to_numpy().copy()
            flat[int(ak.sum(ak.num(values)[:entry]))] = value
            columns[name] = ak.unflatten(flat, ak.num(values))
        else:
            values[entry] = value

    return change


def flatten(name: str) -> Callable[[Columns], None]:
    return lambda columns: columns.update({name: ak.to_numpy(ak.num(columns[name])).astype(np.float32)})


FAULTS: list[tuple[Callable[[Columns], None], str]] = [
    (remove("event_no"), "has no branch event_no"),
    (remove("track_dz"), "has no branch track_dz"),
    (remove("fj_tau32"), "has no branch fj_tau32"),
    (put("track_dz", 21, np.nan), "branch track_dz holds nan in entry 21"),
    (put("sv_mass", 21, np.inf), "branch sv_mass holds inf in entry 21"),
    (put("fj_tau21", 21, np.nan), "branch fj_tau21 holds nan in entry 21"),
    (put("fj_pt", 21, np.nan), "branch fj_pt holds nan in entry 21"),
    (flatten("track_dz"), "branch track_dz is float, expected one number for each object"),
]


@pytest.mark.parametrize(("change", "problem"), FAULTS, ids=[problem for _, problem in FAULTS])
def test_a_fault_in_a_file_is_named(
    change: Callable[[Columns], None], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntuple, "STEP", 16)
    samples = random_jets(40)
    for name in samples.counts:
        samples.counts[name][21] = 3
    columns = ntuple_columns(samples)
    change(columns)
    path = write_ntuple(tmp_path / "faulty.root", columns)
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: .*{problem}"):
        read_all(path)


def test_a_jet_of_both_classes_is_a_damaged_file(tmp_path: Path) -> None:
    columns = ntuple_columns(random_jets(10))
    for name in ("sample_isQCD", "fj_isQCD", "fj_isH"):
        columns[name][6] = 1
    path = write_ntuple(tmp_path / "a.root", columns)
    with pytest.raises(UserError, match="entry 6 is both QCD and H"):
        read_all(path)


def test_lists_of_different_lengths_are_refused(tmp_path: Path) -> None:
    columns = ntuple_columns(random_jets(10))
    for name in [name for name in columns if name.startswith("trackBTag_")]:
        lengths = ak.num(columns[name]).to_numpy() + (np.arange(10) == 7)
        columns[name] = ak.unflatten(np.zeros(lengths.sum(), dtype=np.float32), lengths)
    path = write_ntuple(tmp_path / "a.root", columns)
    with pytest.raises(UserError, match=r"track_ptrel and trackBTag_EtaRel hold different numbers .* entry 7"):
        read_all(path)


def test_another_tree_is_refused_by_name(tmp_path: Path) -> None:
    path = write_ntuple(tmp_path / "a.root", ntuple_columns(random_jets(4)), tree="Events")
    with pytest.raises(UserError, match=r"a\.root: there is no tree deepntuplizer/tree, only Events"):
        read_all(path)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = write_ntuple(tmp_path / "a.root", ntuple_columns(random_jets(200))).read_bytes()
    path = tmp_path / "cut.root"
    for stop in [*range(0, len(content), len(content) // 20), len(content) - 1]:
        path.write_bytes(content[:stop])
        with pytest.raises(UserError, match=r"cut\.root: .*download the file again"):
            read_all(path)


def test_damaged_bytes_are_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntuple, "STEP", 64)
    path = write_ntuple(tmp_path / "a.root", ntuple_columns(random_jets(200)))
    with uproot.open(path) as file:
        seek = file[ntuple.TREE]["track_dxy"].member("fBasketSeek")[0]
    with path.open("r+b") as stream:
        stream.seek(seek + 200)
        stream.write(bytes(200))
    with pytest.raises(UserError, match=r"a\.root: branch track_dxy cannot be read from entry 0 on"):
        read_all(path)


def test_missing_files_are_asked_for_by_doi(tmp_path: Path) -> None:
    write_ntuple(tmp_path / "train" / "a.root", ntuple_columns(random_jets(4)))
    with pytest.raises(UserError, match=f"no ROOT files in {tmp_path / 'test'}; .*{DOI}"):
        convert_ntuples(CONFIG, tmp_path / "out", raw=tmp_path)


def test_a_class_without_jets_is_an_error_with_the_cut_flow(raw: Path) -> None:
    columns = ntuple_columns(random_jets(20))
    columns["fj_isH"][:] = 0
    write_ntuple(raw / "test" / "0.root", columns)
    with pytest.raises(UserError, match=r"no Hbb jet in .*test passes the selection \{'entries': 20, 'labelled': 10"):
        convert_ntuples(CONFIG, raw.parent / "out", raw=raw)
    assert not list(raw.parent.glob("out/*"))


def test_a_missing_library_names_the_extra(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uproot", None)
    with pytest.raises(UserError, match=r"needs uproot.*\[cern\]"):
        convert_ntuples(CONFIG, raw.parent / "out", raw=raw)


@pytest.mark.parametrize("profile", ["smoke", "quick", "full"])
def test_every_profile_is_valid(profile: str) -> None:
    config = load_config(ROOT / "config" / f"{profile}.toml", project.DataOptions, project.ModelOptions)
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
    for step in ("data", "train", "evaluate", "export"):
        assert main([step, "--profile", "full", "--project", str(folder)]) == 0, capsys.readouterr().err
    metrics = json.loads((folder / "reports" / "full" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["jets"] == 120
    assert (folder / "models" / "full" / "model.onnx").stat().st_size > 4 * 25_554
