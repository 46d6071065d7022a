"""The repository, the engine, the reference and a new project pass every check of Scientific Python's review."""

from pathlib import Path

import pytest
from repo_review.processor import process

from .projects import REFERENCE, ROOT


@pytest.mark.parametrize("where", ["repository", "engine", "reference", "project"])
def test_no_check_fails(where: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "engine": ROOT / "fairmodel", "reference": REFERENCE, "project": default_bake}[where]
    results = process(folder).results
    assert sum(check.result is True for check in results) > 20
    assert {check.name: check.err_msg for check in results if check.result is False} == {}
