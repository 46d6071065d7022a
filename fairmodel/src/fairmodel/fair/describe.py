"""The `fair describe` step: the model card, and every other description of a trained model."""

import re
import sys
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..evaluation.rows import metric_rows
from ..files import write_text
from ..interface import Run
from ..metadata.identifiers import doi_url, orcid_url
from ..metadata.source import Person, Reference, read_metadata
from .croissant import croissant
from .facts import Facts, gather, run_hardware
from .fair4ml import fair4ml
from .generated import to_yaml
from .sbom import sbom

__all__ = ["DESCRIPTIONS", "describe", "model_card"]

# the hub's own names of licences, where they differ from lower-case SPDX identifiers
HUB_LICENSES = {"GPL-3.0-or-later": "gpl-3.0", "GPL-3.0-only": "gpl-3.0"}
SPECIAL = re.compile(r"([\\`*_\[\]|#$])")


def describe(run: Run) -> None:
    """Write every description of a profile's model into its folder. Raises UserError for what is missing."""
    facts = gather(run.project, run.paths, read_metadata(run.paths.root))
    for name, generate in DESCRIPTIONS.items():
        write_text(run.paths.model / name, generate(facts))
    sys.stdout.write(f"{run.paths.model}: {', '.join(DESCRIPTIONS)}\n")


def model_card(facts: Facts) -> str:
    """The text of model-card.md: front matter, then what a reader has to know before using the model."""
    environment = Environment(
        loader=PackageLoader(__package__ or "", "."), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # the text is no HTML: the filter `plain` does what Markdown needs
    environment.filters |= {"plain": plain, "person": _name, "work": _work}
    return environment.get_template("model_card.md.j2").render(
        front_matter=to_yaml(front_matter(facts)),
        facts=facts,
        rows=metric_rows(dict(facts.metrics)),
        hardware=run_hardware(facts.run),
    )


DESCRIPTIONS: Mapping[str, Callable[[Facts], str]] = {
    "model-card.md": model_card,
    "fair4ml.jsonld": fair4ml,
    "croissant.jsonld": croissant,
    "sbom.cdx.json": sbom,
}


def front_matter(facts: Facts) -> dict[str, Any]:
    """The head of the card as the hub defines it, with the results as a `model-index`."""
    metadata = facts.metadata
    known = metadata.identity.license
    content = {
        "license": HUB_LICENSES.get(known, known.lower()) or "other",
        "license_name": "" if known else "all-rights-reserved",
        "library_name": "onnx",
        "pipeline_tag": "tabular-classification",
        "tags": list(dict.fromkeys(metadata.identity.keywords)),
        "metrics": ["roc_auc", "accuracy"],
        "model-index": [{"name": metadata.identity.title, "results": [_result(facts)]}],
    }
    return {key: value for key, value in content.items() if value}


def _result(facts: Facts) -> dict[str, Any]:
    data, metrics = facts.metadata.training_data, facts.metrics
    named = {"auc": ("roc_auc", "AUC"), "accuracy": ("accuracy", "Accuracy")}
    return {
        "task": {"type": "tabular-classification", "name": facts.metadata.model.task or "classification"},
        "dataset": {
            "type": data.doi or "own",
            "name": data.title or "data of this project",
            "split": str(metrics["split"]),
        },
        "metrics": [
            {
                "type": kind,
                "name": f"{name} (standard deviation {metrics[key]['error']:.2g})",
                "value": metrics[key]["value"],
            }
            for key, (kind, name) in named.items()
        ],
    }


def plain(text: object) -> str:
    """A text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", escape(" ".join(str(text).split()), quote=False))


def _name(person: Person) -> str:
    known = f" ([ORCID]({orcid_url(person.orcid)}))" if person.orcid else ""
    return plain(person.full_name) + known + (f", {plain(person.affiliation)}" if person.affiliation else "")


def _work(item: Reference) -> str:
    address = doi_url(item.doi) or item.url
    title = f"[{plain(item.title)}]({address})" if address else plain(item.title)
    return f"{title}{f' ({item.year})' if item.year else ''}"
