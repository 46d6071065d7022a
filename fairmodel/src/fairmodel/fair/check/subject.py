"""What the checks look at: a project and one profile's model, each file read once."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...config import RunConfig
from ...errors import UserError
from ...files import read_json
from ...interface import Project, Run
from ...metadata.source import SOURCE, Metadata, read_metadata
from ...paths import Paths
from ..crate.action import Action
from ..crate.verify import actions_of
from ..facts import Facts, gather
from .network import Network

__all__ = ["Subject"]


@dataclass
class Subject:
    """A run; `online` is how to reach the network, None where that is not wanted."""

    run: Run
    online: Network | None = None
    rerun: bool = False

    @property
    def project(self) -> Project:
        """The project."""
        return self.run.project

    @property
    def config(self) -> RunConfig:
        """The profile's configuration."""
        return self.run.config

    @property
    def paths(self) -> Paths:
        """The profile's files."""
        return self.run.paths

    @cached_property
    def metadata(self) -> Metadata:
        """The content of fair.toml."""
        return read_metadata(self.paths.root)

    @cached_property
    def source(self) -> dict[str, Any]:
        """The same as it is written."""
        return tomllib.loads((self.paths.root / SOURCE).read_text(encoding="utf-8"))

    @cached_property
    def codemeta(self) -> Any:
        """The content of codemeta.json."""
        return read_json(self.paths.root / "codemeta.json")

    @cached_property
    def fair4ml(self) -> Any:
        """The description of the model."""
        return self._described("fair4ml.jsonld")

    @cached_property
    def croissant(self) -> Any:
        """The description of the data."""
        return self._described("croissant.jsonld")

    @cached_property
    def facts(self) -> Facts:
        """What the descriptions are made from."""
        return gather(self.project, self.paths, self.metadata)

    @cached_property
    def sbom(self) -> Any:
        """The list of the software."""
        return self._described("sbom.cdx.json")

    @cached_property
    def card(self) -> str:
        """The model card."""
        path = self.paths.model / "model-card.md"
        if not path.is_file():
            raise UserError(self._missing(path))
        return path.read_text(encoding="utf-8")

    @cached_property
    def graph(self) -> Any:
        """The exported graph, an onnx.ModelProto."""
        import onnx

        try:
            return onnx.load(self.paths.onnx)
        except Exception as error:  # that of a damaged file has no base class that ONNX names
            message = f"{self.paths.onnx} cannot be read ({error}); run `make export PROFILE={self.paths.profile}`"
            raise UserError(message) from error

    @cached_property
    def properties(self) -> dict[str, str]:
        """What the graph says of itself."""
        return {item.key: item.value for item in self.graph.metadata_props}

    @cached_property
    def sample(self) -> dict[str, Any]:
        """The bundled sample: float32 arrays by name."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self.paths.model / "sample.safetensors"
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            message = f"{path} cannot be read ({error}); run `make export PROFILE={self.paths.profile}`"
            raise UserError(message) from error

    @cached_property
    def record(self) -> Any:
        """The record of the training."""
        found = read_json(self.paths.run)
        if not isinstance(found, dict):
            message = f"{self.paths.run} is no record of a training; run `make train`"
            raise UserError(message)
        return found

    @cached_property
    def metrics(self) -> Any:
        """The metrics of the test split."""
        return read_json(self.paths.metrics)

    @cached_property
    def actions(self) -> list[Action]:
        """The recorded steps of the profile."""
        return actions_of(self.paths)

    def name(self, path: Path) -> str:
        """A path relative to the project."""
        return path.relative_to(self.paths.root).as_posix()

    def _described(self, name: str) -> Any:
        path = self.paths.model / name
        if not path.is_file():
            raise UserError(self._missing(path))
        return read_json(path)

    def _missing(self, path: Path) -> str:
        return f"{path} does not exist; run `make describe PROFILE={self.paths.profile}`"
