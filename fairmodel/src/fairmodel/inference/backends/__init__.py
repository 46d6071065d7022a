"""Runtimes for the model: one interface, opened by name."""

from .backend import Backend, Outputs, open_backend

__all__ = ["Backend", "Outputs", "open_backend"]
