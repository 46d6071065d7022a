"""Source "zenodo", for every project: the three files of a published data set, by the DOI of its record.

zenodo_get turns the DOI into the addresses of the record's files. The files themselves come by `download`, which goes
on where a killed one stopped, as zenodo_get does not; they are verified against `data/files.toml`, whatever
the record says of them. Names from the record are only compared with those of the manifest.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

from ..dataset import Dataset
from ..errors import UserError
from ..files import atomic_path
from ..interface import Project
from ..paths import Paths
from ..splits import SPLITS
from .clients import run_client
from .http import read_http
from .manifest import Manifest, ManifestFile
from .transfer import announce, download

__all__ = ["fetch_record"]

SANDBOX = re.compile(r"10\.5072/zenodo\.(\d+)")  # not registered with doi.org
ADDRESS = re.compile(r"https://[^\s/]+/(?:api/)?records/\d+/files/([^\s?]+?)(?:/content)?(?:\?\S*)?")


def fetch_record(project: Project, paths: Paths) -> None:
    """Bring `train.h5`, `val.h5` and `test.h5` of the record in `data/files.toml` to `data/processed/<profile>`.

    What is there and verified is not fetched again. Downloads stay in `data/raw/<profile>`. Raises UserError for a
    manifest without these files, for one that cannot be had or is not the listed one, and for a foreign schema.
    """
    files = {path: file for path, file in _wanted(paths).items() if not file.there(path)}
    fetched = {path: paths.raw / file.name for path, file in files.items()}
    missing = {fetched[path]: file for path, file in files.items() if not file.there(fetched[path])}
    announce(missing, paths.raw)
    addresses = _addresses(list(missing.values()))
    for path, file in missing.items():
        download(file, addresses[file.name], path, read_http)
    for path in fetched.values():
        _check_schema(path, project)
    for target, path in fetched.items():
        _put(path, target)


def _wanted(paths: Paths) -> dict[Path, ManifestFile]:
    """The entry for each file of the data set, by where the file belongs."""
    manifest = Manifest.load(paths.manifest)
    listed = {file.name: file for file in manifest.files if file.doi or file.url}
    wanted = {paths.split(name): listed.get(paths.split(name).name) for name in SPLITS}
    if missing := [path.name for path, file in wanted.items() if file is None]:
        message = (
            f"{manifest.path} lists no {', '.join(missing)} with a doi or url, so there is no record to fetch; "
            "write it with `make data-manifest DOI=…`, or set another source in [data] of the profile"
        )
        raise UserError(message)
    return {path: file for path, file in wanted.items() if file}


def _addresses(files: list[ManifestFile]) -> dict[str, str]:
    """Where each file is: at the address of its entry, or else in the record of its DOI."""
    found = {file.name: file.url for file in files if file.url}
    for doi in {file.doi for file in files if file.doi and not file.url}:
        record = _record(doi)
        for name in (file.name for file in files if file.doi == doi and not file.url):
            if name not in record:
                known = ", ".join(map(repr, sorted(record)[:10])) or "none"
                message = f"the record {doi} has no file {name!r}, only {known}; correct the entry in data/files.toml"
                raise UserError(message)
            found[name] = record[name]
    return found


def _record(doi: str) -> dict[str, str]:
    """Name and address of each file of a record, as zenodo_get tells them."""
    sandbox = SANDBOX.fullmatch(doi)
    which = ["--sandbox", "--record", sandbox[1]] if sandbox else ["--doi", doi]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "addresses"
        run_client(
            "zenodo_get", [*which, "--wget", str(answer), "--output-dir", folder, "--verbosity", "1"], f"where {doi} is"
        )
        lines = answer.read_text(encoding="utf-8").splitlines() if answer.exists() else []
    return {unquote(found[1]): line for line in lines if (found := ADDRESS.fullmatch(line))}


def _check_schema(path: Path, project: Project) -> None:
    try:
        Dataset(path, project.schema).close()
    except UserError as error:
        message = f"{path} is the file of data/files.toml, but no data set of this project: {error}"
        raise UserError(message) from error


def _put(source: Path, target: Path) -> None:
    """Give a file its name in the data set, without a second copy where the file system can."""
    with atomic_path(target) as temporary:
        temporary.unlink(missing_ok=True)  # of a killed run, and perhaps the source itself under another name
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
    os.utime(target)  # for make, which would find it older than the configuration
