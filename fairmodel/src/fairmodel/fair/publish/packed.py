"""What is published in one file beside the model, for people to unpack: source code and documentation."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

from ...errors import UserError
from ...metadata.provenance import commit_of

__all__ = ["DOCUMENTATION", "SOURCE_CODE", "pack_documentation", "pack_source_code"]

SOURCE_CODE = "source.tar.gz"
DOCUMENTATION = "documentation.tar.gz"


def pack_source_code(root: Path, folder: Path, name: str) -> None:
    """Write the project as it is in the checked-out commit, below a folder of this name; the same bytes each time.

    Changes that are not committed are not in it. Outside of a repository there is no file. Raises UserError for a
    repository that cannot be read.
    """
    if commit_of(root)["id"] is None:
        return
    # in a part of a repository git packs that part alone
    command = ["git", "-C", str(root), "archive", "--format=tar", f"--prefix={name}/", "HEAD"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode:
        message = f"git cannot pack the source code of {root}: {result.stderr.decode(errors='replace').strip()}"
        raise UserError(message)
    (folder / SOURCE_CODE).write_bytes(gzip.compress(result.stdout, mtime=0))


def pack_documentation(built: Path, folder: Path, name: str) -> None:
    """Write the pages that `make docs` left in `built`, if it did; the same pages make the same bytes."""
    if not (built / "index.html").is_file():
        return
    files = sorted(path for path in built.rglob("*") if path.is_file())
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for path in files:
            place = path.relative_to(built)
            if place.parts[0].startswith("."):  # what Sphinx remembers for its next run
                continue
            member = tarfile.TarInfo(f"{name}-documentation/{place.as_posix()}")
            member.size = path.stat().st_size
            with path.open("rb") as page:
                packed.addfile(member, page)
    (folder / DOCUMENTATION).write_bytes(gzip.compress(content.getvalue(), mtime=0))
