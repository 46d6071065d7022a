"""The pages in the wheel: complete, and built offline from an engine that was installed from it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fairmodel.documentation import common_settings, engine_pages, project_settings
from fairmodel.documentation.sections import kind
from fairmodel.settings.section import Section

from .projects import ENGINE_ROOT

FAIR = """
[identity]
title = "A & B"
version = "2.0"
description = "Two."

[[people]]
given-names = "Ada"
family-names = "Lovelace"

[[people]]
name = "The Collaboration"
"""


class Inner(Section):
    """A table."""


@pytest.mark.slow
def test_the_pages_of_the_wheel_can_be_built(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ENGINE_ROOT / "tools" / "pack.py"), str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed, site = tmp_path / "installed", tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", str(installed / "fairmodel" / "_docs"), str(site)]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    pages = {page.stem for page in (ENGINE_ROOT / "docs").glob("*.md")}
    assert pages <= {page.stem for page in site.glob("*.html")}
    (script,) = site.rglob("fetch_model.py")
    assert script.read_bytes() == (installed / "fairmodel" / "fair" / "fetch" / "fetch_model.py").read_bytes()


def test_the_pages_are_those_beside_the_source() -> None:
    assert engine_pages() == ENGINE_ROOT / "docs"
    assert (engine_pages() / "conf.py").is_file()


def test_a_project_gets_its_names_from_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "fair.toml").write_text(FAIR, encoding="utf-8")
    settings = project_settings(tmp_path)
    assert settings["html_title"] == "A & B 2.0"
    assert settings["author"] == "Ada Lovelace, The Collaboration"
    assert {*common_settings()} <= {*settings}


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bool, "`true` or `false`"),
        (str | None, "text"),
        (tuple[float, ...], "list of: number"),
        (dict[str, tuple[int, ...]], "table of: list of: whole number"),
        (tuple[Inner, ...], "list of: table"),
    ],
)
def test_kinds_of_values_are_named(annotation: object, words: str) -> None:
    assert kind(annotation) == words
