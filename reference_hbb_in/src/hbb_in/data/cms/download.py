"""The files of the CMS open data, fetched by the DOI of their record."""

from pathlib import Path

from fairmodel.download.cern import fetch
from fairmodel.download.manifest import Manifest
from fairmodel.paths import Paths

from ..options import DataOptions
from .convert import DOI

__all__ = ["download_ntuples"]


def download_ntuples(options: DataOptions, raw: Path) -> list[Path]:
    """Bring the files that the options choose to `raw/train` and `raw/test`; returns their paths.

    Files that are there and verified need no network. If the options choose none, whatever lies there is used as it is.
    """
    if not options.files:
        return []
    manifest = Manifest.load(Paths.of_raw(raw).manifest)
    return fetch(manifest, DOI, options.files, raw, server=options.server, protocol=options.protocol)
