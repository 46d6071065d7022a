"""The state of a training, saved: enough to go on as if it had never stopped."""

import io
from pathlib import Path
from typing import Any

import torch

from ..files import atomic_path

__all__ = ["load_checkpoint", "save_checkpoint"]


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
    return state if isinstance(state, dict) and state.get("identity") == identity else None
