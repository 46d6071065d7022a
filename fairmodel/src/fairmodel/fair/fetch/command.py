"""The `fair fetch` command: the stand-alone module with this package's errors and progress."""

import argparse
import os
import re
import sys
from pathlib import Path

from ...errors import UserError
from ...progress import progress
from .fetch_model import RESOLVER, Archive, FetchError, fetch

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("identifier", help="DOI, address of a record or of a manifest.json, or a folder")
    parser.add_argument("--to", metavar="FOLDER", help="where the files go (default: fetched/<identifier>)")
    parser.add_argument(
        "--lock", metavar="FILE", help="the version that must be it (default: fair.lock.json in FOLDER)"
    )
    parser.add_argument("--cache", metavar="FOLDER", help="where files are kept (default: ~/.cache/fetch-model)")
    parser.add_argument("--resolver", default="", help=f"resolver of DOIs (default: {RESOLVER})")
    text = "server of records that are not public; it alone gets the token in ZENODO_TOKEN"
    parser.add_argument("--base-url", default="", metavar="URL", help=text)
    parser.add_argument("--no-run", action="store_true", help="do not run the sample")


def run(arguments: argparse.Namespace) -> None:
    """Fetch, check, and print citation and licence. Raises UserError."""
    token = os.environ.get("ZENODO_TOKEN", "") if arguments.base_url else ""
    to = arguments.to or Path("fetched") / re.sub(r"[^\w.-]+", "-", arguments.identifier).strip("-.")
    try:
        with progress(None, total=0, title="fetch", unit="B") as bar:
            model = fetch(
                arguments.identifier,
                to,
                archive=Archive(arguments.resolver, arguments.base_url, token),
                cache=arguments.cache,
                lock=arguments.lock,
                say=bar.write,
                advance=bar.update,
            )
        if not arguments.no_run:
            sys.stdout.write(f"Sample: agrees with what was recorded, largest difference {model.check():.1g}\n")
    except FetchError as error:
        raise UserError(str(error)) from error
    citation, licence = model.manifest.get("citation"), model.manifest.get("license")
    sys.stdout.write(f"Files: {model.folder}\nCite: {citation or 'not said'}\nLicence: {licence or 'none given'}\n")
