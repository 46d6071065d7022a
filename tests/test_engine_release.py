"""What a release of the engine publishes: one version everywhere, and the wheel that travels in projects."""

import hashlib
import shutil
from pathlib import Path

import pytest

from .projects import ROOT, load_script

ENGINE = ROOT / "fairmodel"
SCRIPT = load_script(ROOT / "tools" / "engine_release.py")
FILES = ("pyproject.toml", "fair.toml", "CHANGELOG.md", "CITATION.cff", ".zenodo.json", "codemeta.json")


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A copy of the files that name the version."""
    for name in FILES:
        shutil.copy2(ENGINE / name, tmp_path / name)
    return tmp_path


def test_the_version_is_the_same_everywhere() -> None:
    assert SCRIPT.problems() == []


@pytest.mark.parametrize("name", FILES)
def test_another_version_in_one_place_is_named(name: str, engine: Path) -> None:
    path = engine / name
    text = path.read_text(encoding="utf-8")
    assert "1.0.0" in text
    path.write_text(text.replace("1.0.0", "1.0.1"), encoding="utf-8")
    assert any(name in problem for problem in SCRIPT.problems(engine=engine))


def test_a_tag_that_is_not_the_version_is_refused(engine: Path) -> None:
    assert SCRIPT.problems("fairmodel-1.0.0", engine) == []
    (problem,) = SCRIPT.problems("fairmodel-1.0.1", engine)
    assert "fairmodel-1.0.1" in problem


def test_the_release_has_the_wheel_of_the_projects_and_its_source(default_bake: Path, tmp_path: Path) -> None:
    SCRIPT.build(tmp_path)
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    listed = (default_bake / "vendor" / "SHA256SUMS").read_text(encoding="utf-8")
    assert listed == f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}\n"
    assert source.name == wheel.name.replace("-py3-none-any.whl", ".tar.gz")
