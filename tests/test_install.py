"""`tools/install.py`: what uv is told, what makes a run do nothing, and installing for real with both installers."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .projects import TEMPLATE, load_script


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
    (tmp_path / "requirements").mkdir()
    for name in (
        "pyproject.toml",
        "fair.toml",
        "hatch_build.py",
        "constraints.txt",
        "requirements/core.txt",
        "more.txt",
    ):
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    return tmp_path


def test_any_change_of_what_is_asked_for_is_noticed(install: ModuleType, asked: Path) -> None:
    arguments = ["-c", str(asked / "constraints.txt"), "-r", str(asked / "more.txt"), "-e", f"{asked}[all]"]
    seen = {install.fingerprint(install.parser().parse_args(arguments))}
    assert install.fingerprint(install.parser().parse_args(arguments)) in seen
    files = [path for path in sorted(asked.rglob("*")) if path.is_file()]
    for path in files:
        path.write_text(f"# {path.name}\n", encoding="utf-8")
        seen.add(install.fingerprint(install.parser().parse_args(arguments)))
    seen.add(install.fingerprint(install.parser().parse_args([*arguments[:-1], f"{asked}[test]"])))
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
