"""The libraries whose versions decide what is simulated; PYTHIA and FastJet are GPL and stay an extra."""

from importlib.metadata import PackageNotFoundError, version

from fairmodel.errors import UserError

__all__ = ["LIBRARIES", "library_versions"]

LIBRARIES = ("pythia8mc", "fastjet", "awkward", "numpy")


def library_versions() -> dict[str, str]:
    """Installed version of each library; a missing one is a UserError that says how to get it."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError as error:
            message = (
                f"the simulation needs {name}, which is not installed; install the extra `simulation`: "
                "pip install -e '.[simulation]' (the list is in requirements/project-simulation.txt)"
            )
            raise UserError(message) from error
    return versions
