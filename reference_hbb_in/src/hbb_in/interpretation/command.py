"""`explain-paper` makes tables and figures of the paper, `notebook-sample` the network of the notebook on one jet."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from fairmodel import Run, RunConfig, UserError
from fairmodel.files import atomic_path, read_json, sha256, write_json
from fairmodel.interpret.explain import context_of, explain, write_findings
from fairmodel.interpret.parts import Context, Findings
from fairmodel.interpret.section import findings_as_html
from fairmodel.progress import progress
from fairmodel.reproduce.trials import write_subset

from ..reproduction.networks import smaller_networks
from .correlations import correlated_features
from .masking import masked_features, masked_together, masked_tracks
from .relevance import relevance_beside

__all__ = ["FOLDER", "explain_paper", "notebook_sample", "render"]

NEEDED = ("masking", "thresholds", "ranks", "activity", "relevance")
ITEMS: Mapping[str, tuple[str, Callable[[Context], Findings]]] = {
    "paper-features": ("Single features masked, beside the published study", masked_features),
    "paper-thresholds": ("Features masked together, beside the published study", masked_together),
    "paper-tracks": ("Tracks taken away, beside the published study", masked_tracks),
    "paper-relevance": ("Relevance by the published recipe", relevance_beside),
    "paper-correlations": ("Features that mislead", correlated_features),
    "paper-networks": ("Smaller networks, and which of their nodes are active", smaller_networks),
}
FOLDER = "docs/one-jet"
JETS = 80


def explain_paper(run: Run) -> None:
    """Make the parts of `explain` that are needed, then every item; smaller networks need `make ablations` first."""
    explain(run, NEEDED)
    context = context_of(run)
    missing = []
    for name in progress(ITEMS, total=len(ITEMS), title="explain-paper", unit="items"):
        title, find = ITEMS[name]
        started = time.perf_counter()
        try:
            findings = find(context)
        except UserError as error:
            missing.append(f"{name} is left out: {error}")
            continue
        write_findings(context, name, title, findings, started, command="explain-paper")
    sys.stdout.write("\n".join([*missing, f"{run.paths.interpretation}/paper-*.json, .md, .png and .pdf"]) + "\n")


def render(config: RunConfig, reports: Path) -> str:
    """Render the items that exist, for the report."""
    files = {title: reports / "interpretation" / f"{name}.json" for name, (title, _) in ITEMS.items()}
    existing = {title: path for title, path in files.items() if path.exists()}
    if not existing:
        return f"<p>Not made yet: <code>make explain-paper PROFILE={escape(config.profile)}</code> does.</p>"
    return "".join(f"<h3>{escape(title)}</h3>{findings_as_html(path)}" for title, path in existing.items())


def notebook_sample(run: Run) -> None:
    """Write `jets.h5`, `weights.safetensors` and `model.json`, which describes them, into `FOLDER`."""
    if not run.paths.weights.exists():
        message = f"{run.paths.weights} does not exist; train the network with `make train PROFILE={run.paths.profile}`"
        raise UserError(message)
    folder = run.paths.root / FOLDER
    write_subset(run.paths.split("test"), folder / "jets.h5", run.project.schema, JETS, run.config.interpretation.seed)
    with atomic_path(folder / "weights.safetensors") as temporary:
        shutil.copyfile(run.paths.weights, temporary)
    metrics = read_json(run.paths.metrics)
    about = {
        "profile": run.paths.profile,
        "model": run.config.model.model_dump(mode="json"),
        "weights": sha256(run.paths.weights),
        "auc": metrics["auc"],
    }
    write_json(folder / "model.json", {"schema": 1} | about)
    sys.stdout.write(f"{JETS} jets and the network of {run.paths.profile}, in {folder}\n")
