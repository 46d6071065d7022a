"""One file for each step that says what the step depends on, so that make redoes only what has changed."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import sha256, write_text
from .identity import FOOTPRINTS, code_of, settings_of
from .interface import Run
from .metadata.engine import engine_line

__all__ = ["write_stamps"]

REASONS = {"engine": "another engine", "project": "changed code", "declared": "changed code", "settings": "settings"}


@dataclass(frozen=True)
class Stamp:
    """The dependences of a step, as they were when its file was written (None if never) and as they are."""

    step: str
    path: Path
    before: dict[str, Any] | None
    now: dict[str, Any]

    @property
    def reasons(self) -> str:
        """The changes in words; empty if nothing has, or if the step has never run."""
        if self.before is None:
            return ""
        code = self.before.get("code", {})
        changed = {name for name, value in self.now["code"].items() if code.get(name) != value}
        changed |= {"settings"} if self.before.get("settings") != self.now["settings"] else set()
        return ", ".join(dict.fromkeys(REASONS[name] for name in REASONS if name in changed))


def write_stamps(run: Run, *, source: str | None = None) -> None:
    """Write `build/<profile>/<step>.json` for each step, leaving files with the same content, and their times, alone.

    Prints a line for the steps whose results are no longer valid. Where the data are downloaded, another manifest is
    another data set.
    """
    stamps = list(_stamps(run, source))
    for stamp in stamps:
        if stamp.before != stamp.now:
            write_text(stamp.path, json.dumps(stamp.now, indent=2, sort_keys=True) + "\n")
    if stale := [f"{stamp.step} ({stamp.reasons})" for stamp in stamps if stamp.reasons]:
        sys.stdout.write(f"changed since the last run, now with {engine_line()}: {', '.join(stale)}\n")


def _stamps(run: Run, source: str | None) -> Iterator[Stamp]:
    for step in FOOTPRINTS:
        now = {"code": code_of(step, run.project), "settings": settings_of(step, run.config)}
        if step == "data":
            _add_source(now["settings"]["data"], source, run.paths.manifest)
        path = run.paths.build / f"{step}.json"
        yield Stamp(step, path, _read(path), now)


def _read(path: Path) -> dict[str, Any] | None:
    """The content of a stamp; None where there is none, or half of one."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _add_source(data: dict[str, Any], source: str | None, manifest: Path) -> None:
    if source is not None:
        data["source"] = source
    if data["source"] != "simulation" and manifest.exists():
        data["files"] = sha256(manifest)
