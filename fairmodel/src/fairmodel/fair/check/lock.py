"""The versions in constraints.txt."""

from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

__all__ = ["locked", "same_release"]


def locked(root: Path) -> dict[str, str]:
    """Pinned versions by normalised name, those for this Python and system; none where there is no constraints.txt."""
    path = root / "constraints.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pins: dict[str, str] = {}
    for line in lines:
        try:
            requirement = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue  # a comment or an option of the installer
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            pins[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return pins


def same_release(first: str, second: str) -> bool:
    """Whether two versions are of the same release, builds such as +cpu left aside."""
    try:
        return Version(first).public == Version(second).public
    except InvalidVersion:
        return False
