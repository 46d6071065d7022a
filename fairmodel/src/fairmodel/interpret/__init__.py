"""What the network looks at.

The names below load PyTorch when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attributions.gradients import gradient_input, integrated_gradients
    from .attributions.groups import Group, correlated_groups
    from .attributions.methods import METHODS, attribute
    from .attributions.result import Attribution
    from .attributions.shapley import shapley
    from .lrp.baseline import mean_objects
    from .lrp.explain import relevance
    from .lrp.result import Relevance
    from .lrp.rules import make_rule

__all__ = [
    "METHODS",
    "Attribution",
    "Group",
    "Relevance",
    "attribute",
    "correlated_groups",
    "gradient_input",
    "integrated_gradients",
    "make_rule",
    "mean_objects",
    "relevance",
    "shapley",
]

_MODULES = {
    "METHODS": "attributions.methods",
    "Attribution": "attributions.result",
    "Group": "attributions.groups",
    "Relevance": "lrp.result",
    "attribute": "attributions.methods",
    "correlated_groups": "attributions.groups",
    "gradient_input": "attributions.gradients",
    "integrated_gradients": "attributions.gradients",
    "make_rule": "lrp.rules",
    "mean_objects": "lrp.baseline",
    "relevance": "lrp.explain",
    "shapley": "attributions.shapley",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
