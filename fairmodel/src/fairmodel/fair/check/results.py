"""The results of a check as JSON, Markdown, JSON-LD and a badge."""

from collections.abc import Sequence
from html import escape
from typing import Any

from .principles import PRINCIPLES
from .registry import CheckResult, Status
from .subject import Subject

__all__ = ["as_badge", "as_ftr", "as_json", "as_markdown", "counts"]

MOST_EVIDENCE = 3  # pieces shown in a table
FTR = {
    "dcterms": "http://purl.org/dc/terms/",
    "ftr": "https://w3id.org/ftr#",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def counts(results: Sequence[CheckResult]) -> dict[str, int]:
    """Number of results by status."""
    return {status.value: sum(result.status is status for result in results) for status in Status}


def as_json(results: Sequence[CheckResult], subject: Subject, moment: str) -> dict[str, Any]:
    """All results, principle by principle."""
    identity = subject.metadata.identity
    return {
        "schema": 1,
        "title": identity.title,
        "version": identity.version,
        "doi": identity.doi,
        "profile": subject.paths.profile,
        "online": subject.online is not None,
        "finished": moment,
        "counts": counts(results),
        "principles": [
            {"principle": name, "text": text, "status": _of_principle(own), "checks": [_check(item) for item in own]}
            for name, text in PRINCIPLES.items()
            for own in [[result for result in results if result.check.principle == name]]
        ],
    }


def _check(result: CheckResult) -> dict[str, Any]:
    check = result.check
    return {
        "check": check.identifier,
        "title": check.title,
        "text": check.text,
        "status": result.status.value,
        "evidence": [{"where": item.where, "found": item.found, "good": item.good} for item in result.evidence],
        "remedy": check.remedy if result.status is Status.FAIL else "",
    }


def _of_principle(results: Sequence[CheckResult]) -> str:
    """A principle fails with any of its checks; it does not apply if none does."""
    found = {result.status for result in results}
    order = (Status.FAIL, Status.PASS, Status.NOT_APPLICABLE)
    return next((status.value for status in order if status in found), Status.NOT_APPLICABLE.value)


def as_markdown(content: dict[str, Any]) -> str:
    """The table of all checks, and the remedies of those that failed."""
    number = content["counts"]
    lines = [
        f"# FAIR: {_cell(content['title'])}, profile {content['profile']}",
        "",
        f"{number['pass']} checks pass, {number['fail']} fail, {number['not applicable']} do not apply"
        f" ({'online' if content['online'] else 'offline'}, {content['finished']}).",
        "",
        "| Principle | Check | Result | Evidence |",
        "| --- | --- | --- | --- |",
    ]
    for principle in content["principles"]:
        for check in principle["checks"]:
            cells = (principle["principle"], check["title"], check["status"], _evidence(check))
            lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    failed = [check for principle in content["principles"] for check in principle["checks"] if check["remedy"]]
    remedies = [f"- {check['check']}, {_cell(check['title'])}: {check['remedy']}" for check in failed]
    return "\n".join([*lines, *(["", "## What to do", "", *remedies] if remedies else [])]) + "\n"


def _evidence(check: dict[str, Any]) -> str:
    """The evidence that decided, the first pieces of it."""
    wanted = [item for item in check["evidence"] if item["good"] is (check["status"] != "fail")]
    shown = [f"{item['where']}: {item['found']}" for item in wanted[:MOST_EVIDENCE]]
    rest = len(wanted) - len(shown)
    return "; ".join(shown) + (f"; {rest} more" if rest else "")


def _cell(text: str) -> str:
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|")


def as_ftr(content: dict[str, Any]) -> dict[str, Any]:
    """A test-result set in the FAIR test-result vocabulary (https://w3id.org/ftr)."""
    target = f"https://doi.org/{content['doi']}" if content["doi"] else "#model"
    when = {"@type": "xsd:dateTime", "@value": content["finished"]}
    checks = [check for principle in content["principles"] for check in principle["checks"]]
    tests = [_ftr_test(check) for check in checks]
    return {
        "@context": FTR,
        "@graph": [
            {
                "@id": "#results",
                "@type": "ftr:TestResultSet",
                "dcterms:title": f"FAIR checks of {content['title']}",
                "ftr:assessmentTarget": {"@id": target},
                "prov:generatedAtTime": when,
                "prov:hadMember": [{"@id": f"#result-{check['check']}"} for check in checks],
            },
            *tests,
            *(_ftr_result(check, target, when) for check in checks),
        ],
    }


def _ftr_test(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"#test-{check['check']}",
        "@type": "ftr:Test",
        "dcterms:identifier": check["check"],
        "dcterms:title": check["title"],
        "dcterms:description": check["text"],
    }


def _ftr_result(check: dict[str, Any], target: str, when: dict[str, str]) -> dict[str, Any]:
    log = [f"{'ok' if item['good'] else 'problem'}: {item['where']}: {item['found']}" for item in check["evidence"]]
    applies = check["status"] != Status.NOT_APPLICABLE.value
    return {
        "@id": f"#result-{check['check']}",
        "@type": "ftr:TestResult",
        "dcterms:identifier": check["check"],
        "dcterms:title": check["title"],
        "dcterms:description": check["remedy"] or check["text"],
        "prov:value": check["status"] if applies else "indeterminate",
        "prov:generatedAtTime": when,
        "ftr:completion": {"@type": "xsd:int", "@value": 100 if applies else 0},
        "ftr:log": "\n".join(log),
        "ftr:outputFromTest": {"@id": f"#test-{check['check']}"},
        "ftr:assessmentTarget": {"@id": target},
    }


def as_badge(content: dict[str, Any]) -> str:
    """A badge: how many of the principles hold, of those that apply."""
    states = [principle["status"] for principle in content["principles"]]
    applied = [state for state in states if state != "not applicable"]
    text = f"{applied.count('pass')} of {len(applied)}"
    colour = "#2e7d32" if "fail" not in applied else "#b26a00"
    left, right = 42, 14 + 7 * len(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="FAIR: {text}">'
        f"<title>FAIR: {text}</title>"
        f'<rect width="{left}" height="20" fill="#444"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2}" y="14">FAIR</text><text x="{left + right / 2}" y="14">{text}</text></g></svg>\n'
    )
