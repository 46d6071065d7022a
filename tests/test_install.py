"""`tools/install.py` and `engine.py`: what uv is told, which engine is installed, and both installers for real."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from .projects import ROOT, TEMPLATE, borrow_environment, load_script


@pytest.fixture(scope="session")
def install() -> ModuleType:
    """The script, as a module."""
    return load_script(TEMPLATE / "tools" / "install.py")


@pytest.mark.parametrize(
    ("pip", "uv"),
    [
        ({}, {}),
        ({"index-url": "https://a/simple"}, {"UV_DEFAULT_INDEX": "https://a/simple"}),
        (
            {"extra-index-url": "https://a/simple\nfile:///b"},
            {"UV_INDEX": "https://a/simple file:///b", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ({"find-links": "/wheels https://a/links"}, {"UV_FIND_LINKS": "/wheels,https://a/links"}),
        ({"no-index": "1", "find-links": "/wheels"}, {"UV_NO_INDEX": "true", "UV_FIND_LINKS": "/wheels"}),
        ({"no-index": "false"}, {}),
        ({"cert": "/ca.pem", "trusted-host": "a b"}, {"SSL_CERT_FILE": "/ca.pem", "UV_INSECURE_HOST": "a b"}),
    ],
)
def test_uv_is_told_what_pip_is_told(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, pip: dict[str, str], uv: dict[str, str]
) -> None:
    for name in install.uv_settings({"cert": "x"}).keys() | {"SSL_CERT_FILE", *uv}:
        monkeypatch.delenv(name, raising=False)
    assert install.uv_settings(pip) == uv
    for name in uv:
        monkeypatch.setenv(name, "chosen by the user")
    assert install.uv_settings(pip) == {}


def test_the_settings_of_pip_are_those_that_pip_uses(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nindex-url = https://a/simple\nfind-links =\n    /one\n    /two\n"
        "[install]\nindex-url = https://b/simple\n[list]\ntrusted-host = never\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    for name in ("FIND_LINKS", "INDEX_URL", "TRUSTED_HOST"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    python = Path(sys.executable)
    settings = install.pip_settings(python)
    assert settings["index-url"] == "https://b/simple"  # the command's own section before [global]
    assert settings["find-links"].split() == ["/one", "/two"]
    assert "trusted-host" not in settings
    monkeypatch.setenv("PIP_INDEX_URL", "https://c/simple")
    assert install.pip_settings(python)["index-url"] == "https://c/simple"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Everything that decides about an installation, in small."""
    for name in ("pyproject.toml", "fair.toml", "constraints.txt", "more.txt"):
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    return tmp_path


def test_any_change_of_what_is_asked_for_is_noticed(install: ModuleType, asked: Path) -> None:
    def fingerprint(*changes: str) -> str:
        options = install.parser().parse_args([*arguments, *changes])
        digest: str = install.fingerprint(options, install.requested(options))
        return digest

    arguments = ["-c", str(asked / "constraints.txt"), "-r", str(asked / "more.txt"), "-e", f"{asked}[all]"]
    seen = {fingerprint()}
    assert fingerprint() in seen
    files = [path for path in sorted(asked.rglob("*")) if path.is_file()]
    for path in files:
        path.write_text(f"# {path.name}\n", encoding="utf-8")
        seen.add(fingerprint())
    seen.add(fingerprint("-e", f"{asked}[test]"))
    assert len(seen) == len(files) + 2


def test_an_old_python_is_refused(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(install, "OLDEST_PYTHON", (99, 0))
    assert install.main(["--venv", str(tmp_path / "venv")]) == 1
    assert "99.0 or newer is needed" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def versions(python: Path) -> dict[str, str]:
    """What an environment holds."""
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True
    )
    return dict(line.split("==") for line in listed.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("installer", ["uv", "pip", "uv that does not exist"])
def test_an_environment_is_made_once(
    install: ModuleType,
    asked: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    installer: str,
) -> None:
    if installer not in ("uv", "pip"):
        monkeypatch.setattr(install, "UV", "uv>=999")
    (asked / "more.txt").write_text("iniconfig>=1\n", encoding="utf-8")
    (asked / "constraints.txt").write_text("iniconfig==2.0.0\n", encoding="utf-8")
    venv, stamp = asked / "venv", asked / "stamp"
    arguments = ["--venv", str(venv), "--stamp", str(stamp), "-c", str(asked / "constraints.txt")]
    arguments += ["-r", str(asked / "more.txt"), "--installer", installer.split()[0]]
    assert install.main(arguments) == 0
    found = versions(install.python_of(venv))
    assert found["iniconfig"] == "2.0.0"
    assert ("uv" in found) == (installer == "uv")
    assert ("note: uv cannot be installed" in capfd.readouterr().err) == (installer == "uv that does not exist")
    content, before = stamp.read_bytes(), stamp.stat().st_mtime_ns
    monkeypatch.setattr(install, "make_environment", lambda _: pytest.fail("there is nothing to do"))
    assert install.main(arguments) == 0
    assert stamp.read_bytes() == content
    assert stamp.stat().st_mtime_ns > before


@pytest.mark.slow
def test_what_cannot_be_installed_leaves_no_stamp(
    install: ModuleType, asked: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (asked / "more.txt").write_text("iniconfig>=999\n", encoding="utf-8")
    arguments = ["--venv", str(asked / "venv"), "--installer", "pip", "-r", str(asked / "more.txt")]
    assert install.main(arguments) == 1
    assert "error: pip could not install" in capfd.readouterr().err
    assert not (asked / "venv" / "ready").exists()


BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    about = "mine-1.0.dist-info"
    needs = "Requires-Dist: fairmodel[train]==1.0.0; extra == 'all'\\nProvides-Extra: all\\n"
    files = {"METADATA": f"Metadata-Version: 2.4\\nName: mine\\nVersion: 1.0\\n{needs}",
             "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n", "RECORD": ""}
    with zipfile.ZipFile(f"{folder}/mine-1.0-py3-none-any.whl", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{about}/{name}", content)
    return "mine-1.0-py3-none-any.whl"
"""


@pytest.fixture
def index() -> Iterator[tuple[str, list[str]]]:
    """An index of packages that has none, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple", asked
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_no_index_is_asked_for_the_engine(
    install: ModuleType,
    index: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    installer: str,
) -> None:
    engine = tmp_path / "engine"
    (engine / "src" / "fairmodel").mkdir(parents=True)
    for name, content in {
        "src/fairmodel/__init__.py": "",
        "README.md": "# x\n",
        "LICENSE": "x\n",
        "docs/a.md": "",
    }.items():
        (engine / name).parent.mkdir(exist_ok=True)
        (engine / name).write_text(content, encoding="utf-8")
    about = (ROOT / "fairmodel" / "pyproject.toml").read_text(encoding="utf-8")
    about = (
        re.sub(r'(?m)^    ".*>=.*\n', "", about.partition("cluster =")[0]) + '[project.scripts]\nx = "fairmodel:x"\n'
    )
    (engine / "pyproject.toml").write_text(about, encoding="utf-8")
    project = tmp_path / "mine"
    (project / "vendor").mkdir(parents=True)
    load_script(ROOT / "fairmodel" / "tools" / "pack.py").pack(project / "vendor", engine)
    (project / "backend.py").write_text(BACKEND, encoding="utf-8")
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    declared = (
        '[project]\nname = "mine"\ndynamic = ["version"]\noptional-dependencies.all = ["fairmodel[train]==1.0.0"]\n'
    )
    (project / "pyproject.toml").write_text(build + declared, encoding="utf-8")
    if installer == "uv":
        borrow_environment(project)
        (project / ".venv" / "ready-mine").unlink()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index[0])
    arguments = ["--venv", str(project / ".venv"), "--editable", f"{project}[all]", "--installer", installer]
    assert install.main(arguments) == 0
    assert index[1] == []
    (found,) = (project / ".venv" / "lib").glob("*/site-packages/fairmodel-1.0.0.dist-info/direct_url.json")
    assert "vendor/fairmodel-1.0.0-py3-none-any.whl" in found.read_text(encoding="utf-8")
