"""Masking beside the published numbers: single features, features below thresholds, and tracks by their order."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from fairmodel.interpret.masking.studies import ALL
from fairmodel.interpret.parts import Context, Drawing, Findings
from fairmodel.present.tables import Cell, Column, Measured, Table

from ..reproduction.published import notes, published
from .figures import Panel, beside_figure, lines_figure

__all__ = ["masked_features", "masked_together", "masked_tracks"]

AUC = Column("auc", "AUC")
AUC_PUBLISHED = Column("published_auc", "AUC, published")
FIDELITY = Column("fidelity", "Fidelity", digits=2, percent=True)
FIDELITY_PUBLISHED = Column("published_fidelity", "Fidelity, published", digits=2, percent=True)
LOST = Column("relative", "AUC lost", digits=3, percent=True)
LOST_PUBLISHED = Column("published_relative", "AUC lost, published", digits=2, percent=True)
KINDS = {"first": "without the first n tracks", "rest": "with the first n tracks only"}


def masked_features(context: Context) -> Findings:
    """Set each feature to zero, as published, and compare with its loss by permutation, which is more reliable."""
    content = context.findings("masking")
    masked = {(row["input"], row["feature"]): row for row in content["features"]}
    whole, rows, drawings = published()["auc"], {}, []
    for name, features in published()["features"].items():
        for feature, numbers in features.items():
            row = masked[name, feature]
            rows[f"{name}.{feature}"] = {
                "feature": feature,
                "relative": Measured(**row["zero"]["relative"]),
                "published_relative": (whole - numbers["auc"]) / whole,
                "fidelity": row["zero"]["fidelity"]["value"],
                "published_fidelity": 1 - numbers["infidelity"],
                "permutation": Measured(**row["permutation"]["relative"]),
            }
        chosen = [masked[name, feature] for feature in features]
        draw = partial(beside_figure, list(features), _feature_panels(chosen, list(features.values())))
        text = "Each feature is set to zero by itself, as the study did; small losses are drawn on a linear scale."
        drawings.append(Drawing(f"Masked by zero: features of {name}", text, draw, name))
    columns = (
        Column("feature", "Feature"),
        LOST,
        LOST_PUBLISHED,
        FIDELITY,
        FIDELITY_PUBLISHED,
        Column("permutation", "AUC lost by permutation", digits=3, percent=True),
    )
    own = content["auc"]
    caption = f"One feature set to zero; AUC {own['value']:.4f} ± {own['error']:.4f}, published {whole:.4f}"
    return Findings([Table("paper-features", caption, columns, rows, notes())], drawings)


def _feature_panels(rows: Sequence[Mapping[str, Any]], numbers: Sequence[Mapping[str, float]]) -> list[Panel]:
    whole = published()["auc"]
    lost = np.array([[row["zero"]["relative"][key] for row in rows] for key in ("value", "error")])
    fidelity = np.array([[row["zero"]["fidelity"][key] for row in rows] for key in ("value", "error")])
    return [
        Panel(
            "AUC lost, as a share",
            lost,
            np.array([(whole - number["auc"]) / whole for number in numbers]),
            logarithmic=True,
        ),
        Panel(
            "1 $-$ fidelity",
            np.array([1 - fidelity[0], fidelity[1]]),
            np.array([number["infidelity"] for number in numbers]),
            logarithmic=True,
        ),
    ]


def masked_together(context: Context) -> Findings:
    """Set all features to zero that alone lose less than a threshold."""
    masks = context.findings("thresholds")["masks"]
    by_threshold = {f"{row['threshold']:g}": row for row in masks if (row["mode"], row["of"]) == ("zero", ALL)}
    rows: dict[str, dict[str, Cell]] = {}
    for threshold, row in by_threshold.items():
        numbers = published()["thresholds"].get(threshold, {})
        rows[threshold] = {
            "threshold": threshold,
            **{name: len(features) for name, features in row["features"].items()},
            **{f"published_{name}": numbers.get(name) for name in row["features"]},
            "auc": Measured(**row["auc"]),
            "published_auc": numbers.get("auc"),
            "fidelity": Measured(**row["fidelity"]),
            "published_fidelity": numbers.get("fidelity"),
        }
    columns = (
        Column("threshold", "Threshold [%]"),
        Column("tracks", "Track features"),
        Column("published_tracks", "Published"),
        Column("vertices", "Vertex features"),
        Column("published_vertices", "Published"),
        AUC,
        AUC_PUBLISHED,
        FIDELITY,
        FIDELITY_PUBLISHED,
    )
    note = "A feature is set to zero where that alone loses no more of the AUC than the threshold."
    table = Table("paper-thresholds", "Features set to zero together", columns, rows, (note, *notes()))
    draw = partial(beside_figure, [f"{name} %" for name in rows], _threshold_panels(list(rows.values())))
    return Findings([table], [Drawing("How many features can be set to zero", note, draw)])


def _threshold_panels(rows: Sequence[Mapping[str, Any]]) -> list[Panel]:
    def column(key: str) -> np.ndarray:
        return np.array([np.nan if row[key] is None else row[key] for row in rows], dtype=float)

    masked = sum(column(key) for key in ("tracks", "vertices"))
    masked_published = sum(column(f"published_{key}") for key in ("tracks", "vertices"))
    panels = [Panel("Masked features", np.array([masked, np.zeros(len(rows))]), np.asarray(masked_published))]
    for key, label in (("auc", "1 $-$ AUC"), ("fidelity", "1 $-$ fidelity")):
        values, errors = (np.array([getattr(row[key], part) for row in rows]) for part in ("value", "error"))
        panels.append(Panel(label, np.array([1 - values, errors]), 1 - column(f"published_{key}")))
    return panels


def masked_tracks(context: Context) -> Findings:
    """Take tracks away from the beginning or from the end of their order."""
    content = context.findings("ranks")
    masked = {(row["kind"], row["n"]): row for row in content["masks"] if row["input"] == "tracks"}
    rows: dict[str, dict[str, Cell]] = {}
    lines = []
    for kind, label in KINDS.items():
        numbers = {int(n): number for n, number in published()["objects"][kind].items()}
        numbers_of_tracks = [n for (kind_of_mask, n) in masked if kind_of_mask == kind]
        for n in numbers_of_tracks:
            row, number = masked[kind, n], numbers.get(n, {})
            rows[f"{kind} {n}"] = {
                "kind": label,
                "n": n,
                "auc": Measured(**row["auc"]),
                "published_auc": number.get("auc"),
                "fidelity": Measured(**row["fidelity"]),
                "published_fidelity": number.get("fidelity"),
            }
        for key, axis in (("auc", "AUC"), ("fidelity", "Fidelity")):
            own = np.array([[masked[kind, n][key][part] for n in numbers_of_tracks] for part in ("value", "error")])
            other = np.array([numbers.get(n, {}).get(key, np.nan) for n in numbers_of_tracks])
            lines.append((f"{axis} {label}", numbers_of_tracks, Panel(axis, own, other)))
    columns = (Column("kind", "Jets"), Column("n", "n"), AUC, AUC_PUBLISHED, FIDELITY, FIDELITY_PUBLISHED)
    order = content["order"]["tracks"]
    note = f"Tracks are in the order of {f'falling {order}' if order else 'their slots'}; in the study, of the file."
    table = Table("paper-tracks", "Tracks taken away", columns, rows, (note, *notes()))
    return Findings([table], [Drawing("Value of the first tracks", note, partial(lines_figure, "n", lines))])
