"""What the engine expects of a project: checks for its tests, each of which names what breaks.

Every function takes the project, and most the folder that it lies in. Raises UserError, or AssertionError.
"""

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import SkipTest

from ..cli import main
from ..commands.table import COMMANDS
from ..config import DataConfig, load_config, profiles
from ..dataset import Dataset
from ..download.manifest import Manifest
from ..errors import UserError
from ..fair.metadata import write_or_check
from ..interface import Command, Project, Run
from ..lazy import Lazy
from ..metadata.source import read_metadata
from ..splits import SPLITS
from ..workers import Workers
from .samples import random_samples

__all__ = [
    "check_ablations",
    "check_command",
    "check_data",
    "check_export",
    "check_functions",
    "check_manifest",
    "check_metadata",
    "check_network",
    "check_profile",
    "command_names",
    "list_profiles",
]

SMALLEST = "smoke"  # the profile that every project has


def list_profiles(root: Path) -> list[str]:
    """Names of the project's profiles."""
    return profiles(root / "config")


def command_names(project: Project) -> list[str]:
    """Every command with its actions, those of the project included, as words with spaces between them."""
    return [" ".join(words) for words in _words((*COMMANDS, *project.studies))]


def _words(commands: Sequence[Command]) -> Iterator[tuple[str, ...]]:
    for command in commands:
        yield (command.name,)
        yield from ((command.name, *words) for words in _words(command.actions))


def check_functions(project: Project) -> None:
    """Every function that project.py names is where the name leads, and can be imported."""
    project.check()
    for function in (project.prepare, project.build, project.loss, project.optimiser, project.plot):
        if isinstance(function, Lazy):
            assert callable(function.load()), function


def check_profile(project: Project, root: Path, profile: str) -> None:
    """The profile is valid, and the network that it describes has one logit for each class."""
    from ..training.check import check_network as check_shape

    config = load_config(
        root / "config" / f"{profile}.toml", project.data_options, project.model_options, project.schema
    )
    check_shape(project.build(config.model), project.schema)


def check_network(project: Project, root: Path, profile: str = SMALLEST) -> None:
    """The network gives finite logits for any rows of the schema, whatever other rows are in the batch."""
    import torch

    from ..training.batches import as_tensors

    network, rows = _network(project, root, profile), random_samples(project.schema, 8, seed=1)
    inputs, _ = as_tensors(rows)
    with torch.inference_mode():
        together = network(**inputs)
        alone = torch.cat([network(**{name: array[i : i + 1] for name, array in inputs.items()}) for i in range(8)])
    assert torch.isfinite(together).all(), "a logit is infinite or no number"
    torch.testing.assert_close(alone, together, rtol=1e-3, atol=1e-4)


def check_data(project: Project, root: Path, folder: Path, profile: str = SMALLEST) -> None:
    """The data step writes a data set that keeps the schema, and the same bytes when it is repeated.

    Keys of `[tool.fairmodel] contract` in pyproject.toml replace those of the profile's `[data.options]`, where its
    data set takes long to make. `folder` is an empty one for the files. Raises SkipTest, which test runners know, where
    the step refuses to run because its own files are missing.
    """
    config = _smaller(Run.of(project, root, profile).config.data, root)
    made = []
    for number in ("first", "second"):
        paths = _copy(root, folder / number)
        run = Run.of(project, paths, profile)
        run.paths.processed.mkdir(parents=True)
        try:
            project.prepare(config, run.paths.processed, raw=run.paths.raw, source="simulation", workers=Workers(1))
        except UserError as error:
            message = f"the data step makes nothing here: {error}"
            raise SkipTest(message) from error
        made.append(run.paths.processed)
    for name in SPLITS:
        with Dataset(made[0] / f"{name}.h5", project.schema) as data:
            assert len(data.read()) > 0, f"{name}.h5 has no rows"
        same = (made[0] / f"{name}.h5").read_bytes() == (made[1] / f"{name}.h5").read_bytes()
        assert same, f"{name}.h5 has other bytes when the data step is repeated"


def check_export(project: Project, root: Path, profile: str = SMALLEST) -> None:
    """The ONNX graph of an untrained network answers as the network does."""
    from ..export.graph import WithProbabilities, inputs_to_cut, make_graph
    from ..export.onnx import largest_difference
    from ..training.batches import as_tensors

    config = Run.of(project, root, profile).config.export
    network = _network(project, root, profile)
    inputs, _ = as_tensors(random_samples(project.schema, 16, seed=2))
    module = WithProbabilities(network, tuple(item.name for item in project.schema.inputs)).eval()
    cut = inputs_to_cut(network, inputs)
    difference = largest_difference(make_graph(module, inputs, cut, config.opset), module, inputs, cut)
    assert difference <= config.tolerance, f"the graph differs from the network by {difference:.2g} of a logit"


def check_ablations(project: Project) -> None:
    """The variants for `make ablations` fit the `[model]` section, and no two have equally many parameters."""
    sizes = {}
    for name, ablation in project.ablations.items():
        network = project.build(project.model_options.model_validate(dict(ablation.model)))
        sizes[name] = sum(parameter.numel() for parameter in network.parameters())
    assert len({*sizes.values()}) == len(sizes), f"variants are the same network: {sizes}"


def check_manifest(root: Path) -> None:
    """`data/files.toml`, where there is one, lists files in the form that downloads understand."""
    path = root / "data" / "files.toml"
    if path.is_file():
        Manifest.load(path)


def check_metadata(root: Path) -> None:
    """fair.toml is valid, and the files that come from it follow it."""
    read_metadata(root)
    write_or_check(folder=root, check=True)


def check_command(project: Project, command: str) -> None:
    """The command explains itself."""
    try:
        status = main(project, [*command.split(), "--help"])
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == 0, f"{command} --help fails"


def _network(project: Project, root: Path, profile: str) -> Any:
    """An untrained network of the profile, in evaluation mode, the same each time."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return project.build(Run.of(project, root, profile).config.model).eval()


def _smaller(config: DataConfig, root: Path) -> DataConfig:
    """The settings of the data step with the project's options for a small data set."""
    content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    fewer = content.get("tool", {}).get("fairmodel", {}).get("contract", {})
    options = type(config.options).model_validate(config.options.model_dump() | fewer)
    return config.model_copy(update={"options": options})


def _copy(root: Path, folder: Path) -> Path:
    """A project's folder with nothing but what a data step may read: its settings and its list of files."""
    shutil.copytree(root / "config", folder / "config")
    if (root / "data" / "files.toml").is_file():
        (folder / "data").mkdir()
        shutil.copyfile(root / "data" / "files.toml", folder / "data" / "files.toml")
    return folder
