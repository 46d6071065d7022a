"""The interaction network for H -> bb tagging; names are imported, and PyTorch with them, when they are first used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
