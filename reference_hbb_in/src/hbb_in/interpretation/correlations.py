"""Features that mislead: correlated momenta of vertices, and track_quality, which tells a track from an empty slot."""

from functools import partial

import numpy as np
from fairmodel import Samples, Schema
from fairmodel.interpret.masking.masks import feature_index, real_slots
from fairmodel.interpret.parts import Context, Drawing, Findings
from fairmodel.present.tables import Cell, Column, Table
from scipy.stats import pearsonr, spearmanr

from .figures import correlation_figure, quality_figure

__all__ = ["correlated_features"]

PAIRS = (("sv_ptrel", "sv_pt"), ("sv_ptrel", "sv_erel"))
COLUMNS = (
    Column("pair", "Features"),
    Column("class", "Class"),
    Column("pearson", "Pearson", 3),
    Column("spearman", "Spearman", 3),
    Column("vertices", "Vertices"),
)
SHARE = Column("share", "Share of the slots", digits=2, percent=True)


def correlated_features(context: Context) -> Findings:
    """Correlations of sv_ptrel with sv_pt and sv_erel, and the values of track_quality, in each class."""
    schema, samples = context.project.schema, context.samples
    rows: dict[str, dict[str, Cell]] = {}
    coefficients: dict[str, dict[str, float]] = {}
    real = real_slots(samples, "vertices")
    for first, second in PAIRS:
        columns = [feature_index(schema, "vertices", feature) for feature in (first, second)]
        for index, name in enumerate(schema.classes):
            of_class = samples.inputs["vertices"][real & (samples.labels == index)[:, None]]
            x, y = of_class[:, columns].T.astype(np.float64)
            pearson, spearman = float(pearsonr(x, y).statistic), float(spearmanr(x, y).statistic)
            coefficients.setdefault(f"{first} {second}", {})[name] = pearson
            cells: dict[str, Cell] = {"pearson": pearson, "spearman": spearman, "vertices": len(x)}
            rows[f"{first} {second} {name}"] = {"pair": f"{first}, {second}", "class": name, **cells}
    shares = _qualities(samples, schema)
    of_quality: dict[str, dict[str, Cell]] = {
        f"{name} {value}": {"class": name, "value": "empty slot" if value == 0 else str(value), "share": share}
        for name, by_value in shares.items()
        for value, share in by_value.items()
    }
    note = "Of the tracks themselves, the values have nearly the same shares in both classes."
    quality_columns = (Column("class", "Class"), Column("value", "track_quality"), SHARE)
    tables = [
        Table("paper-correlations", "Correlations of features of the vertices", COLUMNS, rows),
        Table("paper-quality", "Values of track_quality", quality_columns, of_quality, (note,)),
    ]
    text = "Features that correlate share what they are worth, or one takes all of it."
    scatter = partial(correlation_figure, samples, schema, PAIRS, coefficients)
    quality = "The feature is far from zero for every track, and tells hardly more than that there is one."
    return Findings(
        tables,
        [
            Drawing("Momenta of the vertices", text, scatter, "vertices"),
            Drawing("What track_quality tells", quality, partial(quality_figure, shares), "quality"),
        ],
    )


def _qualities(samples: Samples, schema: Schema) -> dict[str, dict[int, float]]:
    """Share of the slots of each class with each value."""
    values = samples.inputs["tracks"][..., feature_index(schema, "tracks", "track_quality")].round().astype(int)
    shares = {}
    for index, name in enumerate(schema.classes):
        present, numbers = np.unique(values[samples.labels == index], return_counts=True)
        shares[name] = dict(zip(present.tolist(), (numbers / numbers.sum()).tolist(), strict=True))
    return shares
