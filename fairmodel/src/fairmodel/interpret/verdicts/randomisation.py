"""Networks that forget: layer by layer, from the output to the inputs, the trained weights give way to random ones.

An attribution that says the same of a network that has forgotten everything says nothing about what was learned
(Adebayo et al., arXiv:1810.03292).
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from ...errors import UserError
from ...layers import is_real
from ...present.tables import Cell, Column, Measured, Table
from ...progress import progress
from ...training.device import device_of
from ..attributions.methods import METHODS, attribute
from ..inputs import InputShares
from ..lrp.relevance import mean_objects
from ..parts import Context, Drawing, Findings
from .agreement import spearman
from .figures import randomisation_figure
from .sample import attribution_rows, tensors, thinned

__all__ = [
    "cascade",
    "depths_of",
    "explain_randomisation",
    "layers_from_output",
    "likeness",
    "mean_likeness",
    "untrained",
]

ROWS = 64
DRAWS = 2
DEPTHS = 4
NOTE = (
    "Spearman's rank correlation of the magnitudes of the features' attributions with those of the trained network, "
    "within each input that has objects, mean over inputs and rows. Errors are of the rows and of the draws of the "
    "random weights. The closer to zero when all layers are random, the more depends on what the network has learned."
)


def explain_randomisation(context: Context) -> Findings:
    """How much each method's attributions are like those of networks that forget; `methods` in the JSON file.

    `remains` of a method is its correlation where all layers are random.
    """
    schema, network = context.project.schema, context.network
    inputs = tensors(thinned(attribution_rows(context), ROWS))
    device = device_of(network)
    one = {name: rows[:1].to(device) for name, rows in inputs.items()}
    layers = layers_from_output(network, one)
    depths = depths_of(len(layers), DEPTHS)
    ask = partial(
        attribute, inputs=inputs, schema=schema, baseline=mean_objects(inputs), handlers=context.project.handlers
    )
    before = {name: ask(name, network) for name in METHODS}
    found: dict[str, list[list[np.ndarray]]] = {name: [[] for _ in depths] for name in METHODS}
    with progress(None, total=DRAWS * len(depths), title="randomise", unit="networks") as bar:
        for draw in range(DRAWS):
            fresh = untrained(partial(context.project.build, context.config.model), context.options.seed + draw)
            for place, forgetful in enumerate(cascade(network, fresh.to(device), layers, depths)):
                for name in METHODS:
                    found[name][place].append(likeness(before[name], ask(name, forgetful), inputs))
                bar.update(1)
    curves = {name: [mean_likeness(np.array(rows)) for rows in places] for name, places in found.items()}
    return _findings(curves, layers, depths)


def likeness(left: InputShares, right: InputShares, inputs: Mapping[str, torch.Tensor]) -> np.ndarray:
    """Rank correlation of the magnitudes of the features' shares, (row,), within the inputs that a row has objects of.

    Between inputs, the numbers of objects would decide, whatever the network. Inputs count by their numbers of
    features; a row without objects is NaN.
    """
    sums, weights = np.zeros((2, len(next(iter(inputs.values())))))
    for name, values in inputs.items():
        if values.shape[-1] > 1:
            a, b = (each.of_features(name).abs().cpu().double().numpy() for each in (left, right))
            weight = values.shape[-1] * is_real(values).any((1, 2)).numpy()
            sums, weights = sums + weight * spearman(a, b), weights + weight
    return np.divide(sums, weights, out=np.full_like(sums, np.nan), where=weights > 0)


def mean_likeness(correlations: np.ndarray) -> Measured:
    """The mean of correlations (draw, row), NaN left out, and its error from the scatter of the rows and the draws."""
    known = correlations[:, ~np.isnan(correlations).any(0)]
    draws, rows = known.shape
    if not rows:
        message = "no row has objects of an input with several features, so that no attributions can be compared"
        raise UserError(message)
    of_rows = known.mean(0).std(ddof=1) / rows**0.5 if rows > 1 else 0.0
    of_draws = known.mean(1).std(ddof=1) / draws**0.5 if draws > 1 else 0.0
    return Measured(float(known.mean()), float(np.hypot(of_rows, of_draws)))


def _findings(curves: Mapping[str, list[Measured]], layers: list[str], depths: list[int]) -> Findings:
    labels = {name: METHODS[name].label for name in curves}
    columns = [Column("label", "Method"), *(Column(str(depth), _heading(depth, layers), 2) for depth in depths)]
    rows: dict[str, dict[str, Cell]] = {
        name: {"label": labels[name]} | dict(zip(map(str, depths), values, strict=True))
        for name, values in curves.items()
    }
    table = Table("randomisation", "What is left as the network forgets", tuple(columns), rows, (NOTE,))
    text = (
        "The network forgets from its output to its inputs. A line that stays high does not explain what was learned."
    )
    figure = partial(randomisation_figure, {labels[name]: values for name, values in curves.items()}, depths, layers)
    remains = {name: {"remains": {"value": v[-1].value, "error": v[-1].error}} for name, v in curves.items()}
    details = {"layers": layers, "depths": depths, "methods": remains}
    return Findings([table], [Drawing("What is left as the network forgets", text, figure)], details=details)


def _heading(depth: int, layers: list[str]) -> str:
    return "All layers" if depth == len(layers) else f"From {layers[depth - 1]}"


def untrained(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A network as `build` makes it, with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def layers_from_output(network: nn.Module, inputs: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the modules with weights of their own, the one that is called last first; then those never called."""
    called: list[str] = []
    owners = {name: module for name, module in network.named_modules() if list(module.parameters(recurse=False))}

    def remember(name: str) -> Callable[..., None]:
        return lambda *_: called.append(name)

    hooks = [module.register_forward_hook(remember(name)) for name, module in owners.items()]
    try:
        network(**{name: rows.detach().requires_grad_() for name, rows in inputs.items()})
    finally:
        for hook in hooks:
            hook.remove()
    order = list(dict.fromkeys(reversed(called)))
    return order + [name for name in owners if name not in order]


def depths_of(layers: int, most: int) -> list[int]:
    """How many layers are random at each depth, evenly chosen; the last one is all of them."""
    steps = np.linspace(0, layers, min(most, layers) + 1).round().astype(int)
    return [int(step) for step in np.unique(steps) if step]


def cascade(trained: nn.Module, fresh: nn.Module, layers: list[str], depths: list[int]) -> Iterator[nn.Module]:
    """Copies of the trained network whose first so many `layers` have the weights of the fresh one, depth by depth.

    What is no weight, such as the normalisation of the inputs, stays.
    """
    source = dict(fresh.named_modules())
    for depth in depths:
        network = copy.deepcopy(trained)
        target = dict(network.named_modules())
        with torch.no_grad():
            for name in layers[:depth]:
                for old, new in zip(
                    target[name].parameters(recurse=False), source[name].parameters(recurse=False), strict=True
                ):
                    old.copy_(new)
        yield network
