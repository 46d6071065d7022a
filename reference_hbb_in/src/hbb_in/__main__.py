"""`python -m <package>`: the command line of the engine, for this project."""

import sys

from fairmodel import main

from .project import PROJECT


def run() -> int:
    """Run the command that the command line names; returns the exit code."""
    return main(PROJECT)


if __name__ == "__main__":
    sys.exit(run())
