"""`python -m <package>`: the command line of the engine, for this project."""

import sys

from fairmodel import main


def run() -> int:
    """Run the command that the command line names; returns the exit code."""
    return main(f"{__package__}.project:PROJECT")


if __name__ == "__main__":
    sys.exit(run())
