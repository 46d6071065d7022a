"""The repository, the reference and a new project pass every check of Scientific Python's review."""

from pathlib import Path

import pytest
from repo_review.processor import process

from .projects import REFERENCE, ROOT


@pytest.mark.parametrize("where", ["repository", "reference", "project"])
def test_no_check_fails(where: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "reference": REFERENCE, "project": default_bake}[where]
    results = process(folder).results
    assert sum(check.result is True for check in results) > 30
    assert {check.name: check.err_msg for check in results if check.result is False} == {}
