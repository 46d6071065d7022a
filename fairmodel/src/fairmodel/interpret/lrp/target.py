"""Which number of the network's answer is explained."""

import torch

from ...errors import UserError

__all__ = ["Target", "signs"]

Target = int | str | tuple[int, int]


def signs(target: Target, logits: torch.Tensor) -> torch.Tensor:
    """The explained number is the sum of these (class,) times the logits (row, class).

    It is the logit of a class, or the difference between the logits of a pair of classes; "log-odds" is the pair (1, 0)
    of a network with two classes. Raises UserError where the network has no such classes.
    """
    classes = logits.shape[1]
    if isinstance(target, str):
        if (target, classes) != ("log-odds", 2):
            message = (
                f"target = {target!r} for a network of {classes} classes; give a class, a pair of classes, or, "
                'where there are two, "log-odds"'
            )
            raise UserError(message)
        target = (1, 0)
    pair: tuple[int, ...] = target if isinstance(target, tuple) else (target,)
    if len(pair) > 2 or len(set(pair)) < len(pair) or not all(0 <= index < classes for index in pair):
        message = f"target = {target} is no class, nor a pair of classes; the network has classes 0 to {classes - 1}"
        raise UserError(message)
    weights = logits.new_zeros(classes)
    for index, sign in zip(pair, (1.0, -1.0), strict=False):
        weights[index] = sign
    return weights
