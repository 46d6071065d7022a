"""The container images of a project: linted, nothing in them but what they need, and built where that is possible."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Bake

ANSWERS = {
    "project_name": 'A "quoted" title: $HOME & more',
    "repo_name": "boxed",
    "package_name": "boxed",
    "description": r"Back\slash, 'apostrophe', ${braces}, `ticks`, <b>, é",
}
BASE = "docker.io/library/python:3.11-slim"
TOOLS = ("buildah", "mmdebstrap")
STEPS = ("data", "train", "evaluate", "export", "report")


@pytest.mark.parametrize("name", ["Dockerfile.cpu", "Dockerfile.gpu"])
def test_hadolint_finds_nothing(name: str, default_bake: Path) -> None:
    program = Path(sys.executable).with_name("hadolint")
    assert program.exists(), "hadolint is not installed: run `make setup`"
    result = subprocess.run([program, default_bake / name], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["Dockerfile.cpu", "Dockerfile.gpu"])
def test_an_image_sees_what_it_copies_and_nothing_else(name: str, default_bake: Path) -> None:
    lines = (default_bake / name).read_text(encoding="utf-8").splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    copied = {source.split("/")[0] for sources in copies for source in sources}
    rules = [
        line for line in (default_bake / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] != "#"
    ]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule[0] == "!"} == copied


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


@pytest.fixture
def image(bake: Bake, tmp_path: Path) -> Iterator[str]:
    """Build `Dockerfile.cpu` as it is, on a stand-in for its base image made from Debian packages."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and the Debian packages {', '.join(TOOLS)}; missing: {', '.join(missing) or 'root'}")
    project = bake(**ANSWERS)
    archive, packages = tmp_path / "base.tar", "python3,python3-venv,ca-certificates"
    subprocess.run(["mmdebstrap", "--variant=minbase", f"--include={packages}", "bookworm", archive], check=True)
    base = buildah("from", "scratch")
    buildah("add", "--quiet", base, str(archive), "/")
    buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", base)
    buildah("commit", "--quiet", "--rm", base, BASE)
    options = ["--pull-never", "--network", "host", "--build-arg", "TORCH_BACKEND=", "--build-arg", "VERSION=1.2.3"]
    buildah(
        "bud", *options, *mounts(tmp_path), "--file", str(project / "Dockerfile.cpu"), "--tag", "boxed", str(project)
    )
    yield "boxed"
    buildah("rmi", "--force", "boxed", BASE)


@pytest.mark.slow
@pytest.mark.container
def test_the_image_is_described_and_runs_every_step_without_root(image: str, bake: Bake) -> None:
    config = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    identity = tomllib.loads((bake(**ANSWERS) / "fair.toml").read_text(encoding="utf-8"))["identity"]
    labels = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    assert (labels["title"], labels["description"]) == (identity["title"], identity["description"])
    assert (identity["title"], labels["licenses"], labels["version"]) == (ANSWERS["project_name"], "MIT", "1.2.3")
    container = buildah("from", "--pull-never", image)
    try:
        assert buildah("run", container, "--", "id", "-u") == config["User"] != "0"
        assert "train" in buildah("run", container, "--", *config["Entrypoint"], *config["Cmd"])
        for step in STEPS:
            buildah("run", container, "--", *config["Entrypoint"], step, "--profile", "smoke")
        assert "AUC" in buildah("run", container, "--", *config["Entrypoint"], "summary", "--profile", "smoke")
    finally:
        buildah("rm", container)
