"""The engine of FAIR AI-model projects: every step of a model's life, for any network on sets of objects.

A project gives it one object, `fairmodel.Project`; see the user guide. Names are imported when they are first used.
"""

from .lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__)
