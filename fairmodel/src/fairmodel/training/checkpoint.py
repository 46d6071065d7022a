"""The state of a training, saved: enough to go on as if it had never stopped."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..config import RunConfig
from ..files import atomic_path, sha256

__all__ = ["fingerprint", "load_checkpoint", "save_checkpoint"]


def fingerprint(config: RunConfig, data: Mapping[str, str]) -> str:
    """Hash of all that determines a training: `[model]`, `[training]`, checksums of the data, the code."""
    package = Path(__file__).parents[1]
    code = [path for folder in ("model", "training") for path in sorted((package / folder).iterdir()) if path.is_file()]
    content = {
        "model": config.model.model_dump(mode="json"),
        "training": config.training.model_dump(mode="json"),
        "data": dict(data),
        "code": [sha256(path) for path in [package / "project.py", *code]],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, lists, dictionaries) atomically."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with atomic_path(path) as temporary:  # (a full disk is an OSError here, but none when torch writes the file)
        temporary.write_bytes(buffer.getbuffer())


def load_checkpoint(path: Path, identity: str) -> dict[str, Any] | None:
    """The saved state, or None where there is none, it is damaged, or it belongs to another configuration or data."""
    if not path.exists():
        return None
    try:
        state: Any = torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # (a damaged archive raises many types; training anew is always right)
        return None
    return state if isinstance(state, dict) and state.get("fingerprint") == identity else None
