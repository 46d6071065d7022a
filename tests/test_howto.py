"""The pages on data and networks of one's own can be followed to the end."""

import json
from pathlib import Path

import pytest

from .projects import make


@pytest.mark.slow
def test_the_pages_lead_from_arrays_to_a_report(showers: Path) -> None:
    metrics = json.loads((showers / "reports" / "smoke" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["classes"].keys() == {"pion", "electron"}
    assert metrics["auc"]["value"] > 0.9
    assert (showers / "models" / "smoke" / "model.onnx").exists()
    assert "showers" in (showers / "reports" / "smoke" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_project_of_the_pages_keeps_the_contract_and_has_documentation(showers: Path) -> None:
    assert " failed" not in make(showers, "test")
    make(showers, "docs")
    features = (showers / "docs" / "_build" / "model.html").read_text(encoding="utf-8")
    assert "energy in the cell" in features
    assert "particle" not in features.partition("The features")[2]
