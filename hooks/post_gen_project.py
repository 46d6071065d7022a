"""Finish the new project: remove what was not chosen, pack the engine, write the generated metadata, say what is next."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ANSWERS = json.loads(r'''{{ cookiecutter | tojson }}''')  # fmt: skip

UNCHOSEN = {
    "LICENSE": ANSWERS["license"] == "none",
    "Dockerfile.gpu": ANSWERS["gpu_image"] == "no",
}
LEFTOVERS = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")  # of work on the template itself
VENDOR = Path("vendor")
ENGINE = VENDOR / "fairmodel"
LINK_LOST = (
    f"{ENGINE} arrived as a file instead of the engine: a download as zip, or a clone without symbolic links, loses the "
    "link to it; clone the template with git and make the project from that folder"
)


def main() -> int:
    """Run in the new project's folder; a failure makes cookiecutter remove it again."""
    if not ENGINE.is_dir():
        print(LINK_LOST, file=sys.stderr)
        return 1
    for name, unchosen in UNCHOSEN.items():
        if unchosen:
            Path(name).unlink(missing_ok=True)
    for name in LEFTOVERS:
        for folder in list(Path().rglob(name)):
            shutil.rmtree(folder)
    wheel = pack_engine()
    command = [sys.executable, "-B", "-m", "fairmodel.fair.metadata"]
    status = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(wheel)}, stdout=subprocess.DEVNULL).returncode
    if status == 0:
        print(f"{ANSWERS['repo_name']} is ready. Next:")
        print(f"  cd {Path.cwd()}")
        print("  git init           # the history of your project")
        print("  make setup test    # the environment and the tests;  make help lists the rest")
    return status


def pack_engine() -> Path:
    """Turn the engine's source into the one wheel in vendor/, with its checksum beside it and among the answers."""
    sys.path.insert(0, str(ENGINE / "tools"))
    sys.dont_write_bytecode = True
    from pack import pack

    wheel = pack(VENDOR)
    shutil.rmtree(ENGINE)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (VENDOR / "SHA256SUMS").write_text(f"{digest}  {wheel.name}\n", encoding="utf-8")
    answers = Path(".cookiecutter.json")
    content = json.loads(answers.read_text(encoding="utf-8"))
    content["template_commit"] = template_commit()
    content["engine"] = {"version": wheel.name.split("-")[1], "sha256": digest}
    answers.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return wheel


def template_commit() -> str:
    """The commit of the template, for a later `cruft link`; empty where it cannot be known."""
    folder = Path(os.environ.get("PWD", ""), ANSWERS.get("_repo_dir") or "nowhere")  # may be relative to the shell's
    command = ["git", "-C", str(folder), "rev-parse", "--show-toplevel", "HEAD"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said[1] if Path(said[0]).samefile(folder) else ""


if __name__ == "__main__":
    sys.exit(main())
