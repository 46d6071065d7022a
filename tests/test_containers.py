"""The container images of a project: linted, nothing in them but what they need, and built where that is possible."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from spython.main.parse.parsers import get_parser

from .conftest import Bake

ANSWERS = {
    "project_name": 'A "quoted" title: $HOME & more',
    "repo_name": "boxed",
    "package_name": "boxed",
    "description": r"Back\slash, 'apostrophe', ${braces}, `ticks`, <b>, é",
}
BASE = "localhost/python:stand-in"
FILES = ("Dockerfile.cpu", "Dockerfile.gpu", "Dockerfile.serve")
IMAGES = ("cpu", "serve")
TOOLS = ("buildah", "mmdebstrap")
STEPS = ("data", "train", "evaluate", "export", "report")


@pytest.mark.parametrize("name", FILES)
def test_hadolint_finds_nothing(name: str, default_bake: Path) -> None:
    program = Path(sys.executable).with_name("hadolint")
    assert program.exists(), "hadolint is not installed: run `make setup`"
    result = subprocess.run([program, default_bake / name], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", FILES)
def test_the_base_of_an_image_is_pinned(name: str, default_bake: Path) -> None:
    lines = (default_bake / name).read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"ARG BASE=docker\.io/[\w/]+:[\w.-]+@sha256:[0-9a-f]{64}", lines[1])
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert set(bases) <= {"${BASE}", "base"}


def copied(path: Path) -> set[str]:
    """What a file copies from the project; the engine comes from one of two places."""
    lines = path.read_text(encoding="utf-8").splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    return {name.replace("vendor*", "vendor").replace("engin[e]", "engine") for names in copies for name in names}


def test_the_images_see_what_they_copy_and_nothing_else(default_bake: Path) -> None:
    lines = (default_bake / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line[0] != "#"]
    assert rules[0] == "*"
    wanted = set().union(*(copied(default_bake / name) for name in FILES))
    assert {rule[1:] for rule in rules if rule[0] == "!"} == wanted


@pytest.mark.parametrize("name", FILES)
def test_the_images_share_their_last_stage(name: str, default_bake: Path) -> None:
    """What describes an image and who runs in it are the same everywhere."""
    stage = (default_bake / name).read_text(encoding="utf-8").split("\nFROM ")[-1]
    for line in stages(default_bake / FILES[0]):
        if line.startswith(("LABEL", "    org.", "ARG", "COPY --from", "USER", "WORKDIR")):
            assert line in stage.splitlines()
    assert ("HEALTHCHECK" in stage) == ("serve" in name)


def stages(path: Path) -> list[str]:
    """The lines of a file's last stage."""
    return path.read_text(encoding="utf-8").split("\nFROM ")[-1].splitlines()


def test_apptainer_takes_the_image_for_all_steps(default_bake: Path) -> None:
    path = default_bake / "apptainer.def"
    (recipe,) = get_parser("singularity")(str(path)).parse().values()
    assert recipe.fromHeader == "fair-model:cpu"
    assert recipe.cmd == 'exec /opt/venv/bin/python -m fair_model "$@"'
    text = path.read_text(encoding="utf-8")
    assert "Bootstrap: docker-daemon\n" in text
    assert re.findall(r"^%(\w+)", text, re.MULTILINE) == ["runscript", "startscript", "test", "help"]
    assert len(section(path, "test")) > 1


def section(path: Path, name: str) -> list[str]:
    """The commands in a section of an Apptainer definition."""
    text = path.read_text(encoding="utf-8").split(f"\n%{name}\n")[1].split("\n%")[0]
    return [line.strip() for line in text.splitlines() if line.strip()]


def buildah(*arguments: str) -> str:
    """Run buildah without a daemon; returns what it printed."""
    settings = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "overlay"}
    result = subprocess.run(
        ["buildah", *arguments], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def mounts(folder: Path) -> list[str]:
    """Give the build this machine's certificates, pip settings and local wheels; none of it stays in the image."""
    certificates = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    wheels = os.environ.get("PIP_FIND_LINKS", "")
    uv = folder / "uv.toml"
    uv.write_text(f"system-certs = true\nfind-links = {json.dumps(wheels.split())}\n")
    pairs = [
        (certificates, "/etc/ssl/certs/ca-certificates.crt"),
        ("/etc/pip.conf", "/etc/pip.conf"),
        (str(uv), "/etc/uv/uv.toml"),
    ]
    pairs += [(wheel, wheel) for wheel in wheels.split()]
    present = [(source, target) for source, target in pairs if Path(source).exists()]
    return [option for source, target in present for option in ("--volume", f"{source}:{target}:ro")]


@pytest.fixture(scope="module")
def project(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose images are built, on a stand-in for their base image made from Debian packages."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and the Debian packages {', '.join(TOOLS)}; missing: {', '.join(missing) or 'root'}")
    project, folder = bake(**ANSWERS), tmp_path_factory.mktemp("images")
    archive, packages = folder / "base.tar", "python3,python3-venv,ca-certificates"
    subprocess.run(["mmdebstrap", "--variant=minbase", f"--include={packages}", "bookworm", archive], check=True)
    base = buildah("from", "scratch")
    buildah("add", "--quiet", base, str(archive), "/")
    buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", base)
    buildah("commit", "--quiet", "--rm", base, BASE)
    options = ["--pull-never", "--network", "host", "--format", "docker", "--build-arg", "VERSION=1.2.3"]
    options += ["--build-arg", f"BASE={BASE}"]
    for kind, own in {"cpu": ["--build-arg", "TORCH_BACKEND="], "serve": []}.items():
        file, tag = str(project / f"Dockerfile.{kind}"), f"boxed:{kind}"
        buildah("bud", *options, *own, *mounts(folder), "--file", file, "--tag", tag, str(project))
    yield project
    buildah("rmi", "--force", *(f"boxed:{kind}" for kind in IMAGES), BASE)


@contextmanager
def container(kind: str) -> Iterator[str]:
    """A container of an image."""
    name = buildah("from", "--pull-never", f"boxed:{kind}")
    try:
        yield name
    finally:
        buildah("rm", name)


def settings(kind: str) -> dict[str, Any]:
    """What the image says of itself."""
    content: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", f"boxed:{kind}"))
    return content


@pytest.mark.slow
@pytest.mark.container
@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_is_described_and_runs_without_root(kind: str, project: Path) -> None:
    config = settings(kind)["OCIv1"]["config"]
    identity = tomllib.loads((project / "fair.toml").read_text(encoding="utf-8"))["identity"]
    labels = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    assert (labels["title"], labels["description"]) == (identity["title"], identity["description"])
    assert (identity["title"], labels["licenses"], labels["version"]) == (ANSWERS["project_name"], "MIT", "1.2.3")
    with container(kind) as name:
        assert buildah("run", name, "--", "id", "-u") == config["User"] != "0"


@pytest.mark.slow
@pytest.mark.container
def test_one_image_runs_every_step_and_the_other_serves_the_model(project: Path, tmp_path: Path) -> None:
    config = settings("cpu")["OCIv1"]["config"]
    with container("cpu") as name:
        assert "train" in buildah("run", name, "--", *config["Entrypoint"], *config["Cmd"])
        for step in STEPS:
            buildah("run", name, "--", *config["Entrypoint"], step, "--profile", "smoke")
        assert "AUC" in buildah("run", name, "--", *config["Entrypoint"], "summary", "--profile", "smoke")
        for command in section(project / "apptainer.def", "test"):
            buildah("run", name, "--", "sh", "-c", command)
        shutil.copytree(Path(buildah("mount", name)) / "project" / "models" / "smoke", tmp_path / "smoke")
    config = settings("serve")["Docker"]["config"]
    serve = shlex.join([*config["Entrypoint"], "--profile", "smoke"])
    check = shlex.join(config["Healthcheck"]["Test"][1:])
    with container("serve") as name:
        buildah("copy", "--quiet", name, str(tmp_path / "smoke"), "/project/models/smoke")
        assert buildah("run", name, "--", "sh", "-c", "! python -c 'import torch' 2>&1").endswith("'torch'")
        wait = f"for pause in 1 2 4 8 16; do sleep $pause; kill -0 $! && {check} && break; done"
        script = f"{serve} & {wait}; {check} && kill $! && wait $!"
        assert "answers at" in buildah("run", name, "--", "sh", "-c", script)
