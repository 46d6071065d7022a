"""The study's section of the report."""

from pathlib import Path

from fairmodel.config import RunConfig
from fairmodel.interface import ReportSection

__all__ = ["REPORT"]


def _render(config: RunConfig, reports: Path) -> str:
    from .command import render

    return render(config, reports)


REPORT = (ReportSection("Beside the published study", "make explain-paper", _render),)
