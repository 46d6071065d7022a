"""What the whole CMS set would cost: the page shows what was measured, and the arithmetic is right."""

import json
import re
from pathlib import Path

import h5py
import pytest

from .projects import REFERENCE, ROOT, load_script

MEASURED = json.loads((REFERENCE / "docs" / "scale.json").read_text(encoding="utf-8"))


def cells(text: str, name: str) -> list[str]:
    """The cells of a row of the table, after its name."""
    (row,) = re.findall(rf"^\| {name} \| (.*) \|$", text, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


def test_the_page_shows_what_was_measured() -> None:
    script = load_script(ROOT / "tools" / "scale_costs.py")
    markers = load_script(ROOT / "tools" / "markers.py")
    shown = markers.marked(REFERENCE / "docs" / "scale.md", "scale")
    assert shown == script.table(MEASURED), "run `python tools/scale_costs.py --update`"


def test_hours_follow_from_the_rates() -> None:
    """At 10 jets a second, 6 million take 600 000 seconds."""
    simulation = MEASURED["simulation"] | {"rows": 4000, "matched_jets": 1000, "cpu_seconds": 400.0}
    simulation["step"] = simulation["step"] | {"cpu_seconds": 1.0}
    table = load_script(ROOT / "tools" / "scale_costs.py").table
    text = table({"simulation": simulation, "conversion": MEASURED["conversion"] | {"jets_per_cpu_second": 1e4}})
    assert cells(text, "6 million jets simulated") == ["10", "166.7", "2.6"]
    assert cells(text, "6 million simulated that are left by the matching") == ["2", "666.7", "10.4"]
    assert cells(text, "these matched, shuffled and written") == ["1,000", "1.7", ""]
    assert cells(text, "6 million jets of CMS converted") == ["10,000", "0.2", ""]
    assert "CMS" not in table({"simulation": simulation})


def test_a_run_that_went_on_after_a_kill_is_no_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It made a part of the chunks only."""
    script = load_script(ROOT / "tools" / "scale_costs.py")
    monkeypatch.setattr(script, "REFERENCE", tmp_path)
    raw, processed = tmp_path / "data" / "raw" / "smoke", tmp_path / "data" / "processed" / "smoke"
    for folder in (raw, processed):
        folder.mkdir(parents=True)
    with h5py.File(processed / "train.h5", "w") as file:
        file.attrs["provenance"] = json.dumps({"simulated_jets": {"QCD": 20, "Hbb": 30}, "chunks": ["a.h5"]})
        file["labels"] = [0, 1, 1]
    (raw / "a.h5").write_bytes(bytes(1000))
    first = dict.fromkeys(MEASURED["simulation"], 1) | {"title": "simulate", "rows": 49}
    step = {"title": "data", "rows": 0, "cpu_seconds": 1.0}
    (raw / "cost.json").write_text(json.dumps({"schema": 1, "runs": [first, step]}))
    with pytest.raises(SystemExit, match=r"has no run that made all 50 jets; remove"):
        script.collect("smoke")
    (raw / "cost.json").write_text(json.dumps({"schema": 1, "runs": [first | {"rows": 50}, step, first]}))
    found = script.collect("smoke")["simulation"]
    assert (found["rows"], found["matched_jets"], found["raw_bytes"], found["step"]) == (50, 3, 1000, step)
