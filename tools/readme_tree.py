"""The tree of a new project, for the README: what the template really renders, with one comment for each entry.

Without an option this script prints the tree; with `--update` it writes it into README.md, between the `tree` markers.
"""

import argparse
import json
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from cookiecutter.main import cookiecutter
from markers import replace_marked

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PACKAGE = "src/<package>/"
WIDTH = 30  # of the column of names

# Entry -> comment. An entry without a comment, or a comment without an entry, is an error.
COMMENTS = {
    "README.md": "the model card, the commands, how to cite",
    "Makefile": "the steps, as a DAG of files",
    "project.mk": "additions to it",
    "fair.toml": "the one source of all metadata",
    "CITATION.cff": "how to cite, from fair.toml",
    ".zenodo.json": "the same for Zenodo",
    "codemeta.json": "the same for machines",
    "config/": "the profiles smoke, quick and full",
    "data/": "raw and processed data",
    "models/": "weights, ONNX graphs, run records",
    "reports/": "metrics, figures, HTML reports",
    PACKAGE: "the Python package",
    "src/<package>/project.py": "the project as the engine sees it",
    "src/<package>/data/": "the data: features, preparation, drawing",
    "src/<package>/model/": "the network",
    "src/<package>/training.py": "loss and optimiser",
    "src/<package>/__main__.py": "python -m <package>",
    "src/<package>/__init__.py": "what the package is",
    "tests/": "of your code, and of the contract with the engine",
    "docs/": "your pages; the engine's are built beside them",
    "pyproject.toml": "what the project needs, settings of the tools",
    "constraints.txt": "versions that work together",
    "vendor/": "the engine: one wheel and its checksum",
    "tools/": "the installer, the compiler of constraints.txt",
    "CHANGELOG.md": "what changes from version to version",
    "CONTRIBUTING.md": "how others take part",
    "SECURITY.md": "how to report a weakness",
    "LICENSE": "the licence that you chose",
    "LICENSES/": "the texts of all licences",
    "REUSE.toml": "which licence covers which file",
    "Dockerfile.cpu": "a container image",
    "Dockerfile.gpu": "the same for GPUs, if you want it",
    "Dockerfile.serve": "a small one that serves the model",
    "apptainer.def": "the first one for Apptainer",
    "apt.txt": "Debian packages for the images",
    ".devcontainer/": "the same environment in an editor",
    ".gitlab-ci.yml": "the checks on GitLab",
    "reana.yaml": "the pipeline on REANA",
    ".github/": "continuous integration, releases, forms for issues",
    ".pre-commit-config.yaml": "quick checks before each commit",
    ".cookiecutter.json": "the answers, for later updates",
    ".dockerignore": "what stays out of the images",
    ".gitignore": "what stays out of the repository",
}


def entries(project: Path) -> dict[str, Path]:
    """Entries of the tree: the top level of a project and the package's modules; folders end in a slash."""
    (package,) = (project / "src").iterdir()
    paths = {path.name: path for path in project.iterdir() if path.name != "src"}
    paths |= {PACKAGE.rstrip("/"): package} | {PACKAGE + path.name: path for path in package.iterdir()}
    return {name + "/" * path.is_dir(): path for name, path in paths.items()}


def mismatches(project: Path) -> list[str]:
    """One line for each entry without a comment, and for each comment without an entry."""
    found = entries(project).keys()
    missing = [f"{name} has no comment in tools/readme_tree.py" for name in found if name not in COMMENTS]
    return missing + [f"{name} is not rendered, but has a comment" for name in COMMENTS if name not in found]


def yours(project: Path, path: Path) -> bool:
    """Whether everything in an entry belongs to the project, by the contract in cookiecutter.json."""
    patterns = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_user_owned"]
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    names = [file.relative_to(project).as_posix() for file in files]
    return all(any(fnmatch(name, pattern) for pattern in patterns) for name in names)


def tree(project: Path) -> str:
    """The tree as a fenced block, in the order of the comments."""
    found = entries(project)
    inner = [name for name in COMMENTS if name in found and name.startswith(PACKAGE) and name != PACKAGE]
    outer = [name for name in COMMENTS if name in found and name not in inner]
    package = f"src/{found[PACKAGE].name}/"
    lines = []
    for name in (*outer[: outer.index(PACKAGE) + 1], *inner, *outer[outer.index(PACKAGE) + 1 :]):
        branch = "└── " if name in (outer[-1], inner[-1]) else "├── "
        shown = "│   " + branch + name.removeprefix(PACKAGE) if name in inner else branch + name
        shown = shown.replace(PACKAGE, package)
        owner = "yours: " if yours(project, found[name]) else ""
        lines.append(f"{shown:<{WIDTH}}{owner}{COMMENTS[name].replace('<package>', found[PACKAGE].name)}")
    return "\n".join(["```text", f"{project.name}/", *lines, "```", ""])


def main() -> int:
    """Print or update; returns the exit code, which is 1 where tree and comments do not match."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the tree into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(cookiecutter(str(ROOT), no_input=True, output_dir=folder, default_config=True))
        problems, content = mismatches(project), tree(project)
    if options.update:
        replace_marked(README, "tree", content)
    else:
        print(content)
    print("".join(f"{problem}\n" for problem in problems), end="", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
