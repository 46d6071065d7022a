"""The part of `explain` that asks whether the attributions depend on what was learned."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from ...errors import UserError
from ...present.tables import Cell, Column, Measured, Table
from ...progress import progress
from ...training.device import device_of
from ...training.normalise import is_real
from ..attributions.methods import METHODS, attribute
from ..lrp.baseline import mean_objects
from ..parts import Context, Drawing, Findings
from ..shares import InputShares
from .agreement import spearman
from .cascade import cascade, depths_of, layers_from_output, untrained
from .figures import randomisation_figure
from .sample import attribution_rows, tensors, thinned

__all__ = ["explain_randomisation", "likeness", "mean_likeness"]

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
