"""The archive of a publication: the model, its descriptions, the record of its steps, source code and documentation."""

import gzip
import io
import runpy
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from ...config import RunConfig
from ...errors import UserError
from ...export.onnx import DENSE, SAMPLE
from ...files import sha256, write_json, write_text
from ...interface import Run
from ...metadata.engine import FOLDER
from ...metadata.identifiers import doi_url
from ...metadata.provenance import commit_of
from ...metadata.source import SOURCE, Metadata, read_metadata, stamped
from ...paths import Paths
from ...schema import Schema
from ..crate.action import Action, current
from ..crate.graph import CRATE, agent_entity, to_crate
from ..crate.record import read_actions
from ..describe import DESCRIPTIONS
from ..facts import gather
from ..fetch.fetch_model import FetchError, Model, content_problem, read_manifest
from ..metadata import GENERATORS

__all__ = [
    "DOCUMENTATION",
    "MANIFEST",
    "SOURCE_CODE",
    "archive_crate",
    "build_archive",
    "citation_line",
    "pack_documentation",
    "pack_source_code",
]

SOURCE_CODE = "source.tar.gz"
DOCUMENTATION = "documentation.tar.gz"

STEP = "fair publish"
MANIFEST = "manifest.json"


def build_archive(run: Run, folder: Path, *, doi: str, date: str) -> Path:
    """Make the archive of a profile's model anew in `folder`, with `doi` and `date` in all of its metadata.

    The same inputs give the same bytes. Raises UserError for what is missing, and for an archive that would not pass
    the checks of those who fetch it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = (run.paths.root / SOURCE).read_text(encoding="utf-8")
    # the DOI of all versions is not known before the first one is public: a repeated publication has to be the same
    write_text(folder / SOURCE, stamped(source, {"doi": doi, "concept-doi": "", "date-released": date}))
    metadata = read_metadata(folder)
    sources = _sources(run.paths)
    for name, path in sources.items():
        shutil.copyfile(path, folder / name)
    for name, generate in GENERATORS.items():
        if not name.startswith("."):
            write_text(folder / name, generate(metadata))
    for path in folder.glob("*.onnx"):
        _stamp_graph(path, metadata)
    facts = gather(run.project, run.paths, metadata, folder)
    for name, describe in DESCRIPTIONS.items():
        write_text(folder / name, describe(facts))
    steps = [action for action in read_actions(run.paths.root) if action.profile == run.paths.profile]
    sources |= {name: run.paths.model / name for name in DESCRIPTIONS}
    names = {path.relative_to(run.paths.root).as_posix(): name for name, path in sources.items()}
    write_json(folder / CRATE, archive_crate(steps, metadata, run, folder, names))
    name = f"{run.project.package}-{metadata.identity.version}"
    pack_source_code(run.paths.root, folder, name)
    pack_documentation(run.paths.root / "docs" / "_build", folder, name)
    write_json(folder / MANIFEST, _manifest(run.project.schema, run.config, run.paths, metadata, folder))
    _verify(folder)
    return folder


def _sources(paths: Paths) -> dict[str, Path]:
    """The project's files by their name in the archive. Raises UserError naming those that are missing."""
    needed = [paths.weights, paths.onnx, paths.model / SAMPLE, paths.run, paths.model / "config.json", paths.metrics]
    if missing := [path for path in needed if not path.is_file()]:
        names = ", ".join(path.relative_to(paths.root).as_posix() for path in missing)
        message = (
            f"{names} {'is' if len(missing) == 1 else 'are'} missing; run `make all PROFILE={paths.profile}` first"
        )
        raise UserError(message)
    others = [paths.model / DENSE, paths.history, paths.page, paths.root / "LICENSE"]
    return {path.name: path for path in (*needed, *others) if path.is_file()} | {"config.toml": paths.config}


def _stamp_graph(path: Path, metadata: Metadata) -> None:
    """Write what the metadata say of the model into the graph itself."""
    graph = onnx.load(path)
    identity = metadata.identity
    properties = {item.key: item.value for item in graph.metadata_props}
    properties |= {key: getattr(identity, key) for key in ("title", "version", "license", "doi")}
    onnx.helper.set_model_props(graph, properties)
    path.write_bytes(graph.SerializeToString(deterministic=True))


def _manifest(schema: Schema, config: RunConfig, paths: Paths, metadata: Metadata, folder: Path) -> dict[str, Any]:
    """What whoever fetches the archive needs to verify it, to feed the network and to cite."""
    identity = metadata.identity
    packed = [path for name in (SOURCE_CODE, DOCUMENTATION) if (path := folder / name).exists()]
    return {
        "schema": 1,
        "title": identity.title,
        "version": identity.version,
        "doi": identity.doi,
        "license": identity.license,
        "citation": citation_line(metadata),
        "model": paths.onnx.name,
        "inputs": [
            {
                "name": item.name,
                "slots": item.slots,
                "features": [{"name": feature.name, "unit": feature.unit} for feature in item.features],
            }
            for item in schema.inputs
        ],
        "outputs": [{"name": name, "classes": list(schema.classes)} for name in ("logits", "probabilities")],
        "sample": SAMPLE,
        "tolerance": config.export.tolerance,
        "files": [_listed(path) for path in sorted(folder.iterdir()) if path not in packed],
        # apart: no such file is ever fetched with a model
        "packed": [_listed(path) for path in packed],
    }


def _listed(path: Path) -> dict[str, Any]:
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def citation_line(metadata: Metadata) -> str:
    """One line by which to cite the model."""
    identity = metadata.identity
    authors = ", ".join(person.full_name for person in metadata.people)
    year = f" ({identity.date_released[:4]})" if identity.date_released else ""
    doi = f" {doi_url(identity.doi)}" if identity.doi else ""
    return f"{authors}{year}. {identity.title}, version {identity.version}.{doi}"


def _verify(folder: Path) -> None:
    """Do what a stranger does who fetches the archive."""
    try:
        manifest = read_manifest((folder / MANIFEST).read_bytes())
        for file in manifest["files"]:
            if problem := content_problem(folder / file["name"], file):
                message = f"{file['name']} {problem}"
                raise FetchError(message)
        Model(folder, manifest).check()
    except FetchError as error:
        message = (
            f"{folder} is no archive that others could use: {error}; run `make export`, and look at {MANIFEST} there"
        )
        raise UserError(message) from error


def pack_source_code(root: Path, folder: Path, name: str) -> None:
    """Write the project as it is in the checked-out commit, below a folder of this name; the same bytes each time.

    Changes that are not committed are not in it. A project that uses the engine's source beside it gets the wheel of it
    that other projects have in `vendor/`. Outside of a repository there is no file. Raises UserError for a repository
    that cannot be read.
    """
    if commit_of(root)["id"] is None:
        return
    # in a part of a repository git packs that part alone
    command = ["git", "-C", str(root), "archive", "--format=tar", f"--prefix={name}/", "HEAD"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode:
        message = f"git cannot pack the source code of {root}: {result.stderr.decode(errors='replace').strip()}"
        raise UserError(message)
    content = result.stdout if (root / "vendor").is_dir() else _with_engine(result.stdout, name)
    (folder / SOURCE_CODE).write_bytes(gzip.compress(content, mtime=0))


def _with_engine(packed: bytes, name: str) -> bytes:
    """The tar file with the engine added as a wheel, if its source is here."""
    packer = FOLDER.parents[1] / "tools" / "pack.py"
    if not packer.is_file():
        return packed
    content = io.BytesIO(packed)
    with TemporaryDirectory() as folder, tarfile.open(fileobj=content, mode="a") as archive:
        runpy.run_path(str(packer))["pack"](Path(folder))
        for path in sorted(Path(folder).iterdir()):
            member = tarfile.TarInfo(f"{name}/vendor/{path.name}")
            member.size = path.stat().st_size
            with path.open("rb") as stream:
                archive.addfile(member, stream)
    return content.getvalue()


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


def archive_crate(
    actions: Sequence[Action], metadata: Metadata, run: Run, folder: Path, names: Mapping[str, str]
) -> dict[str, Any]:
    """The crate of the files that are in `folder`; `names` are those that files of the project have there, by path.

    The steps speak of the folder's names where a file is in it. What is not, such as the data or a graph before it knew
    its DOI, is named with its checksum, outside of the crate. The publication is the last step.
    """
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    steps = [
        replace(action, inputs=_renamed(action.inputs, names), outputs=_renamed(action.outputs, names))
        for action in actions
    ]
    left = current(steps)
    day = metadata.identity.date_released or max((step.ended[:10] for step in steps), default="")
    publication = Action(
        step=STEP,
        profile=run.paths.profile,
        command=f"python -m {run.project.package} {STEP} --profile {run.paths.profile}",
        started=day,
        ended=day,
        agent=agent_entity(metadata.people[0])["@id"],
        settings={},
        inputs={name: digest for name, digest in left.items() if name in files},
        outputs={name: digest for name, digest in files.items() if left.get(name) != digest},
    )
    return to_crate([*steps, publication], metadata, run.project.package, files)


def _renamed(files: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {names.get(path, path): digest for path, digest in files.items()}
