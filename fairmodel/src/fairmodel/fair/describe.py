"""Descriptions of a trained model that travel with it: model card, FAIR4ML, Croissant, SBOM."""

import sys
from collections.abc import Callable, Mapping

from ..files import write_text
from ..interface import Run
from ..metadata.source import read_metadata
from .croissant import croissant
from .facts import Facts, gather
from .fair4ml import fair4ml
from .model_card import model_card
from .sbom import sbom

__all__ = ["DESCRIPTIONS", "describe"]

DESCRIPTIONS: Mapping[str, Callable[[Facts], str]] = {
    "model-card.md": model_card,
    "fair4ml.jsonld": fair4ml,
    "croissant.jsonld": croissant,
    "sbom.cdx.json": sbom,
}


def describe(run: Run) -> None:
    """Write every description of a profile's model into its folder. Raises UserError for what is missing."""
    facts = gather(run.project, run.paths, read_metadata(run.paths.root))
    for name, generate in DESCRIPTIONS.items():
        write_text(run.paths.model / name, generate(facts))
    sys.stdout.write(f"{run.paths.model}: {', '.join(DESCRIPTIONS)}\n")
