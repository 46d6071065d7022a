"""The publications: their numbers, for the tables of this project, and their smaller networks."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fairmodel import Ablation, Published

__all__ = ["ABLATIONS", "DROPPED", "PUBLISHED", "notes", "published"]

PAPER = "J. Duarte et al., FAIR AI models in high energy physics, arXiv:2212.05081"
ON_CMS_DATA = "on the CMS open data, not on the data of this profile"
# features that cost the trained baseline less than 0.01 % of the AUC when they are masked, and track_quality
DROPPED = {
    "dropped_track_features": (
        "track_phirel",
        "track_quality",
        "track_dptdpt",
        "track_detadeta",
        "track_dphidphi",
        "track_dxydxy",
        "track_dzdz",
        "track_dxydz",
        "track_dphidxy",
        "track_dlambdadz",
        "trackBTag_Sip2dVal",
        "trackBTag_Sip2dSig",
    ),
    "dropped_vertex_features": ("sv_ptrel", "sv_erel", "sv_phirel", "sv_etarel", "sv_normchi2"),
}


@cache
def published() -> dict[str, Any]:
    """Content of published.json: shares as fractions of one, thresholds in percent."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
    return content


def notes() -> tuple[str, ...]:
    """Notes below a table: the source of the published numbers, and why the project's differ."""
    content = published()
    return (
        f"Published: {content['source']}. {content['precision']}.",
        f"The data differ: published numbers are of the {content['data']}, the others of the test split of this "
        "profile, and the networks are different trainings. Sizes may be compared, digits not.",
    )


def _smaller(hidden: int, effect: int, output: int) -> Ablation:
    """A network with the sizes h, D_E and D_O and without the dropped features, of which 18 and 9 are left."""
    sizes = {"hidden": hidden, "effect": effect, "output": output}
    return Ablation(f"18 + 9 features, ({hidden}, {effect}, {output})", sizes | DROPPED)


ABLATIONS: Mapping[str, Ablation] = {
    "h32-e16-o16": _smaller(32, 16, 16),
    "h32-e8-o8": _smaller(32, 8, 8),
    "h16-e8-o8": _smaller(16, 8, 8),
}

PUBLISHED: Mapping[str, Published] = {
    "seeds": Published(
        f"{PAPER}, Table 4, ten trainings {ON_CMS_DATA}",
        {
            "validation_accuracy": {"mean": (0.9545, 0.0005), "reference": 0.9550, "p_value": 0.1269},
            "auc": {"mean": (0.9898, 0.0002), "reference": 0.9900, "p_value": 0.0927},
        },
    ),
    "ablations": Published(
        f"{PAPER}, Table 10, {ON_CMS_DATA}",
        {
            "baseline": {"auc": 0.9902, "fidelity": 1.0, "sparsity": 0.56},
            "h32-e16-o16": {"auc": 0.9887, "fidelity": 0.9693, "sparsity": 0.52},
            "h32-e8-o8": {"auc": 0.9884, "fidelity": 0.9679, "sparsity": 0.48},
            "h16-e8-o8": {"auc": 0.9862, "fidelity": 0.9612, "sparsity": 0.40},
        },
    ),
}
