"""The options of the check."""

import argparse
from pathlib import Path

__all__ = ["DATACITE", "RESOLVER", "add_arguments"]

RESOLVER = "https://doi.org"
DATACITE = "https://api.datacite.org"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--online", action="store_true", help="also ask DOI resolver, DataCite and the record's server")
    parser.add_argument("--rerun", action="store_true", help="also train once more as recorded, and compare")
    parser.add_argument("--resolver", default=RESOLVER, metavar="URL", help="resolver of DOIs (default: %(default)s)")
    parser.add_argument("--datacite", default=DATACITE, metavar="URL", help="index of DOIs (default: %(default)s)")
    for name, text in (
        ("json", "everything, as JSON"),
        ("markdown", "the table, as Markdown"),
        ("ftr", "the FAIR test-result vocabulary, as JSON-LD"),
        ("badge", "a badge, as SVG"),
    ):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"also write there: {text}")
    text = "write the results, and succeed whatever they are (for `make all`)"
    parser.add_argument("--no-fail", action="store_true", help=text)
