"""The interaction network for H -> bb tagging; names are imported, and PyTorch with them, when they are first used."""

from fairmodel.lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
