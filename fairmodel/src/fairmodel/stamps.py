"""One file for each step that says what the step depends on, so that make redoes only what has changed."""

import json
import sys
from pathlib import Path
from typing import Any

from .files import sha256, write_text
from .identity import FOOTPRINTS, code_of, settings_of
from .interface import Run
from .metadata.engine import engine_line

__all__ = ["write_stamps"]

REASONS = {"engine": "another engine", "project": "changed code", "declared": "changed code", "settings": "settings"}


def write_stamps(run: Run, *, source: str | None = None) -> None:
    """Write `build/<profile>/<step>.json` for each step, leaving files with the same content, and their times, alone.

    Prints a line for each step whose results are no longer valid. Where the data are downloaded, another manifest is
    another data set.
    """
    stale = []
    for step in FOOTPRINTS:
        content = {"code": code_of(step, run.project), "settings": settings_of(step, run.config)}
        if step == "data":
            _add_source(content["settings"]["data"], source, run.paths.manifest)
        path = run.paths.sections / f"{step}.json"
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before is not None and before != text:
            stale.append(f"{step} ({_reason(json.loads(before), content)})")
        if before != text:
            write_text(path, text)
    if stale:
        sys.stdout.write(f"changed since the last run, with {engine_line()}: {', '.join(stale)}\n")


def _add_source(data: dict[str, Any], source: str | None, manifest: Path) -> None:
    if source is not None:
        data["source"] = source
    if data["source"] != "simulation" and manifest.exists():
        data["files"] = sha256(manifest)


def _reason(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What has changed, in words."""
    changed = {name for name, value in after["code"].items() if before.get("code", {}).get(name) != value}
    changed |= {"settings"} if before.get("settings") != after["settings"] else set()
    return ", ".join(dict.fromkeys(REASONS[name] for name in REASONS if name in changed))
