"""The record of a run: what is needed to judge and to repeat it."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..paths import Paths
from .engine import engine_entry

__all__ = ["commit_of", "hardware", "processor", "run_record", "torch_build", "versions"]

PACKAGES = ("torch", "numpy", "h5py", "onnx", "onnxruntime", "safetensors")


def run_record(paths: Paths, *, command: str, seed: int, started: float, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Commit, seed, versions, hardware and duration of a step that began at `started`.

    `started` is a `time.perf_counter()` reading; `inputs` are SHA-256 checksums by path relative to the project.
    """
    return {
        "schema": 1,
        "command": command,
        "profile": paths.profile,
        "seed": seed,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "duration_seconds": round(time.perf_counter() - started, 3),
        "commit": commit_of(paths.root),
        "engine": engine_entry(),
        "software": {"python": platform.python_version()} | versions(),
        "hardware": hardware(),
        "inputs": dict(inputs),
    }


def _git(root: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()


def commit_of(root: Path) -> dict[str, Any]:
    """The commit that was checked out, and whether files differed from it; null outside a repository."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", ".") if commit else None
    return {"id": commit, "dirty": bool(changes) if commit else None}


def versions() -> dict[str, str]:
    """Versions of the libraries that results may depend on; of PyTorch with its build, such as +cu130."""
    found = {}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found | ({"torch": torch_build()} if "torch" in found else {})


def torch_build() -> str:
    """Version of PyTorch as the package itself states it: what is installed from an index may not state its build."""
    spec = find_spec("torch")
    stated = Path(spec.origin).with_name("version.py") if spec and spec.origin else Path()
    text = stated.read_text(encoding="utf-8") if stated.is_file() else ""
    match = re.search(r"^__version__ = ['\"](.+)['\"]", text, re.MULTILINE)
    return match[1] if match else metadata.version("torch")


def hardware() -> dict[str, Any]:
    """Machine, system, processor and number of cores."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": processor(),
        "cores": os.cpu_count(),
    }


@cache
def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
