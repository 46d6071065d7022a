"""`make new`: the questions are asked, and their defaults make a project beside the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from .projects import ROOT, repository_files

ANSWERS = ["Jets' tagger", "", "", "Zoë O'Brien"]  # the first four; Enter takes the default


def test_typed_answers_make_a_project_beside_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for path in repository_files(ROOT):
        copy = repository / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy, follow_symlinks=False)
    stamp = f"--assume-old={sys.prefix}/ready-repository"
    result = subprocess.run(
        ["make", "new", f"VENV={sys.prefix}", stamp],
        cwd=repository,
        input="\n".join([*ANSWERS, *[""] * 20]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Title of the project" in result.stdout
    citation = yaml.safe_load((tmp_path / "jets-tagger" / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["title"] == "Jets' tagger"
    assert citation["authors"] == [{"name": "Zoë O'Brien"}]
