"""Which rule each layer of a network follows."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import nn

from ...errors import UserError
from .handlers import SUMS
from .rules import PROPORTIONAL, Rule, make_rule

__all__ = ["Composite", "choose_rules", "preset_a"]

Composite = Sequence[tuple[str | type[nn.Module], Rule]]
"""Pairs of a pattern of layer names, or a type of module, and a rule; the first pair that fits a layer counts."""


def preset_a(epsilon: float = 0.1) -> Composite:
    """LRP-epsilon for dense layers, alpha 1 beta 0 for convolutions: "preset A" of Alber et al., JMLR 20 (2019) 93."""
    positive = make_rule("z-plus")
    convolutions = [(kind, positive) for kind in (nn.Conv1d, nn.Conv2d, nn.Conv3d)]
    return [*convolutions, ("*", make_rule("epsilon", epsilon=epsilon))]


def choose_rules(layers: Mapping[str, nn.Module], composite: Composite) -> dict[str, Rule]:
    """The rule of each layer, by name.

    Layers that only add up or rescale (`handlers.SUMS`) are fitted by their types alone, and split in proportion where
    the composite does not name them. Raises UserError for a layer that nothing fits, and for an entry that fits none.
    """
    rules, used = {}, set()
    for name, module in layers.items():
        fitting = [index for index, (selector, _) in enumerate(composite) if _fits(selector, name, module)]
        used.update(fitting)
        if not fitting and not isinstance(module, SUMS):
            kind = type(module).__name__
            message = f'the composite has no rule for the layer {name!r} ({kind}); end it with ("*", rule)'
            raise UserError(message)
        rules[name] = composite[fitting[0]][1] if fitting else PROPORTIONAL
    for index, (selector, _) in enumerate(composite):
        if index not in used and selector != "*" and isinstance(selector, str):
            message = f"no layer's name fits {selector!r} of the composite; the layers are {', '.join(layers)}"
            raise UserError(message)
    return rules


def _fits(selector: str | type[nn.Module], name: str, module: nn.Module) -> bool:
    if isinstance(selector, str):
        return not isinstance(module, SUMS) and fnmatchcase(name, selector)
    return isinstance(module, selector)
