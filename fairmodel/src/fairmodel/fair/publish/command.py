"""The `fair publish` and `fair stamp` commands."""

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import UserError
from ...files import read_json, write_text
from ...interface import Run
from ...metadata.source import SOURCE, Metadata, read_metadata, stamped
from ...paths import Paths
from .records import SANDBOX, VARIABLE, ZENODO, Records, connect

if TYPE_CHECKING:
    from .deposit import State

__all__ = ["publish", "stamp"]

BADGE = re.compile(r"(<!-- doi:start -->).*?(<!-- doi:end -->)", flags=re.DOTALL)


def publish(
    run: Run, *, stage: str, target: str, repository: str, new_version: bool, sandbox: bool, base_url: str
) -> None:
    """Make the archive and bring it to the target, as far as `stage`: "dry-run", "draft" or "publish".

    Raises UserError.
    """
    from .archive import build_archive

    base = _base(sandbox, base_url)
    folder = _folder(run.paths, base)

    def build(doi: str, date: str) -> Path:
        return build_archive(run, folder / "archive", doi=doi, date=date)

    metadata = read_metadata(run.paths.root)
    identity = metadata.identity
    if stage == "dry-run":
        _show(build(identity.doi, identity.date_released), metadata, run.paths.profile)
    elif target == "hf":
        from .huggingface import HUB, Hub
        from .huggingface import VARIABLE as HUB_VARIABLE

        base = HUB if base_url == ZENODO else base_url
        hub = Hub(repository, _token(HUB_VARIABLE, base), base)
        summary = f"{identity.title}, version {identity.version}"
        changed = hub.push(build(identity.doi, identity.date_released), summary, public=stage == "publish")
        sys.stdout.write(f"{base}/{hub.repository}: {', '.join(changed) or 'nothing to change'}\n")
    else:
        from .deposit import Deposit

        records = connect(base, _token(VARIABLE, base))
        previous = _previous(records, metadata, insist=new_version)
        deposit = Deposit(records, metadata, run.paths.profile, folder / "state.json", build, previous)
        _tell(deposit.run(publish=stage == "publish"), base)


def stamp(run: Run, *, sandbox: bool, base_url: str) -> None:
    """Write the DOI of the draft or record into fair.toml, what is generated from it, and the badge in README.md."""
    from ..metadata import write

    paths = run.paths
    path = _folder(paths, _base(sandbox, base_url)) / "state.json"
    state = read_json(path) if path.exists() else {}
    if not state.get("doi"):
        message = f"{path} tells of no DOI; run `fair publish` first"
        raise UserError(message)
    values = {"doi": state["doi"], "concept-doi": state["concept_doi"], "date-released": state["date"]}
    source = paths.root / SOURCE
    text = source.read_text(encoding="utf-8")
    write_text(source, stamped(text, {key: value for key, value in values.items() if value}))
    doi, readme = state["doi"], paths.root / "README.md"
    badge = f"[![DOI {doi}](https://zenodo.org/badge/DOI/{doi}.svg)](https://doi.org/{doi})"
    if readme.exists():
        old = readme.read_text(encoding="utf-8")
        if (new := BADGE.sub(rf"\1{badge}\2", old)) != old:
            write_text(readme, new)
    sys.stdout.write(f"{doi} stands in {', '.join([SOURCE, *write(paths.root)])} and the badge\n")


def _base(sandbox: bool, base_url: str) -> str:
    return (SANDBOX if sandbox else base_url).rstrip("/")


def _folder(paths: Paths, base: str) -> Path:
    """Where the archive for a server is made, and what is known of its publication."""
    return paths.build / "publish" / urlsplit(base).netloc.replace(":", "-")


def _token(variable: str, base: str) -> str:
    token = os.environ.get(variable, "").strip()
    if not token:
        message = f"no token: make one at {base} and put it into the environment variable {variable}, nowhere else"
        raise UserError(message)
    return token


def _previous(records: Records, metadata: Metadata, *, insist: bool) -> str:
    """The record of the version before, if the DOI in fair.toml is one of this server; otherwise ""."""
    doi = metadata.identity.doi
    found = re.search(r"[/.]([\w-]+)$", doi)
    record = records.published(found[1]) if found else None
    if record and record.get("pids", {}).get("doi", {}).get("identifier") == doi:
        return str(record["id"])
    if insist:
        message = f"{SOURCE}: identity.doi = {doi!r} is no record of {records.server.base_url} to make a version of"
        raise UserError(message)
    return ""


def _show(folder: Path, metadata: Metadata, profile: str) -> None:
    from .records import record_content, record_key

    identity = metadata.identity
    key = record_key(metadata, profile)
    content = record_content(metadata, key=key, publisher="Zenodo", date=identity.date_released)
    sizes = "\n".join(f"{path.stat().st_size:>12}  {path.name}" for path in sorted(folder.iterdir()))
    sys.stdout.write(
        f"{folder}\n{sizes}\n{json.dumps(content['metadata'], indent=2, ensure_ascii=False)}\nnothing was sent\n"
    )


def _tell(state: "State", base: str) -> None:
    if state.published:
        sys.stdout.write(f"Published: https://doi.org/{state.doi}, {base}/records/{state.record}\n")
    else:
        text = "look at it, then run the same command with --publish"
        sys.stdout.write(f"Draft: {base}/uploads/{state.record}, DOI {state.doi} reserved; {text}\n")
