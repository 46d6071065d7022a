"""The study's section of the report."""

from fairmodel import ReportSection

__all__ = ["REPORT"]

REPORT = (ReportSection("Beside the published study", "make explain-paper", ".interpretation.command:render"),)
