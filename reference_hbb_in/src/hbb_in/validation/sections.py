"""The sections of the page on the data, imported one by one when the page is made."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fairmodel.interface import ValidationSection

if TYPE_CHECKING:
    from fairmodel.validation.checks import Collector

__all__ = ["VALIDATION"]


def _section(title: str, module: str, name: str) -> ValidationSection:
    def load() -> "Callable[[Mapping[str, Any]], Collector]":
        collector: Callable[[Mapping[str, Any]], Collector] = getattr(import_module(f".{module}", __package__), name)
        return collector

    return ValidationSection(title, load)


VALIDATION = (
    _section("Jets", "substructure", "Substructure"),
    _section("Secondary vertices", "vertex_numbers", "VertexNumbers"),
    _section("Tracks of light jets", "track_fits", "TrackFits"),
    _section("Errors of the impact parameters", "resolution", "Resolution"),
    _section("The simulated tracker", "tracker_response", "TrackerResponse"),
    _section("Tagging of b jets", "tagging", "Tagging"),
)
