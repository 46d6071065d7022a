"""Every file of the repository and of a project says whose it is and under which licence (https://reuse.software)."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import Bake
from .projects import ROOT


def lint(folder: Path) -> None:
    program = Path(sys.executable).with_name("reuse")
    assert program.exists(), "reuse is not installed: run `make setup`"
    result = subprocess.run([program, "--root", folder, "lint"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_repository_is_clear() -> None:
    lint(ROOT)


@pytest.mark.parametrize("licence", ["MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "none"])
def test_a_project_is_clear_whatever_its_licence(licence: str, bake: Bake) -> None:
    lint(bake(license=licence))


def test_the_engine_is_not_the_users(bake: Bake) -> None:
    """What the template brought stays under its licence, also in a project without one."""
    project = bake(license="none")
    first, second = tomllib.loads((project / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
    assert first["SPDX-License-Identifier"] == "LicenseRef-all-rights-reserved"
    assert "vendor/**" in second["path"]
    assert second["SPDX-License-Identifier"] == "MIT"
    assert second["SPDX-FileCopyrightText"] == "cookiecutter-fair-model contributors"
