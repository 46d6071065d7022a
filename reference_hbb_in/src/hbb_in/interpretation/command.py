"""`explain-paper`: what the paper shows of the network, as tables and figures with the published numbers beside."""

import sys
import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from fairmodel.config import RunConfig
from fairmodel.errors import UserError
from fairmodel.interpret.explain import context_of, explain, write_findings
from fairmodel.interpret.parts import Context, Findings
from fairmodel.interpret.section import findings_as_html
from fairmodel.progress import progress

from fairmodel import Run

from ..reproduction.networks import smaller_networks
from .correlations import correlated_features
from .masking import masked_features, masked_together, masked_tracks
from .relevance import relevance_beside

__all__ = ["explain_paper", "render"]

NEEDED = ("masking", "thresholds", "ranks", "activity", "relevance")
ITEMS: Mapping[str, tuple[str, Callable[[Context], Findings]]] = {
    "paper-features": ("Single features masked, beside the published study", masked_features),
    "paper-thresholds": ("Features masked together, beside the published study", masked_together),
    "paper-tracks": ("Tracks taken away, beside the published study", masked_tracks),
    "paper-relevance": ("Relevance by the published recipe", relevance_beside),
    "paper-correlations": ("Features that mislead", correlated_features),
    "paper-networks": ("Smaller networks, and which of their nodes are active", smaller_networks),
}


def explain_paper(run: Run) -> None:
    """Make the parts of `explain` that are needed, then every item; those of networks need `make ablations` first."""
    explain(run, NEEDED)
    context = context_of(run)
    missing = []
    for name in progress(ITEMS, total=len(ITEMS), title="explain-paper", unit="items"):
        title, find = ITEMS[name]
        started = time.perf_counter()
        try:
            found = find(context)
        except UserError as error:
            missing.append(f"{name} is left out: {error}")
            continue
        write_findings(context, name, title, found, started, command="explain-paper")
    sys.stdout.write("\n".join([*missing, f"{run.paths.interpretation}/paper-*.json, .md, .png and .pdf"]) + "\n")


def render(config: RunConfig, reports: Path) -> str:
    """The items that are there, for the report."""
    files = {title: reports / "interpretation" / f"{name}.json" for name, (title, _) in ITEMS.items()}
    found = {title: path for title, path in files.items() if path.exists()}
    if not found:
        return f"<p>Not made yet: <code>make explain-paper PROFILE={escape(config.profile)}</code> does.</p>"
    return "".join(f"<h3>{escape(title)}</h3>{findings_as_html(path)}" for title, path in found.items())
