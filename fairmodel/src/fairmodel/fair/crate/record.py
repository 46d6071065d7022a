"""Record a step as it runs: files that it made, and all that they may depend on, without secrets."""

import fcntl
import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...files import read_json, sha256, write_json
from ...identity import FOOTPRINTS, code_of
from ...interface import Run
from ...metadata.engine import engine_entry
from ...metadata.provenance import commit_of, hardware, versions
from ...metadata.source import SOURCE, read_metadata
from ...paths import Paths
from .action import FOOTPRINT_OF, Action, Checksums, pruned, reach_of
from .graph import CRATE, agent_entity, from_crate, to_crate

__all__ = ["HIDDEN", "append", "read_actions", "recorded", "redacted", "redacted_command"]

HIDDEN = "[hidden]"

NAMES = re.compile(r"(?i)(token|passw|secret|credential|api.?key|access.?key|private.?key|authori[sz]ation)")
# forms that services give their tokens, and what is long, without structure, and of letters and digits mixed
TOKENS = re.compile(
    r"(?:gh[opsur]_|github_pat_|hf_|glpat-|xox[abp]-|sk-)[\w-]{8,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?<![\w./-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}(?![\w./-])"
)
ASSIGNMENT = re.compile(r"-{0,2}[\w.-]+=")
USER = re.compile(r"(?<=://)[^/\s@]+@")
QUERY = re.compile(r"(?i)([?&;][\w.-]*(?:token|key|secret|passw|sig)[\w.-]*=)[^&;\s]+")

Stamp = tuple[int, int, int]


@contextmanager
def recorded(run: Run, words: tuple[str, ...]) -> Iterator[None]:
    """Append the step that the block runs to the project's crate, once it has ended well and if it made files.

    `words` is the command line. Where several processes train together, the first of them keeps the record.
    """
    paths, package = run.paths, run.project.package
    step, reach = reach_of(words, paths.profile)
    if not reach.writes or os.environ.get("RANK", "0") != "0" or not (paths.root / SOURCE).is_file():
        yield
        return
    # what is wrong with fair.toml or with the record is said before the work, not after
    author = read_metadata(paths.root).people[0]
    read_actions(paths.root)
    before, started = _snapshot(paths), _now()
    yield
    after = _snapshot(paths)
    made = [name for name, stamp in after.items() if before.get(name) != stamp and reach.has(name)]
    if not made:
        return
    checksums = Checksums(paths.root)
    read = [name for name in reach.reads if name not in made and (paths.root / name).is_file()]
    action = Action(
        step=step,
        profile=paths.profile,
        command=f"python -m {package} {redacted_command(words, paths.root)}",
        started=started,
        ended=_now(),
        agent=agent_entity(author)["@id"],
        settings=_settings(run, step),
        inputs={name: checksums.of(paths.root / name) for name in read},
        outputs={name: checksums.of(paths.root / name) for name in made},
    )
    append(paths.root, action, package, checksums)


def append(root: Path, action: Action, package: str, checksums: Checksums | None = None) -> None:
    """Add an action to the crate, which is whole at any time, whatever other steps end at the same moment."""
    lock = root / "build" / "provenance.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        actions = pruned([*read_actions(root), action])
        write_json(root / CRATE, to_crate(actions, read_metadata(root), package))
        if checksums:
            checksums.save()


def read_actions(root: Path) -> list[Action]:
    """The actions in a project's crate; none where nothing was recorded yet. UserError for a damaged crate."""
    return from_crate(read_json(root / CRATE)) if (root / CRATE).exists() else []


def _snapshot(paths: Paths) -> dict[str, Stamp]:
    """Every file of the profile with what changes when it is written anew."""
    folders = (paths.processed, paths.model, paths.report)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".part"]
    return {path.relative_to(paths.root).as_posix(): _stamp(path.stat()) for path in files}


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _settings(run: Run, step: str) -> dict[str, Any]:
    """What a result may depend on beside its inputs. Environment variables are left out: they hold secrets."""
    root, configuration = run.paths.root, redacted(run.config.model_dump(mode="json"))
    footprint = FOOTPRINT_OF.get(step, step)
    return {
        "commit": commit_of(root),
        "engine": engine_entry(),
        **({"code": code_of(footprint, run.project)} if footprint in FOOTPRINTS else {}),
        "configuration": configuration,
        "seeds": dict(_seeds(configuration)),
        "environment": _environment(root),
        "hardware": hardware(),
    }


def _seeds(table: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, int]]:
    """Every seed of a configuration by its key path."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _seeds(value, f"{where}{key}.")
        elif key == "seed" or key.endswith("_seed"):
            yield f"{where}{key}", value


def _environment(root: Path) -> dict[str, Any]:
    """Python, the libraries that matter most, and checksums of the lock file and of the list of what is installed."""
    # a distribution's folder is named after it and its version; to read what is inside would take half a second
    names = sorted({path.name for entry in sys.path for path in Path(entry or ".").glob("*.dist-info")})
    lock = root / "constraints.txt"
    return {
        "python": platform.python_version(),
        "packages": versions(),
        "constraints_sha256": sha256(lock) if lock.is_file() else None,
        "installed_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
    }


def redacted(value: Any, name: str = "") -> Any:
    """A value of JSON without secrets: those that their names tell, and texts that look like some."""
    if isinstance(value, Mapping):
        return {key: redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, name) for item in value]
    if NAMES.search(name) and value not in (None, "", False, True):
        return HIDDEN
    return _without_tokens(value) if isinstance(value, str) else value


def redacted_command(words: Iterable[str], root: Path) -> str:
    """A command line without secrets, in which the project's folder is a dot."""
    shown: list[str] = []
    hide_next = False
    for word in words:
        name, equals, value = word.partition("=") if ASSIGNMENT.match(word) else (word, "", "")
        option = word.startswith("-")
        secret = bool(NAMES.search(name)) and bool(option or equals)
        if hide_next and not word.startswith("--"):
            shown.append(HIDDEN)
        elif secret and equals:
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(f"{name}={_clean(value, root)}" if equals else _clean(word, root))
        hide_next = secret and option and not equals
    return " ".join(shown)


def _clean(word: str, root: Path) -> str:
    return _without_tokens(_portable(word, root))


def _portable(word: str, root: Path) -> str:
    """Paths below the project relative to it, others by their last part only."""
    path = Path(word)
    if not path.is_absolute():
        return word
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _without_tokens(text: str) -> str:
    return QUERY.sub(rf"\g<1>{HIDDEN}", USER.sub(f"{HIDDEN}@", TOKENS.sub(HIDDEN, text)))
