"""The interaction network for H -> bb tagging.

The names below load PyTorch when they are first used, so that `hbb_in.model.options` can be imported without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interaction_network import InteractionNetwork
    from ..export import load_published, published_state_dict

__all__ = ["InteractionNetwork", "load_published", "published_state_dict"]

_MODULES = {
    "InteractionNetwork": "interaction_network",
    "load_published": "published",
    "published_state_dict": "published",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
