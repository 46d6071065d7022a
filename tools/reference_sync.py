"""Keep `reference_hbb_in/` a true instance of the template.

Every file that the template owns must be byte-identical to a fresh render with the answers in
`reference_hbb_in/.cookiecutter.json`. Without an option this script renders over the reference;
with `--check` it changes nothing and names each file that drifted, went missing or belongs to nobody.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reference_hbb_in"
SHARE_FLOOR = 0.30


def project_owned(name: str) -> bool:
    """Whether a path, relative to the project, belongs to the project or is generated in it."""
    context = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    return any(fnmatch(name, pattern) for pattern in [*context["_user_owned"], *context["_generated"]])


def render(folder: Path) -> Path:
    """Render the template with the reference's answers; returns the new project's folder."""
    answers = json.loads((REFERENCE / ".cookiecutter.json").read_text(encoding="utf-8"))
    return Path(cookiecutter(str(ROOT), no_input=True, output_dir=str(folder), extra_context=answers))


def template_files(project: Path) -> dict[str, bytes]:
    """Content of each file of a rendered project that the template owns, by relative path."""
    files = {path.relative_to(project).as_posix(): path for path in sorted(project.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not project_owned(name)}


def tracked_files() -> list[str]:
    """The reference's files in the repository, relative to the reference."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."]
    listing = subprocess.run(command, cwd=REFERENCE, capture_output=True, text=True, check=True).stdout
    return [name for name in listing.splitlines() if (REFERENCE / name).is_file()]


def problems(fresh: dict[str, bytes]) -> list[str]:
    """One line for each file that keeps the reference from being an instance."""
    found = []
    for name, content in fresh.items():
        path = REFERENCE / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.read_bytes() != content:
            found.append(f"{name} differs from the template")
    strays = [name for name in tracked_files() if name not in fresh and not project_owned(name)]
    return found + [f"{name} belongs neither to the template nor to the project" for name in strays]


def share(fresh: dict[str, bytes]) -> float:
    """Share of the reference's Python lines that the template owns."""
    lines = {name: (REFERENCE / name).read_bytes().count(b"\n") for name in tracked_files() if name.endswith(".py")}
    return sum(count for name, count in lines.items() if name in fresh) / max(sum(lines.values()), 1)


def synchronise(fresh: dict[str, bytes]) -> None:
    """Write every template-owned file over the reference and remove what the template no longer has."""
    for name, content in fresh.items():
        path = REFERENCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
            print(f"updated {name}")
    for name in tracked_files():
        if name not in fresh and not project_owned(name):
            (REFERENCE / name).unlink()
            print(f"removed {name}")


def main() -> int:
    """Synchronise or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the reference drifted")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fresh = template_files(render(Path(folder)))
    if not arguments.check:
        synchronise(fresh)
    found = problems(fresh)
    fraction = share(fresh)
    if fraction < SHARE_FLOOR:
        found.append(f"the template owns {fraction:.0%} of the reference's Python lines, less than {SHARE_FLOOR:.0%}")
    print("\n".join([*found, f"{len(fresh)} files of the template; it owns {fraction:.0%} of the Python lines"]))
    if found and arguments.check:
        print("run `make reference-sync`, or move the change into the template")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
