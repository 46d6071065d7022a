"""The smaller networks: their performance, and the activity of their nodes."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fairmodel import Ablation, Run, UserError
from fairmodel.evaluation.activity import layers_of
from fairmodel.evaluation.network import load_network
from fairmodel.files import read_json
from fairmodel.interpret.activity import labels_of, pattern_figure
from fairmodel.interpret.parts import Context, Drawing, Findings
from fairmodel.paths import TrialPaths, trials_folder
from fairmodel.present.tables import Column, Table
from fairmodel.reproduce.figures import ablations_figure
from fairmodel.reproduce.result import reproduction_folder

from .published import notes, published

__all__ = ["smaller_networks"]

SHOWN = ("h32-e16-o16", "h16-e8-o8")  # the largest and the smallest of them


def smaller_networks(context: Context) -> Findings:
    """Show the table of `make ablations`, sparsity by class, and the activation patterns of two of the networks."""
    path = reproduction_folder(context.paths) / "ablations.json"
    if not path.exists():
        message = f"{path} does not exist; train the networks with `make ablations PROFILE={context.paths.profile}`"
        raise UserError(message)
    table = Table.from_json(read_json(path)["tables"][0])
    text = "Filled: this project; open: published, on other data. Errors are those of the finite test split."
    drawings = [Drawing("Smaller networks", text, partial(ablations_figure, table.rows))]
    trained = [name for name in SHOWN if _trial(context, name).weights.exists()]
    drawings += [_pattern(context, name) for name in trained]
    missing = [
        f"{context.project.ablations[name].label}: no activation pattern, since `make ablations` left no weights here."
        for name in SHOWN
        if name not in trained
    ]
    return Findings([table, _sparsity(context)], drawings, missing)


def _trial(context: Context, name: str) -> TrialPaths:
    paths = context.paths
    return TrialPaths(paths.root, paths.profile, trials_folder(paths) / "ablations" / name, paths.processed)


def _pattern(context: Context, name: str) -> Drawing:
    schema, ablation = context.project.schema, context.project.ablations[name]
    layers = layers_of(_load(context, name, ablation), context.samples, len(schema.classes))
    text = f"Relative activity of each node, for {schema.classes[schema.signal]} positive, for the others negative."
    draw = partial(pattern_figure, layers, labels_of(layers), schema)
    return Drawing(f"Activation pattern: {ablation.label}", text, draw, name, wide=True)


def _load(context: Context, name: str, ablation: Ablation) -> Any:
    changed: Mapping[str, Any] = context.config.model.model_dump() | dict(ablation.model)
    model = context.project.model_options.model_validate(changed)
    config = context.config.model_copy(update={"model": model})
    return load_network(Run(context.project, config, _trial(context, name)))


def _sparsity(context: Context) -> Table:
    """Share of inactive nodes of the profile's own network for each class."""
    activity = Table.from_json(context.findings("activity")["tables"][0]).rows["all"]
    rows = {
        name: {"class": name, "own": activity[f"inactive_{name}"], "published": published()["sparsity"][name]}
        for name in context.project.schema.classes
    }
    columns = (
        Column("class", "Class"),
        Column("own", "Inactive nodes", 1, percent=True),
        Column("published", "Inactive nodes, published", 1, percent=True),
    )
    return Table("paper-sparsity", "Sparsity of the whole network", columns, rows, notes())
