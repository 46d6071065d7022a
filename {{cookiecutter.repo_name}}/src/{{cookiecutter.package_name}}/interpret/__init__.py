"""What the network looks at.

The names below load PyTorch when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lrp.baseline import mean_objects
    from .lrp.explain import relevance
    from .lrp.result import Relevance
    from .lrp.rules import make_rule

__all__ = ["Relevance", "make_rule", "mean_objects", "relevance"]

_MODULES = {
    "Relevance": "lrp.result",
    "make_rule": "lrp.rules",
    "mean_objects": "lrp.baseline",
    "relevance": "lrp.explain",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
