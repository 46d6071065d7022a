"""The commands of the tutorial, read from its page and given in their order, in miniature; Zenodo is a stand-in."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fairmodel.fair.crate.graph import CRATE
from fairmodel.fair.fetch.fetch_model import Archive, fetch

from .engine import engine_tests
from .projects import ROOT, fenced, run_environment

pytestmark = pytest.mark.slow  # every step of the smoke profile, twice

PAGE = ROOT / "docs" / "tutorial.md"
SERVER = engine_tests("invenio_server")
TOKEN: str = SERVER.TOKEN
LATER = 2**31  # the borrowed environment must stay newer than the metadata that the page changes
FIRST = 'git commit -m "A new project"'  # before that: a clone, and the questions, which test_new.py answers
INSTALLED = "make setup test"  # the environment is borrowed, and tests run tests elsewhere
FAILS = "make fair"  # for want of a registered DOI
AUTHOR = {f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
FILLED = {
    'orcid = ""': 'orcid = "0000-0002-1694-233X"',
    'repository = ""': 'repository = "https://code.example-lab.org/model"',
    'url = ""': 'url = "https://code.example-lab.org/data"',
    'license = ""': 'license = "CC0-1.0"',
}


def give(command: str, project: Path, settings: dict[str, str]) -> str:
    """Run a line of the page in a shell; returns what it printed."""
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=project,
        env=run_environment() | AUTHOR | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (result.returncode != 0) == (command == FAILS), f"{command}: {result.returncode}\n{result.stdout}"
    assert TOKEN not in result.stdout
    return result.stdout


def fill(project: Path) -> None:
    """What an author writes into fair.toml."""
    path = project / "fair.toml"
    text = path.read_text(encoding="utf-8")
    for empty, filled in FILLED.items():
        assert empty in text
        text = text.replace(empty, filled)
    path.write_text(text, encoding="utf-8")


def follow(project: Path, site: Any) -> dict[str, str]:
    """Run every command of the page; returns the output of each, the last one if it is given several times."""
    os.utime(project / ".venv" / f"ready-{project.name}", (LATER, LATER))
    settings = {"PROFILE": "smoke", "BASE_URL": site.base, "GIT_CONFIG_GLOBAL": "/dev/null"}
    lines = fenced(PAGE.read_text(encoding="utf-8"), "bash")
    printed: dict[str, str] = {}
    for line in lines[lines.index("git init") :]:
        if line.startswith("export ZENODO_TOKEN="):
            settings["ZENODO_TOKEN"] = TOKEN
        elif line != INSTALLED:
            if line == "make metadata":
                fill(project)
            command = line.replace(" SANDBOX=yes", "").replace("/quick/", "/smoke/")
            command = command.replace("/zenodo.org/", f"/{site.base.partition('://')[2].replace(':', '-')}/")
            if (doi := re.search(r"10\.5281/\S+", command)) is not None:
                (record,) = site.records.values()
                published = record["pids"]["doi"]["identifier"]
                command = command.replace(doi[0], f"{published} --resolver {site.base}/doi")
            printed[line] = give(command, project, settings)
    return printed


def test_the_tutorial_leads_from_nothing_to_a_published_model(project: Path, tmp_path: Path) -> None:
    with SERVER.serve_invenio() as site:
        printed = follow(project, site)
        (record,) = site.records.values()
        doi = record["pids"]["doi"]["identifier"]
        model = fetch(doi, tmp_path / "alone", archive=Archive(f"{site.base}/doi"), cache=tmp_path / "cache")
    assert record["is_published"]
    assert model.check() < 1e-4
    assert model.manifest["doi"] == doi
    assert FIRST in printed
    failures = re.findall(r"^  fail +(\S+)", printed[FAILS], flags=re.MULTILINE)
    assert failures == ["F1.doi"]
    assert "Sample: agrees" in printed[next(line for line in printed if line.endswith("--to ../model"))]
    assert {path.name for path in (tmp_path / "model").iterdir()} >= {"model.onnx", "manifest.json", CRATE}
    changed = give("git show --stat --format=", project, {})
    assert all(name in changed for name in ("fair.toml", "CITATION.cff", "README.md"))
    assert give("git status --porcelain", project, {}) == ""
