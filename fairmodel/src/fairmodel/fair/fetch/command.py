"""The `fair fetch` command: the stand-alone module with this package's errors and progress."""

import os
import re
import sys
from pathlib import Path

from ...errors import UserError
from ...progress import progress
from .fetch_model import Archive, FetchError, fetch

__all__ = ["fetch_archive"]


def fetch_archive(
    *,
    identifier: str,
    to: str | None,
    lock: str | None,
    cache: str | None,
    resolver: str,
    base_url: str,
    no_run: bool,
) -> None:
    """Fetch, check, and print citation and licence. Raises UserError."""
    token = os.environ.get("ZENODO_TOKEN", "") if base_url else ""
    folder = to or Path("fetched") / re.sub(r"[^\w.-]+", "-", identifier).strip("-.")
    try:
        with progress(None, total=0, title="fetch", unit="B") as bar:
            model = fetch(
                identifier,
                folder,
                archive=Archive(resolver, base_url, token),
                cache=cache,
                lock=lock,
                say=bar.write,
                advance=bar.update,
            )
        if not no_run:
            sys.stdout.write(f"Sample: agrees with what was recorded, largest difference {model.check():.1g}\n")
    except FetchError as error:
        raise UserError(str(error)) from error
    citation, licence = model.manifest.get("citation"), model.manifest.get("license")
    sys.stdout.write(f"Files: {model.folder}\nCite: {citation or 'not said'}\nLicence: {licence or 'none given'}\n")
