"""Runs of two projects, made once: data, training, evaluation, export, report."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from fairmodel.files import write_json
from fairmodel.interface import Run
from fairmodel.paths import Paths

from .invenio import Invenio
from .invenio_server import serve_invenio
from .projects import make_run, other_config, other_project, own_config, own_project

# a busy machine is no fault, and a test says the same today and tomorrow
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def copy_of(run: Run, folder: Path) -> Run:
    """The same run with files of its own, for tests that add to them."""
    root = shutil.copytree(run.paths.root, folder / "project")
    return replace(run, paths=Paths.of_project(root, run.paths.profile))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only wait for each other's threads."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", params=["own", "other"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    own = request.param == "own"
    project, config = (own_project(), own_config()) if own else (other_project(), other_config())
    return make_run(tmp_path_factory.mktemp(request.param) / "project", project, config)


@pytest.fixture(scope="session")
def trained(prepared: Run) -> Run:
    from fairmodel.training.train import train

    train(prepared)
    return prepared


@pytest.fixture(scope="session")
def evaluated(trained: Run) -> Run:
    from fairmodel.evaluation.evaluate import evaluate

    evaluate(trained)
    return trained


@pytest.fixture(scope="session")
def exported(trained: Run) -> Run:
    from fairmodel.export.onnx import export

    export(trained)
    return trained


@pytest.fixture(scope="session")
def reported(evaluated: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy of the evaluated run, with a ranking of the features whatever other tests explain."""
    from fairmodel.report.page import report

    root = shutil.copytree(evaluated.paths.root, tmp_path_factory.mktemp("reported") / "project")
    run = replace(evaluated, paths=Paths.of_project(root, evaluated.paths.profile))
    inputs = evaluated.project.schema.inputs
    features = [
        {"input": item.name, "feature": name, "loss": {"value": 0.1, "error": 0.01}}
        for item in inputs
        for name in item.feature_names
    ]
    write_json(run.paths.importance, {"schema": 1, "features": features})
    report(run)
    return run


@pytest.fixture
def other(tmp_path: Path) -> Run:
    """The other project with its data set, untrained, for tests that change it."""
    return make_run(tmp_path / "project", other_project(), other_config())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Invenio]:
    """A stand-in for an archive, for which nobody waits, and an empty cache for what is fetched from it."""
    from fairmodel.fair.fetch import fetch_model
    from fairmodel.fair.publish import deposit, server

    for module, name in ((server, "PAUSES"), (deposit, "PAUSES"), (deposit, "LOOKS"), (fetch_model, "PAUSES")):
        monkeypatch.setattr(module, name, (0.0,) * 3)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache-home"))
    with serve_invenio() as made:
        yield made
