"""The principles, after FAIR for research software and for AI models, and the checks of each."""

from collections.abc import Mapping

from . import accessible, findable, interoperable, reusable
from .registry import FairCheck

__all__ = ["CHECKS", "PRINCIPLES"]

PRINCIPLES: Mapping[str, str] = {
    "F1": "The model has a globally unique and persistent identifier.",
    "F2": "The model is described with rich metadata.",
    "F3": "The metadata include the identifier of the model they describe.",
    "F4": "The metadata can be searched and indexed.",
    "A1": "The model is retrieved by its identifier over a standard protocol.",
    "A1.1": "The protocol is open, free and universal.",
    "A1.2": "The protocol allows for authentication where it is needed.",
    "A2": "The metadata stay accessible when the model is gone.",
    "I1": "The model reads, writes and exchanges data in standard formats.",
    "I2": "The model includes qualified references to other objects.",
    "R1": "The model is described with many accurate and relevant attributes.",
    "R1.1": "The model has a clear and accessible licence.",
    "R1.2": "The model is associated with detailed provenance.",
    "R2": "The model includes qualified references to the software it needs.",
    "R3": "The model meets the standards of its community.",
}

CHECKS: tuple[FairCheck, ...] = (*findable.CHECKS, *accessible.CHECKS, *interoperable.CHECKS, *reusable.CHECKS)
