"""`python -m <package>`: the command line of the engine, for this project."""

import sys

from fairmodel import main

from .project import PROJECT

if __name__ == "__main__":
    sys.exit(main(PROJECT))
