"""Keep each `reference_*/` a true instance of the template.

Every file that the template owns must be byte-identical to a fresh render with the answers in the instance's
`.cookiecutter.json`, and no file of the engine may be copied into an instance. Instances lie beside the engine's source
and use that, so they have no `vendor/`. Without an option this script renders over the instances; with `--check` it
changes nothing and names each file that drifted, went missing, belongs to nobody or is the engine's.
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
ENGINE = ROOT / "fairmodel" / "src"
SMALL = 400  # bytes: files below are too short to be anybody's


def project_owned(name: str) -> bool:
    """Tell whether a path, relative to the project, belongs to the project or is generated in it."""
    context = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    return any(fnmatch(name, pattern) for pattern in [*context["_user_owned"], *context["_generated"]])


def instances() -> list[Path]:
    """The folders of the instances in this repository."""
    return sorted(path.parent for path in ROOT.glob("reference_*/.cookiecutter.json"))


def template_files(instance: Path) -> dict[str, bytes]:
    """Content of each file that the template owns in a fresh render with an instance's answers, by relative path."""
    answers = json.loads((instance / ".cookiecutter.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        project = Path(cookiecutter(str(ROOT), no_input=True, output_dir=folder, extra_context=answers))
        files = {path.relative_to(project).as_posix(): path for path in sorted(project.rglob("*")) if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items() if not project_owned(name)}


def tracked_files(folder: Path) -> list[str]:
    """The files below a folder that are, or would be, committed, relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "."]
    listing = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return [name for name in listing.splitlines() if (folder / name).is_file()]


def strays(instance: Path, fresh: dict[str, bytes]) -> list[str]:
    """Files of an instance that belong neither to the template nor to the project, which may add tests as it likes."""
    names = (name for name in tracked_files(instance) if name not in fresh and not name.startswith("tests/"))
    return [name for name in names if not project_owned(name)]


def problems(instance: Path, fresh: dict[str, bytes]) -> list[str]:
    """One line for each file that keeps a folder from being an instance."""
    found = []
    for name, content in fresh.items():
        path = instance / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.read_bytes() != content:
            found.append(f"{name} differs from the template")
    found += [f"{name} belongs neither to the template nor to the project" for name in strays(instance, fresh)]
    engine = {content: name for name in tracked_files(ENGINE) if len(content := (ENGINE / name).read_bytes()) > SMALL}
    copies = {name: engine.get((instance / name).read_bytes()) for name in tracked_files(instance)}
    return found + [f"{name} is a copy of the engine's {original}" for name, original in copies.items() if original]


def synchronise(instance: Path, fresh: dict[str, bytes]) -> None:
    """Write every template-owned file over an instance and remove what the template no longer has."""
    for name, content in fresh.items():
        path = instance / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
            print(f"updated {name}")
    for name in strays(instance, fresh):
        (instance / name).unlink()
        print(f"removed {name}")


def main() -> int:
    """Synchronise or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if an instance drifted")
    arguments = parser.parse_args()
    drifted = False
    for instance in instances():
        fresh = template_files(instance)
        if not arguments.check:
            synchronise(instance, fresh)
        found = problems(instance, fresh)
        print("\n".join([*found, f"{instance.name}: {len(fresh)} files of the template, {len(found)} problems"]))
        drifted = drifted or bool(found)
    if drifted and arguments.check:
        print("run `make reference-sync`, or move the change into the template")
    return int(drifted)


if __name__ == "__main__":
    sys.exit(main())
