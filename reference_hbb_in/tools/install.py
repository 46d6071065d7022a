"""Make a virtual environment and install a project into it, with uv where it can be had, otherwise with pip.

    python3 tools/install.py --venv .venv --constraints constraints.txt --editable '.[all]' --stamp .venv/ready

The engine of the project is the wheel in vendor/, if it is the one whose checksum stands in vendor/SHA256SUMS and whose
version is pinned in pyproject.toml: no index is ever asked for it. A project without vendor/ that lies beside the
engine's source uses that.

uv is installed from the index that pip is configured with, and is told what pip is told: indexes, local folders of
wheels, certificates. A run that finds its stamp up to date only renews the time of the stamp, for make.
Standard library only.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
UV = "uv>=0.8"
ENGINE = "fairmodel"
PIN = re.compile(rf"""(["']{ENGINE}(?:\[[^\]"']*\])?==)([^"';\s]+)""")
RESTORE = "restore vendor/ (git checkout -- vendor), or put a wheel there with `make engine WHEEL=PATH`"


class InstallError(Exception):
    """What went wrong, and what helps."""


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    options = parser().parse_args(argv)
    try:
        check_python()
        install(options)
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(description="Make a virtual environment and install into it.")
    result.add_argument("--venv", type=Path, default=Path(".venv"), help="its folder (default: %(default)s)")
    result.add_argument("--stamp", type=Path, help="file written when all is done (default: ready, in that folder)")
    result.add_argument("-c", "--constraints", type=Path, help="file that pins every version")
    result.add_argument("-e", "--editable", action="append", default=[], help="project to install: PATH[EXTRAS]")
    result.add_argument("-r", "--requirements", type=Path, action="append", default=[], help="file of requirements")
    result.add_argument("--installer", choices=("uv", "pip"), default="uv", help="default: %(default)s, or else pip")
    return result


def check_python() -> None:
    """Refuse a Python that the project does not run under."""
    if sys.version_info < OLDEST_PYTHON:
        message = (
            f"Python {platform.python_version()} is too old, {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed; "
            "run this with a newer one, for example: python3.12 " + " ".join(sys.argv)
        )
        raise InstallError(message)


def install(options: argparse.Namespace) -> None:
    """Bring the environment to what the options ask for, unless the stamp says that it is there."""
    stamp = options.stamp or options.venv / "ready"
    wanted = requested(options)
    digest = fingerprint(options, wanted)
    if stamp.is_file() and python_of(options.venv).exists() and stamp.read_text(encoding="utf-8") == digest:
        stamp.touch()
        return
    python = make_environment(options.venv)
    if options.installer == "uv" and get_uv(python):
        # compiled once here, as pip does it, and not by each process where no bytecode may be written
        installer = ["uv", "pip", "install", "--compile-bytecode", "--python", str(python)]
        installer += ["--reinstall-package", ENGINE]  # whatever is in a wheel of the same version
        settings = uv_settings(pip_settings(python))
    else:
        print("installing with pip, which takes some minutes", file=sys.stderr)
        run([str(python), "-m", "pip", "uninstall", "--yes", ENGINE])  # pip keeps what has the same version
        installer, settings = ["pip", "install"], {}
    command = [str(python), "-m", *installer, *wanted]
    if subprocess.run(command, env=os.environ | settings, check=False).returncode != 0:
        message = f"{installer[0]} could not install; its own message is above"
        raise InstallError(message)
    part = stamp.with_name(stamp.name + ".part")
    part.write_text(digest, encoding="utf-8")
    part.replace(stamp)


def requested(options: argparse.Namespace) -> list[str]:
    """What to install, in the options that uv and pip have in common."""
    result = ["--constraint", str(options.constraints)] if options.constraints else []
    for path in options.requirements:
        result += ["--requirement", str(path)]
    engines = dict.fromkeys(tuple(engine_of(root_of(project))) for project in options.editable)
    projects = [("--editable", project) for project in options.editable]
    return result + [word for words in (*engines, *projects) for word in words]


def root_of(project: str) -> Path:
    """The folder of a project that is given as PATH[EXTRAS]."""
    return Path(project.partition("[")[0])


def engine_of(project: Path) -> list[str]:
    """The options that install the engine of a project; none for a project that has none."""
    pins = {pin for _, pin in PIN.findall((project / "pyproject.toml").read_text(encoding="utf-8"))}
    if not pins:
        return []
    vendor, source = project / "vendor", project.resolve().parent / ENGINE
    if not vendor.is_dir() and (source / "pyproject.toml").is_file():
        return ["--editable", str(source)]
    wheel = check_wheel(vendor)
    if pins != {wheel.name.split("-")[1]}:
        message = (
            f"vendor/{wheel.name} is not the engine that pyproject.toml asks for, {ENGINE}=={', '.join(sorted(pins))}; "
            "give the one that you want to `make engine WHEEL=PATH`, which changes both"
        )
        raise InstallError(message)
    return [f"{ENGINE} @ {wheel.resolve().as_uri()}"]


def check_wheel(vendor: Path) -> Path:
    """The one wheel of the engine in a folder, if its checksum is the one that is listed beside it."""
    wheels = sorted(vendor.glob(f"{ENGINE}-*.whl"))
    if len(wheels) != 1:
        message = f"vendor/ holds {len(wheels)} wheels of the engine instead of one; {RESTORE}"
        raise InstallError(message)
    (wheel,) = wheels
    listed = vendor / "SHA256SUMS"
    lines = listed.read_text(encoding="utf-8").split("\n") if listed.is_file() else []
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}.get(wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != expected:
        message = f"vendor/{wheel.name} has the SHA-256 {digest}, vendor/SHA256SUMS says {expected}; {RESTORE}"
        raise InstallError(message)
    return wheel


def fingerprint(options: argparse.Namespace, wanted: list[str]) -> str:
    """SHA-256 of everything that decides what gets installed."""
    paths = [*options.requirements, *([options.constraints] if options.constraints else [])]
    for root in map(root_of, options.editable):
        paths += [root / "pyproject.toml", root / "fair.toml", root / "vendor" / "SHA256SUMS"]
        paths += [root.resolve().parent / ENGINE / "pyproject.toml"]
    digest = hashlib.sha256(f"{sys.version} {platform.machine()} {wanted}".encode())
    for path in paths:
        digest.update(path.read_bytes() if path.is_file() else b"")
        digest.update(b"\0")
    return digest.hexdigest() + "\n"


def python_of(venv: Path) -> Path:
    """The interpreter of an environment; its own path, not what it links to."""
    return venv.absolute() / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_environment(venv: Path) -> Path:
    """Make an environment that has pip, over an unfinished one if need be; returns its interpreter."""
    python = python_of(venv)
    if python.exists() and run([str(python), "-m", "pip", "--version"]).returncode == 0:
        return python
    made = run([sys.executable, "-m", "venv", "--clear", str(venv)])
    if made.returncode != 0:
        reason = (made.stdout + made.stderr).strip()
        message = f"cannot make {venv}: {reason} (on Debian and Ubuntu: apt install python3-venv)"
        raise InstallError(message)
    return python


def get_uv(python: Path) -> bool:
    """Install uv into the environment; whether it is there now."""
    if run([str(python), "-m", "uv", "--version"]).returncode == 0:
        return True
    result = run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV])
    if result.returncode != 0:
        print(f"note: uv cannot be installed: {result.stderr.strip()}", file=sys.stderr)
    return result.returncode == 0


def pip_settings(python: Path) -> dict[str, str]:
    """What pip is told by its configuration files and by the environment, which goes first."""
    settings: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in run([str(python), "-m", "pip", "config", "list"]).stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in settings and value:
            settings[section][key] = str(ast.literal_eval(value))
    return settings["global"] | settings["install"] | settings[":env:"]


def uv_settings(pip: dict[str, str]) -> dict[str, str]:
    """The settings of pip as environment variables of uv; one that is set already stays as it is."""
    flag = {"1", "true", "yes", "on"}
    result = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_NO_INDEX": "true" if pip.get("no-index", "").lower() in flag else "",
        "SSL_CERT_FILE": pip.get("cert", ""),
        # pip takes the best version among all indexes, whichever comes first
        "UV_INDEX_STRATEGY": "unsafe-best-match" if pip.get("extra-index-url") else "",
    }
    return {name: value for name, value in result.items() if value and name not in os.environ}


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command quietly and return what it said."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
