"""The record of the steps: a Process Run Crate that others can read, and that tells what has changed since."""

import json
import multiprocessing
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.fair.crate.action import Action, Checksums, current, pruned, reach_of
from fairmodel.fair.crate.graph import from_crate, to_crate
from fairmodel.fair.crate.record import HIDDEN, append, read_actions, redacted, redacted_command
from fairmodel.fair.crate.verify import verify
from fairmodel.files import sha256
from fairmodel.interface import Run
from fairmodel.metadata.source import read_metadata
from fairmodel.paths import Paths

from .fair_project import SOURCE

NAME = "ro-crate-metadata.json"
PACKAGE = "p"
ENGINE = {"name": "fairmodel", "version": "1.0", "sha256": "ab" * 32}
one_project = pytest.mark.parametrize("prepared", ["other"], indirect=True)


def action(step: str, moment: int, inputs: dict[str, str], outputs: dict[str, str]) -> Action:
    """A step that ran at second `moment`, on files whose checksums are words."""
    start = f"2030-01-31T00:00:{moment:02}"
    settings = {"seeds": {"training.seed": 1}, "commit": {"id": None, "dirty": None}, "engine": ENGINE}
    return Action(step, "tiny", f"python -m p {step}", f"{start}.0Z", f"{start}.5Z", "#A", settings, inputs, outputs)


DATA = action("data", 1, {}, {"data é.h5": "d1"})
TRAIN = action("train", 2, {"data é.h5": "d1"}, {"weights": "w1"})
EVALUATE = action("evaluate", 3, {"weights": "w1", "data é.h5": "d1"}, {"metrics": "m1"})
NEW_DATA = action("data", 4, {}, {"data é.h5": "d2"})
NEW_TRAIN = action("train", 5, {"data é.h5": "d2"}, {"weights": "w2"})
NEW_EVALUATE = action("evaluate", 6, {"weights": "w2", "data é.h5": "d2"}, {"metrics": "m2"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "fair.toml").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def test_a_crate_gives_back_its_actions(root: Path) -> None:
    actions = [DATA, TRAIN, EVALUATE, NEW_DATA]
    crate = json.loads(json.dumps(to_crate(actions, read_metadata(root), PACKAGE)))
    assert from_crate(crate) == actions


def test_what_has_been_superseded_is_dropped_and_what_files_come_from_is_kept() -> None:
    assert pruned([EVALUATE, DATA, TRAIN]) == [DATA, TRAIN, EVALUATE]
    assert pruned([DATA, TRAIN, replace(TRAIN, started="2030-01-31T00:00:09Z", ended="2030-01-31T00:00:10Z")])[1:] != [
        TRAIN
    ]
    # the metrics are still those of the old weights, which came from the old data
    assert pruned([DATA, TRAIN, EVALUATE, NEW_DATA]) == [DATA, TRAIN, EVALUATE, NEW_DATA]
    assert pruned([DATA, TRAIN, EVALUATE, NEW_DATA, NEW_TRAIN]) == [DATA, TRAIN, EVALUATE, NEW_DATA, NEW_TRAIN]
    everything = [DATA, TRAIN, EVALUATE, NEW_DATA, NEW_TRAIN, NEW_EVALUATE]
    assert pruned(everything) == [NEW_DATA, NEW_TRAIN, NEW_EVALUATE]
    assert current(everything) == {"data é.h5": "d2", "weights": "w2", "metrics": "m2"}


def test_the_crate_keeps_the_profile_of_process_runs(root: Path) -> None:
    crate = to_crate([DATA, TRAIN, NEW_DATA], read_metadata(root), PACKAGE)
    entities = {item["@id"]: item for item in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    assert isinstance(crate["@context"], dict)
    assert entities[NAME]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert entities["./"]["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert not {key for item in crate["@graph"] for key in item if key[0] != "@"} - crate["@context"].keys()
    runs = [item for item in crate["@graph"] if item["@type"] == "CreateAction"]
    assert [item["@id"] for item in entities["./"]["mentions"]] == [item["@id"] for item in runs]
    for run in runs:
        assert entities[run["instrument"]["@id"]]["@type"] == "SoftwareApplication"
        assert all(item["@id"] in entities for item in (*run["object"], *run["result"], run["agent"]))
    (engine,) = [item for item in crate["@graph"] if item.get("name") == ENGINE["name"]]
    assert engine | ENGINE | {"@type": "SoftwareApplication"} == engine
    (program,) = [item for item in crate["@graph"] if item.get("name") == PACKAGE]
    assert program["softwareRequirements"] == [{"@id": engine["@id"]}]
    # the data that the weights came from are another content than those that are there now
    old, new = [item for item in crate["@graph"] if item.get("name") == "data é.h5"]
    assert {(item["@type"], item["sha256"]) for item in (old, new)} == {("CreativeWork", "d1"), ("File", "d2")}
    assert {"@id": "data%20%C3%A9.h5"} in entities["./"]["hasPart"]


def test_another_library_reads_the_crate(root: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    for name in ("data é.h5", "weights"):
        (root / name).write_text(name)
    append(root, DATA, PACKAGE)
    append(root, TRAIN, PACKAGE)
    crate = rocrate.ROCrate(root)
    assert [item.id for item in crate.root_dataset["mentions"]] == [DATA.identifier, TRAIN.identifier]
    (result,) = crate.dereference(TRAIN.identifier)["result"]
    assert (result.type, result["sha256"]) == ("File", "w1")


def append_many(root: str, number: int) -> None:
    for second in range(5):
        append(Path(root), action(f"step{number}", 10 * number + second, {}, {f"file{number}-{second}": "x"}), PACKAGE)


def test_steps_that_end_together_lose_nothing(root: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=append_many, args=(str(root), number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(read_actions(root)) == 15
    assert not list(root.rglob("*.part"))


def test_a_damaged_record_is_named(root: Path) -> None:
    (root / NAME).write_text("{}")
    with pytest.raises(UserError, match=r"ro-crate-metadata\.json.*delete it"):
        read_actions(root)


def test_checksums_are_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"1")
    os.utime(path, (time.time() - 10, time.time() - 10))
    checksums = Checksums(tmp_path)
    digest = checksums.of(path)
    checksums.save()
    assert digest == sha256(path)
    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", None)
        patch.setattr(Path, "open", None)
        assert Checksums.of(checksums, path) == digest
    assert Checksums(tmp_path).of(path) == digest
    path.write_bytes(b"2")  # the same size, another time
    assert Checksums(tmp_path).of(path) == sha256(path) != digest
    (tmp_path / "build" / "checksums.json").write_text("[")
    assert Checksums(tmp_path).of(path) == sha256(path)


SECRETS = ["ghp_" + "a1B2" * 9, "hf_" + "abCD" * 8, "deadbeef12" * 4]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_reaches_the_record(secret: str, tmp_path: Path) -> None:
    words = (
        "fair",
        "x",
        "--token",
        secret,
        f"--api-key={secret}",
        secret,
        f"https://me:{secret}@host/a?access_token={secret}",
    )
    shown = redacted_command((*words, f"ZENODO_TOKEN={secret}", "--project", str(tmp_path / "data")), tmp_path)
    assert secret not in shown
    assert str(tmp_path) not in shown
    assert shown.startswith(f"fair x --token {HIDDEN}")
    assert shown.endswith("--project data")
    table = {"a": {"password": "x", "seed": 1, "list": [secret]}, "token": None, "name": "plain-name"}
    found = redacted(table)
    assert secret not in json.dumps(found)
    assert found == {"a": {"password": HIDDEN, "seed": 1, "list": [HIDDEN]}, "token": None, "name": "plain-name"}


def test_ordinary_words_stay_as_they_are(tmp_path: Path) -> None:
    words = (
        "reproduce-seeds",
        "--profile",
        "quick",
        "--workers",
        "4",
        "--scheduler",
        "tcp://host:8786",
        "models/quick/trials/a",
    )
    assert redacted_command(words, tmp_path) == " ".join(words)


def test_steps_are_known_by_their_words() -> None:
    assert reach_of(("data", "validate", "--profile", "p"), "p")[0] == "data validate"
    assert reach_of(("data", "--profile", "p"), "p")[0] == "data"
    assert reach_of(("compare", "a", "b"), "p")[0] == "compare"
    assert reach_of(("fair", "check"), "p")[1].writes == ()
    name, reach = reach_of(("own-step",), "p")
    assert name == "own-step"
    assert reach.has("reports/p/own.json")
    assert not reach.has("reports/q/own.json")


@pytest.fixture
def project(trained: Run, tmp_path: Path) -> Run:
    """A copy of the trained project that is not this one."""
    root = shutil.copytree(trained.paths.root, tmp_path / "project")
    return replace(trained, paths=Paths.of_project(root, trained.paths.profile))


def command(run: Run, *words: str) -> int:
    return main(run.project, [*words, "--profile", run.paths.profile, "--project", str(run.paths.root)])


@one_project
def test_a_step_records_itself(
    project: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZENODO_TOKEN", "sesame-in-the-environment")
    assert command(project, "evaluate") == 0
    (found,) = read_actions(project.paths.root)
    reports = f"reports/{project.paths.profile}"
    assert found.step == "evaluate"
    assert found.outputs == {
        name: sha256(project.paths.root / name) for name in (f"{reports}/metrics.json", f"{reports}/scores.npz")
    }
    assert set(found.inputs) == {"config/tiny.toml", "models/tiny/weights.safetensors", "data/processed/tiny/test.h5"}
    assert found.settings["seeds"]["training.seed"] == 1
    assert found.settings["configuration"]["model"] == {"channels": 6}
    assert len(found.settings["environment"]["installed_sha256"]) == 64
    assert found.started < found.ended
    text = (project.paths.root / NAME).read_text(encoding="utf-8")
    assert "sesame" not in text
    assert str(project.paths.root) not in text
    assert command(project, "fair", "verify") == 0
    assert "evaluate" in capsys.readouterr().out


@one_project
def test_verification_names_what_changed(project: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(project, "fair", "verify") == 1
    assert "has no step" in capsys.readouterr().err
    assert command(project, "evaluate") == 0
    weights = project.paths.weights
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    project.paths.metrics.unlink()
    assert command(project, "fair", "verify") == 1
    printed = capsys.readouterr()
    assert "weights.safetensors has another content" in printed.out
    assert "metrics.json was recorded, but is missing" in printed.out
    assert "2 of 5" in printed.err


def test_a_result_of_other_data_is_out_of_date(root: Path) -> None:
    for name, content in (("data é.h5", "2"), ("weights", "1")):
        (root / name).write_text(content)
    digest = {name: sha256(root / name) for name in ("data é.h5", "weights")}
    train = replace(TRAIN, outputs={"weights": digest["weights"]})
    data = replace(NEW_DATA, outputs={"data é.h5": digest["data é.h5"]})
    (finding,) = verify(root, [DATA, train, data])
    assert finding.path == "weights"
    assert "data é.h5" in finding.problem


@one_project
def test_a_step_that_fails_or_writes_nothing_leaves_no_record(project: Run) -> None:
    project.paths.metrics.unlink(missing_ok=True)
    assert command(project, "summary") == 1
    project.paths.weights.unlink()
    assert command(project, "evaluate") == 1
    assert not (project.paths.root / NAME).exists()


@one_project
def test_the_record_of_another_run_replaces_the_first(project: Run) -> None:
    for _ in range(2):
        assert command(project, "evaluate") == 0
    assert len(read_actions(project.paths.root)) == 1
