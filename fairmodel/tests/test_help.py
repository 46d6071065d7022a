"""Help for every command, at once: no heavy library is imported for it."""

import json
import subprocess
import sys

import pytest
from fairmodel.cli import STEPS, main
from fairmodel.commands.common import sentence
from fairmodel.commands.serving import SERVING

from fairmodel import project

PACKAGE = __package__.rpartition(".")[0]
COMMANDS = [*STEPS, *SERVING, "fair", *project.studies]
HEAVY = {"torch", "h5py", "matplotlib", "sklearn", "onnx", "onnxruntime", "scipy", "starlette", "uvicorn"}

SCRIPT = f"""
import json, sys, time
from contextlib import redirect_stdout
from io import StringIO
from {PACKAGE}.cli import main
codes = []
for command in [[], *([name] for name in sys.argv[1:])]:
    try:
        with redirect_stdout(StringIO()):
            main([*command, "--help"])
    except SystemExit as stop:
        codes.append(stop.code)
print(json.dumps([codes, sorted(name for name in sys.modules if "." not in name), time.process_time()]))
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_the_command_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    assert f"python -m {PACKAGE} {command}" in output
    if command in STEPS:
        assert "--profile" in output
        assert sentence(STEPS[command][1]) in " ".join(output.split())


def test_a_sentence_leaves_names_as_they_are() -> None:
    assert sentence("write the ONNX graph, checked against PyTorch") == "Write the ONNX graph, checked against PyTorch."


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert set(COMMANDS) <= set(listed)


def test_help_imports_nothing_heavy() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT, *COMMANDS], capture_output=True, text=True, check=True)
    codes, modules, seconds = json.loads(result.stdout)
    assert codes == [0] * (1 + len(COMMANDS))
    assert HEAVY & set(modules) == set()
    assert seconds < 2


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", PACKAGE, "train", "--profile", "none/such"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
