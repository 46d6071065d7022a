"""Fixtures that all tests of the template may use."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .howto import follow_pages
from .projects import borrow_environment, make, render

Bake = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep cookiecutter from reading the user's settings and from writing into the user's home."""
    folder = tmp_path_factory.mktemp("settings")
    settings = folder / "cookiecutter.yml"
    settings.write_text(f"replay_dir: {folder / 'replay'}\ncookiecutters_dir: {folder / 'templates'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COOKIECUTTER_CONFIG", str(settings))
        yield


@pytest.fixture(scope="session")
def bake(tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """Make a project from answers, once for the same answers: look at it, do not change it."""
    made: dict[tuple[tuple[str, str], ...], Path] = {}

    def baked(**answers: str) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in made:
            made[key] = render(tmp_path_factory.mktemp("bake"), **answers)
        return made[key]

    return baked


@pytest.fixture(scope="session")
def default_bake(bake: Bake) -> Path:
    """The project of the default answers: look at it, do not change it."""
    return bake()


@pytest.fixture
def project(default_bake: Path, tmp_path: Path) -> Path:
    """A project of the default answers to work in; it runs in the environment of these tests."""
    copy = Path(shutil.copytree(default_bake, tmp_path / default_bake.name))
    borrow_environment(copy)
    return copy


@pytest.fixture(scope="session")
def showers(default_bake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the data and the network of the pages "Your data" and "Your network", every step run."""
    project = Path(shutil.copytree(default_bake, tmp_path_factory.mktemp("showers") / default_bake.name))
    borrow_environment(project)
    follow_pages(project, "fair_model")
    make(project, "all", "explain", "PROFILE=smoke")
    make(project, "report", "PROFILE=smoke")
    return project
