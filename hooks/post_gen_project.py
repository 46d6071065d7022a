"""Finish the new project: remove what was not chosen, pack the engine, write the metadata files, say what is next."""

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
RESERVED = "All rights reserved: no licence has been chosen yet, so nobody may use, copy or change this work.\n"
LEFTOVERS = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")  # of work on the template itself
VENDOR = Path("vendor")
ENGINE = VENDOR / "fairmodel"
LINK_LOST = (
    f"{ENGINE} is a file instead of the engine: a download as zip, or a clone without symbolic links, loses the link; "
    "clone the template with git and make the project from that folder"
)


def main() -> int:
    """Run in the new project's folder; a failure makes cookiecutter remove it again."""
    if not ENGINE.is_dir():
        print(LINK_LOST, file=sys.stderr)
        return 1
    name_licence()
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


def name_licence() -> None:
    """Put the text of the licence where `reuse` looks for it, beside that of the engine, which is always MIT."""
    licence, folder = ANSWERS["license"], Path("LICENSES")
    if licence == "none":
        (folder / "LicenseRef-all-rights-reserved.txt").write_text(RESERVED, encoding="utf-8")
    elif licence != "MIT":
        shutil.copyfile("LICENSE", folder / f"{licence}.txt")


def pack_engine() -> Path:
    """Turn the engine's source into the one wheel in vendor/, with its checksum beside it and among the answers."""
    sys.path.insert(0, str(ENGINE / "tools"))
    sys.dont_write_bytecode = True
    from pack import pack

    wheel = pack(VENDOR)
    shutil.rmtree(ENGINE)
    answers = Path(".cookiecutter.json")
    content = json.loads(answers.read_text(encoding="utf-8"))
    content["template_commit"] = template_commit()
    content["engine"] = {
        "version": wheel.name.split("-")[1],
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
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
