"""The part of `explain` that asks whether another training would have been explained in the same way."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...evaluation.network import load_network
from ...files import read_json
from ...interface import Run
from ...paths import Paths, TrialPaths, trials_folder
from ...present.tables import Measured, Table
from ...progress import progress
from ...reproduce.outcome import RECORD
from ..attributions.methods import METHODS, attribute
from ..lrp.relevance import mean_objects
from ..parts import Context, Drawing, Findings
from .attributions import shares_by_method
from .figures import spread_figure
from .sample import attribution_rows, feature_keys, normalised, tensors, thinned

__all__ = ["explain_retrainings", "retrained_weights"]

ROWS = 200
METHODS_ASKED = ("centred-lrp", "integrated-gradients", "lrp-gamma")
NOTE = (
    "Mean and standard deviation over the trainings. A small one says that the answer is stable, which a wrong one may "
    "be as well."
)


def explain_retrainings(context: Context) -> Findings:
    """Mean and deviation of the share of each feature over the trainings of `make reproduce-seeds`, if there are any.

    `methods` in the JSON file has them in the order of the schema; it is empty where there are none.
    """
    weights = retrained_weights(context.paths)
    if len(weights) < 2:
        text = (
            f"There are no retrainings to compare: `make reproduce-seeds PROFILE={context.paths.profile}` makes them; "
            "then explain the network again."
        )
        return Findings(paragraphs=[text], details={"methods": {}, "trainings": 0})
    inputs = tensors(thinned(attribution_rows(context), ROWS))
    baseline, schema, handlers = mean_objects(inputs), context.project.schema, context.project.handlers
    shares: dict[str, list[np.ndarray]] = {name: [] for name in METHODS_ASKED}
    for path in progress(weights, total=len(weights), title="retrainings", unit="networks"):
        trial = TrialPaths(context.paths.root, context.paths.profile, path.parent, context.paths.processed)
        network = load_network(Run(context.project, context.config, trial))
        for name, found in shares.items():
            sizes = (
                attribute(name, network, inputs, schema, baseline=baseline, handlers=handlers)
                .of_all_features()
                .abs()
                .sum(0)
            )
            found.append(normalised(sizes.double().cpu().numpy()))
    return _findings(context, {name: np.array(found) for name, found in shares.items()})


def retrained_weights(paths: Paths) -> list[Path]:
    """The weights of the finished trainings that differ from the profile's in their seed alone."""
    records = sorted((trials_folder(paths) / "seeds").glob(f"*/{RECORD}"))
    found = [record.parent / "weights.safetensors" for record in records if read_json(record)["finished"]]
    return [path for path in found if path.exists()]


def _findings(context: Context, shares: Mapping[str, np.ndarray]) -> Findings:
    """From shares (training, feature) by method."""
    keys = feature_keys(context.project.schema)
    number = len(next(iter(shares.values())))
    measured = {
        name: [Measured(float(m), float(s)) for m, s in zip(each.mean(0), each.std(0, ddof=1), strict=True)]
        for name, each in shares.items()
    }
    order = np.argsort(-next(iter(shares.values())).mean(0), kind="stable")
    columns, rows = shares_by_method(keys, order, measured)
    caption = f"Share of each feature in {number} trainings that differ in their seed alone"
    table = Table("retrainings", caption, columns, rows, (NOTE,))
    details: dict[str, Any] = {
        "trainings": number,
        "methods": {
            name: [{"value": each.value, "error": each.error} for each in values] for name, values in measured.items()
        },
    }
    labels = {METHODS[name].label: values for name, values in shares.items()}
    figure = partial(spread_figure, keys, labels, order)
    drawing = Drawing("Whether another training is explained alike", "Points are trainings; bars, their mean.", figure)
    return Findings([table], [drawing], details=details)
