"""Runtimes for the model: one interface, opened by name."""

from .backend import Backend, Outputs
from .registry import BACKENDS, open_backend

__all__ = ["BACKENDS", "Backend", "Outputs", "open_backend"]
