"""Rules of layer-wise relevance propagation, as data, and the number that is explained.

Bach et al., PLoS ONE 10 (2015) e0130140.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from ...errors import UserError

__all__ = ["PROPORTIONAL", "RULES", "Rule", "Target", "Term", "make_rule", "signs"]

Factors = tuple[float, float]


@dataclass(frozen=True)
class Term:
    """A part of a rule.

    `positive` and `negative` are the factors (p, n) of w+ and w- that positive and negative activations meet; `sign`
    restricts the term to outputs above (1) or below (-1) zero; `share` is the part of the relevance that it hands down.
    """

    positive: Factors = (1.0, 1.0)
    negative: Factors = (1.0, 1.0)
    sign: int = 0
    share: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether the contributions are those of the layer itself."""
        return self.positive == self.negative == (1.0, 1.0)


@dataclass(frozen=True)
class Rule:
    """How relevance passes a linear layer.

    `epsilon` is added to the magnitude of each denominator. `absorbs_bias` lets biases keep their share of the
    relevance; otherwise they are left out of the denominators, and the inputs get all of it.
    """

    terms: tuple[Term, ...]
    epsilon: float = 0.0
    absorbs_bias: bool = True


PROPORTIONAL = Rule((Term(),))


def make_rule(name: str, *, bias: str = "absorb", **parameters: float) -> Rule:
    """The rule of this name: zero, epsilon, gamma, generalized-gamma, alpha-beta or z-plus.

    `bias` is "absorb" or "ignore"; `parameters` are those of the function in this module that makes the rule. Raises
    UserError for an unknown name or parameter and for a value that the rule does not allow.
    """
    if name not in RULES:
        message = f"there is no relevance rule {name!r}; the rules are {', '.join(RULES)}"
        raise UserError(message)
    if bias not in ("absorb", "ignore"):
        message = f'bias is "absorb" or "ignore", not {bias!r}'
        raise UserError(message)
    known = inspect.signature(RULES[name]).parameters
    for parameter in parameters:
        if parameter not in known:
            message = f"the rule {name!r} has no parameter {parameter!r}; it has {', '.join(known) or 'none'}"
            raise UserError(message)
    terms, stabiliser = RULES[name](**parameters)
    return Rule(terms, stabiliser, absorbs_bias=bias == "absorb")


Made = tuple[tuple[Term, ...], float]


def zero() -> Made:
    """LRP-0: in proportion to the contributions (Bach et al., PLoS ONE 10 (2015) e0130140, eq. 56)."""
    return (Term(),), 0.0


def epsilon(epsilon: float = 0.25) -> Made:
    """LRP-epsilon: LRP-0 with epsilon added to the magnitude of each sum (Bach et al., eq. 58)."""
    _check(epsilon > 0, f"epsilon = {epsilon} has to be positive; for none, take the rule 'zero'")
    return (Term(),), epsilon


def gamma(gamma: float = 0.25) -> Made:
    """LRP-gamma: positive weights count 1 + gamma times (Montavon et al., LNCS 11700 (2019) 193, table 10.1).

    Made for activations that are not negative: with signed ones, a sum may come close to zero.
    """
    _check(gamma >= 0, f"gamma = {gamma} must not be negative")
    factors = (1 + gamma, 1.0)
    return (Term(factors, factors),), 0.0


def generalized_gamma(gamma: float = 0.25) -> Made:
    """LRP-gamma for signed activations (Andeol et al., arXiv:2112.00672).

    What counts 1 + gamma times is each contribution of the sign of the output.
    """
    _check(gamma >= 0, f"gamma = {gamma} must not be negative")
    more, less = (1 + gamma, 1.0), (1.0, 1 + gamma)
    return (Term(more, less, sign=1), Term(less, more, sign=-1)), 0.0


def alpha_beta(alpha: float = 2.0, beta: float = 1.0) -> Made:
    """LRP-alpha-beta: positive contributions share alpha R_k, negative ones -beta R_k (Bach et al., eq. 60)."""
    _check(beta >= 0, f"beta = {beta} must not be negative")
    message = f"alpha = {alpha} and beta = {beta} do not conserve relevance; alpha - beta has to be 1"
    _check(abs(alpha - beta - 1) < 1e-12, message)
    excitation = Term((1.0, 0.0), (0.0, 1.0), share=alpha)
    inhibition = Term((0.0, 1.0), (1.0, 0.0), share=-beta)
    return (excitation, inhibition) if beta else (excitation,), 0.0


def z_plus() -> Made:
    """z+: only positive contributions count (Montavon et al., Pattern Recognition 65 (2017) 211): alpha 1, beta 0."""
    return alpha_beta(1.0, 0.0)


RULES: Mapping[str, Callable[..., Made]] = {
    "zero": zero,
    "epsilon": epsilon,
    "gamma": gamma,
    "generalized-gamma": generalized_gamma,
    "alpha-beta": alpha_beta,
    "z-plus": z_plus,
}


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise UserError(message)


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
