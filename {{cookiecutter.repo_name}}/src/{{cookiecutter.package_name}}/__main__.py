"""`python -m <package>`: the command line."""

import sys

from fairmodel.cli import main

if __name__ == "__main__":
    sys.exit(main())
