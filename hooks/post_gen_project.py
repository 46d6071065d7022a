"""Finish the new project: remove what was not chosen, write the generated metadata, say what comes next."""

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


def main() -> int:
    """Run in the new project's folder; a failure makes cookiecutter remove it again."""
    for name, unchosen in UNCHOSEN.items():
        if unchosen:
            Path(name).unlink(missing_ok=True)
    for name in LEFTOVERS:
        for folder in list(Path().rglob(name)):
            shutil.rmtree(folder)
    command = [sys.executable, "-B", "-m", f"{ANSWERS['package_name']}.fair.metadata"]
    status = subprocess.run(command, env=os.environ | {"PYTHONPATH": "src"}, stdout=subprocess.DEVNULL).returncode
    if status == 0:
        print(f"{ANSWERS['repo_name']} is ready. Next:")
        print(f"  cd {Path.cwd()}")
        print("  make setup test    # the environment and the tests;  make help lists the rest")
    return status


if __name__ == "__main__":
    sys.exit(main())
