"""The same format both ways: simulated jets in ROOT files of CMS's format become the same rows as without them."""

import re
from pathlib import Path

import numpy as np
import pytest
import uproot
from fairmodel import DataConfig, Dataset, Samples, UserError, main
from fairmodel.config import Fractions
from fairmodel.testing.samples import assert_same

from hbb_in.data.chunks import plan
from hbb_in.data.cms.convert import convert_ntuples
from hbb_in.data.cms.jets import read_jets
from hbb_in.data.cms.mixture import simulate_ntuples, write_ntuple
from hbb_in.data.features import SCHEMA
from hbb_in.data.options import DataOptions, Window
from hbb_in.data.prepare import prepare
from hbb_in.data.ragged import RaggedJets, to_samples
from hbb_in.data.ragged_file import RaggedFile
from hbb_in.project import PROJECT

from ..simulated import Simulated
from .ntuples import Here, assert_same_jets

CONFIG = DataConfig(
    fractions=Fractions(train=0.4, val=0.3, test=0.3),
    options=DataOptions(background_chunks=1, signal_chunks=2, chunk_events=30, batch_events=30),
)


def test_jets_of_the_simulation_come_back_bit_for_bit(simulated: Simulated, tmp_path: Path) -> None:
    for name, jets in simulated.ragged.items():
        path = tmp_path / f"{name}.root"
        middle = len(jets) // 2
        parts = [jets.take(np.arange(middle)), jets.take(np.arange(middle, len(jets)))]
        assert write_ntuple(path, parts, "here") == len(jets)
        found = RaggedJets.concatenate([part for part, _ in read_jets(path, Window())])
        assert_same_jets(found, jets)
        assert_same(to_samples(found), simulated.samples[name])


def test_branches_are_those_of_the_published_files(simulated: Simulated, tmp_path: Path) -> None:
    jets = simulated.ragged["graviton"]
    write_ntuple(tmp_path / "a.root", [jets], "here")
    with uproot.open(tmp_path / "a.root") as file:
        tree = file["deepntuplizer/tree"]
        kinds = tree.typenames()
        branches = tree.arrays(["n_tracks", "ntracks", "n_sv", "nsv"], library="np")
        counters = {name: tree[name].count_branch.name for name in ("track_ptrel", "trackBTag_Sip3dSig", "sv_pt")}
    for name in ("sample_isQCD", "fj_isQCD", "fj_isH", "fj_nbHadrons", "n_tracks", "n_sv"):
        assert kinds[name] == "int32_t"
    for name in ("fj_pt", "fj_sdmass", "npv", "npfcands", "ntracks", "nsv", "fj_tau21"):
        assert kinds[name] == "float"
    for name in ("track_ptrel", "trackBTag_Sip3dSig", "sv_costhetasvpv"):
        assert kinds[name] == "float[]"
    assert counters == {"track_ptrel": "n_tracks", "trackBTag_Sip3dSig": "n_tracks", "sv_pt": "n_sv"}
    np.testing.assert_array_equal(branches["n_tracks"], branches["ntracks"])
    np.testing.assert_array_equal(branches["n_sv"], branches["nsv"])


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("raw")


@pytest.fixture(scope="module")
def files(raw: Path) -> list[Path]:
    """ROOT files, written where the conversion looks for them."""
    return simulate_ntuples(CONFIG, raw, raw=raw, jets_per_file=25, workers=Here(1))


def sorted_rows(samples: Samples) -> Samples:
    return samples.take(np.lexsort((samples.spectators["fj_pt"], samples.event)))


def test_the_data_set_made_of_the_files_has_the_rows_of_the_simulation(
    raw: Path, files: list[Path], tmp_path: Path
) -> None:
    convert_ntuples(CONFIG, tmp_path, raw=raw, workers=Here(1))
    splits = {}
    for name in ("train", "val", "test"):
        with Dataset(tmp_path / f"{name}.h5", SCHEMA) as data:
            splits[name] = data.read()
    direct = []
    for chunk in plan(CONFIG.options, CONFIG.seed):
        with RaggedFile(chunk.path(raw)) as file:
            direct.append(to_samples(file.read(0, len(file))))
    assert_same(sorted_rows(Samples.concatenate([*splits.values()])), sorted_rows(Samples.concatenate(direct)))
    events = [set(samples.event.tolist()) for samples in splits.values()]
    assert sum(map(len, events)) == len(set.union(*events))
    assert {path.parent.name for path in files} == {"train", "test"}
    assert len(splits["test"]) == pytest.approx(0.3 * sum(map(len, splits.values())), abs=2)


def test_files_are_mixed_numbered_and_of_the_asked_size(files: list[Path]) -> None:
    names = [f"{path.parent.name}/{path.stem}" for path in files]
    tests = sum(name.startswith("test") for name in names)
    assert names == [f"{'test' if n < tests else 'train'}/ntuple_merged_{n}" for n in range(len(files))]
    jets = [RaggedJets.concatenate([part for part, _ in read_jets(path, Window())]) for path in files]
    assert max(map(len, jets)) == 25
    train = [part for part, path in zip(jets, files, strict=True) if path.parent.name == "train"]
    for part in train[:-1]:
        labels = part.columns["fj_isH"]
        assert 0 < labels.mean() < 1
        assert np.count_nonzero(np.diff(labels)) > 1


def test_a_second_run_makes_only_what_is_missing_or_damaged(raw: Path, files: list[Path]) -> None:
    written = {path: path.stat().st_mtime_ns for path in raw.rglob("*.*")}
    content = files[0].read_bytes()
    files[0].write_bytes(content[: len(content) // 2])
    files[1].unlink()
    assert simulate_ntuples(CONFIG, raw, raw=raw, jets_per_file=25, workers=Here(1)) == files
    changed = {path for path in written if path.stat().st_mtime_ns != written[path]}
    assert changed == set(files[:2])


@pytest.mark.usefixtures("files")
def test_the_simulation_is_shared_with_the_data_step(raw: Path, tmp_path: Path) -> None:
    chunks = {path: path.stat().st_mtime_ns for path in raw.glob("*.h5")}
    prepare(CONFIG, tmp_path, raw=raw, source="simulation", workers=Here(1))
    assert {path: path.stat().st_mtime_ns for path in chunks} == chunks


@pytest.mark.usefixtures("files")
def test_files_of_another_run_are_not_mixed_in(raw: Path) -> None:
    with pytest.raises(UserError, match=rf"{re.escape(str(raw))}/\w+/ntuple_merged_\d\.root is not one of the 2 files"):
        simulate_ntuples(CONFIG, raw, raw=raw, jets_per_file=10_000, workers=Here(1))


def test_the_command_writes_files_that_the_data_command_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairmodel.workers.Workers", Here)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "tiny.toml").write_text(
        """
        [data]
        fractions = { train = 0.4, val = 0.3, test = 0.3 }
        [data.options]
        background_chunks = 1
        signal_chunks = 1
        chunk_events = 30
        files = []
        [model]
        [training]
        epochs = 1
        """,
        encoding="utf-8",
    )
    profile = ["--profile", "tiny", "--project", str(tmp_path), "--workers", "1"]
    raw = tmp_path / "data" / "raw" / "tiny"
    assert main(PROJECT, ["simulate", "--root", str(raw), *profile]) == 0
    assert "2 files" in capsys.readouterr().out
    assert main(PROJECT, ["data", "--source", "cern", *profile]) == 0
    assert "| all files" in capsys.readouterr().out
    assert main(PROJECT, ["simulate", "--root", str(raw), "--jets-per-file", "0", *profile]) == 1
    assert "--jets-per-file 0: a file needs at least one jet" in capsys.readouterr().err
