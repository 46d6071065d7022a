import json
from pathlib import Path

import numpy as np
import pytest
from fairmodel import DataConfig, Dataset, Samples, UserError, Workers
from fairmodel.config import Fractions

from hbb_in.data import chunks
from hbb_in.data.features import SCHEMA
from hbb_in.data.options import DataOptions
from hbb_in.data.prepare import prepare
from hbb_in.data.ragged import to_samples
from hbb_in.data.ragged_file import RaggedFile

SPLITS = ("train", "val", "test")
CONFIG = DataConfig(
    fractions=Fractions(train=0.6, val=0.2, test=0.2),
    options=DataOptions(background_chunks=3, signal_chunks=3, chunk_events=25, batch_events=25, pt_bins=2),
)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("raw")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, raw: Path) -> Path:
    out = tmp_path_factory.mktemp("processed")
    prepare(CONFIG, out, raw=raw, source="simulation", workers=Workers(2))
    return out


def read(folder: Path, split: str) -> Samples:
    with Dataset(folder / f"{split}.h5", SCHEMA) as data:
        return data.read()


def test_both_classes_are_equally_frequent_and_no_event_is_split(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == sorted(f"{split}.h5" for split in SPLITS)
    samples = {split: read(written, split) for split in SPLITS}
    for split in SPLITS:
        background, signal = np.bincount(samples[split].labels, minlength=2)
        assert background == signal > 0, split
    assert sum(map(len, samples.values())) >= 30
    events = [set(samples[split].event.tolist()) for split in SPLITS]
    assert sum(map(len, events)) == len(set.union(*events))


def test_rows_are_shuffled(written: Path) -> None:
    labels, event = read(written, "train").labels, read(written, "train").event
    # sorted by class the labels would change once
    assert np.count_nonzero(np.diff(labels)) > len(labels) / 4
    assert not np.array_equal(event, np.sort(event))


def test_a_second_run_writes_the_same_rows_from_the_same_chunks(written: Path, raw: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in raw.iterdir()}
    prepare(CONFIG, tmp_path, raw=raw, source="simulation", workers=Workers(1))
    assert {path: path.stat().st_mtime_ns for path in raw.iterdir()} == before
    for split in SPLITS:
        first, second = read(written, split), read(tmp_path, split)
        assert np.array_equal(first.event, second.event)
        assert np.array_equal(first.inputs["tracks"], second.inputs["tracks"])


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("method", ["file", "random-file", "row"])
def test_another_split_needs_no_other_simulation(method: str, raw: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in raw.iterdir()}
    config = DataConfig.model_validate(
        CONFIG.model_dump(exclude={"options"}) | {"options": CONFIG.options, "split": method}
    )
    prepare(config, tmp_path, raw=raw, source="simulation", workers=Workers(1))
    assert {path: path.stat().st_mtime_ns for path in raw.iterdir()} == before
    chunks_of = []
    for split in SPLITS:
        samples = read(tmp_path, split)
        background, signal = np.bincount(samples.labels, minlength=2)
        assert background == signal > 0, split
        chunks_of.append(set((samples.event // chunks.EVENTS_PER_CHUNK).tolist()))
    assert (sum(map(len, chunks_of)) == len(set.union(*chunks_of))) == (method != "row")


def test_every_row_is_one_of_the_simulated_jets(written: Path, raw: Path) -> None:
    simulated = {}
    for path in raw.iterdir():
        with RaggedFile(path) as file:
            samples = to_samples(file.read(0, len(file)))
        for row in range(len(samples)):
            simulated[samples.event[row], samples.spectators["fj_pt"][row]] = samples.take(np.array([row]))
    test = read(written, "test")
    for row in range(len(test)):
        origin = simulated[test.event[row], test.spectators["fj_pt"][row]]
        assert np.array_equal(test.inputs["tracks"][row], origin.inputs["tracks"][0])
        assert np.array_equal(test.inputs["vertices"][row], origin.inputs["vertices"][0])
        assert test.labels[row] == origin.labels[0]


def test_provenance_says_how_the_jets_were_made(written: Path) -> None:
    with Dataset(written / "val.h5", SCHEMA) as data:
        record = data.provenance
    assert record["configuration"]["options"]["chunk_events"] == 25
    assert record["software"] == chunks.library_versions()
    assert len(record["chunks"]) == 6
    assert record["split"] == "val"
    assert sum(record["matched_jets"].values()) == len(read(written, "val"))
    assert json.dumps(record)


def test_another_source_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.source = 'zenodo'.*set source = \"simulation\""):
        prepare(CONFIG, tmp_path, raw=tmp_path, source="zenodo", workers=Workers(1))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chunks, "LIBRARIES", ("pythia8mc", "no-such-library"))
    with pytest.raises(UserError, match=r"needs no-such-library.*extra `simulation`"):
        chunks.simulate(chunks.plan(CONFIG.options, 1), tmp_path, workers=Workers(1))
