"""What a check is, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ...errors import UserError

if TYPE_CHECKING:
    from .subject import Subject

__all__ = ["CheckResult", "Evidence", "FairCheck", "NotApplicableError", "Status", "bad", "evaluate", "good"]


class Status(StrEnum):
    """The outcome of a check."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Evidence:
    """What was seen, and where: a file with a pointer into it, or a request with its answer."""

    where: str
    found: str
    good: bool


def good(where: str, found: str) -> Evidence:
    """Evidence for the principle."""
    return Evidence(where, found, good=True)


def bad(where: str, found: str) -> Evidence:
    """Evidence against it."""
    return Evidence(where, found, good=False)


class NotApplicableError(Exception):
    """Why a check has nothing to look at."""


@dataclass(frozen=True)
class FairCheck:
    """A check of one principle; the docstring of `run` says what it looks at, `remedy` what to do where it fails.

    `online` checks need the network. `metadata` checks look at metadata alone, so that they must have the same result
    when the model itself is gone.
    """

    identifier: str
    title: str
    run: "Callable[[Subject], Iterator[Evidence]]"
    remedy: str
    online: bool = False
    metadata: bool = False

    @property
    def principle(self) -> str:
        """The principle that it belongs to, such as F1 or A1.1."""
        return self.identifier.rpartition(".")[0]

    @property
    def text(self) -> str:
        """What it looks at, in a sentence or two."""
        return " ".join((self.run.__doc__ or "").split())


@dataclass(frozen=True)
class CheckResult:
    """The outcome of a check with its evidence."""

    check: FairCheck
    status: Status
    evidence: tuple[Evidence, ...]


def evaluate(check: FairCheck, subject: "Subject") -> CheckResult:
    """Run a check. A file that is missing or damaged is evidence against the principle, not an error."""
    if check.online and subject.online is None:
        return CheckResult(check, Status.NOT_APPLICABLE, (good("network", "needs the network: run with --online"),))
    try:
        evidence = tuple(check.run(subject))
    except NotApplicableError as reason:
        return CheckResult(check, Status.NOT_APPLICABLE, (good("-", str(reason)),))
    except UserError as error:
        evidence = (bad("-", str(error).replace(f"{subject.paths.root}/", "")),)
    status = Status.PASS if evidence and all(item.good for item in evidence) else Status.FAIL
    return CheckResult(check, status, evidence)
