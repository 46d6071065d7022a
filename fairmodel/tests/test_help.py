"""Help for every command, at once: no heavy library is imported for it."""

import json
import subprocess
import sys

import pytest

from fairmodel.cli import main
from fairmodel.commands.table import COMMANDS
from fairmodel.interface import Command

from .projects import ENGINE_ROOT, other_project

NAMES = [command.name for command in COMMANDS]
HEAVY = {"torch", "h5py", "matplotlib", "sklearn", "onnx", "onnxruntime", "scipy", "starlette", "uvicorn"}
SCRIPT = """
import json, sys, time
from contextlib import redirect_stdout
from io import StringIO
from fairmodel.cli import main
from tests.projects import other_project
codes = []
for command in [[], *([name] for name in sys.argv[1:])]:
    try:
        with redirect_stdout(StringIO()):
            main(other_project(), [*command, "--help"])
    except SystemExit as stop:
        codes.append(stop.code)
print(json.dumps([codes, sorted(name for name in sys.modules if "." not in name), time.process_time()]))
"""


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_help_says_what_the_command_does(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(other_project(), [command.name, "--help"])
    assert caught.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"python -m tests {command.name}" in words
    assert f"{command.help[1:]}." in words
    if command.takes == "run" and command.function:
        assert "--profile" in words


def test_a_description_leaves_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(other_project(), ["export", "--help"])
    assert "Write the ONNX graph, after checking it against PyTorch." in " ".join(capsys.readouterr().out.split())


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(other_project(), ["--help"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert set(NAMES) <= set(listed)


def test_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-c", SCRIPT, *NAMES]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ENGINE_ROOT)
    codes, modules, seconds = json.loads(result.stdout)
    assert codes == [0] * (1 + len(NAMES))
    assert HEAVY & set(modules) == set()
    assert seconds < 2
