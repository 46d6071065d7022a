"""The sections of the page on the data."""

from fairmodel import ValidationSection

__all__ = ["VALIDATION"]

VALIDATION = (
    ValidationSection("Jets", ".validation.substructure:Substructure"),
    ValidationSection("Secondary vertices", ".validation.vertex_numbers:VertexNumbers"),
    ValidationSection("Tracks of light jets", ".validation.track_fits:TrackFits"),
    ValidationSection("Errors of the impact parameters", ".validation.resolution:Resolution"),
    ValidationSection("The simulated tracker", ".validation.tracker_response:TrackerResponse"),
    ValidationSection("Tagging of b jets", ".validation.tagging:Tagging"),
)
