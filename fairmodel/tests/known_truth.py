"""Data whose truth is known: one feature has the same law in both classes, far from zero. Who is taken in by it?

Run as a module, it prints the table of docs/attributions.md.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fairmodel.dataset import Samples
from fairmodel.interpret import METHODS, attribute, mean_objects
from fairmodel.interpret.masking.masks import MODES, Baseline, masked
from fairmodel.layers import WeightedSum
from fairmodel.present.tables import Cell, Column, Table
from fairmodel.schema import Feature, Input, Schema

__all__ = ["USELESS", "Trained", "credited", "table", "train"]

USELESS, OFFSET, SLOTS = 2, 8, 5
FEATURES = tuple(Feature(name, "1", name) for name in ("useful", "less_useful", "useless"))
SCHEMA = Schema("rows", (Input("objects", SLOTS, FEATURES),), ("background", "signal"), 1)


class Sets(nn.Module):
    """The mean of what one network makes of each object, classified."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.sum, self.out = WeightedSum(), nn.Linear(16, 2)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        weights = objects.new_full((objects.shape[1],), 1 / objects.shape[1])
        logits: torch.Tensor = self.out(self.sum(self.each(objects), weights))
        return logits


@dataclass(frozen=True)
class Trained:
    """A trained network and rows that it has not seen."""

    network: nn.Module
    objects: torch.Tensor
    labels: torch.Tensor

    @cached_property
    def inputs(self) -> dict[str, torch.Tensor]:
        """The rows by the name of their input."""
        return {"objects": self.objects}

    def accuracy(self, objects: torch.Tensor) -> float:
        """Share of the rows that are classified right."""
        return float((self.network(objects).argmax(1) == self.labels).float().mean())

    def shares(self, method: str) -> list[float]:
        """Share of each feature in the mean magnitude of a method's attributions."""
        found = attribute(method, self.network, self.inputs, SCHEMA, baseline=mean_objects(self.inputs))
        sizes = found.of_all_features().abs().mean(0)
        shares: list[float] = (sizes / sizes.sum()).tolist()
        return shares

    def losses(self, mode: str) -> list[float]:
        """Share of each feature in the AUC that is lost when it is masked in this mode, one at a time."""
        samples = self._samples()
        baseline = Baseline(self.network, samples, SCHEMA.signal, trials=2, seed=1)
        random = np.random.default_rng(1)
        lost = [
            max(0.0, baseline.effect([masked(samples, SCHEMA, {"objects": [name]}, mode, random)]).loss.value)
            for name in SCHEMA.inputs[0].feature_names
        ]
        return [each / sum(lost) for each in lost]

    def _samples(self) -> Samples:
        rows = len(self.labels)
        counts = {"objects": np.full(rows, SLOTS, np.uint16)}
        labels, ones = self.labels.numpy(), np.ones(rows, np.float32)
        return Samples({"objects": self.objects.numpy()}, counts, labels, ones, {}, np.arange(rows))


def draw(rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Objects (row, 5, 3) and labels: a useful feature, a less useful one, and 8 +- 0.5, which says nothing."""
    labels = torch.arange(rows) % 2
    objects = torch.randn(rows, SLOTS, 3, generator=torch.Generator().manual_seed(seed))
    signs = (2 * labels - 1)[:, None].float()
    return torch.stack(
        [objects[..., 0] + signs / 2, objects[..., 1] + signs / 4, OFFSET + objects[..., 2] / 2], -1
    ), labels


def train() -> Trained:
    """A network that has learned to tell the classes apart."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Sets()
    objects, labels = draw(4000, 0)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for batch in torch.randint(len(labels), (120, 256), generator=torch.Generator().manual_seed(0)):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(network(objects[batch]), labels[batch]))
        optimiser.step()
    return Trained(network.eval(), *draw(1000, 1))


def credited(trained: Trained) -> Mapping[str, list[float]]:
    """Share of each feature, by method of attribution and by mode of masking."""
    found = {METHODS[name].label: trained.shares(name) for name in METHODS}
    return found | {f"Masking, {mode}": trained.losses(mode) for mode in MODES}


def table(trained: Trained) -> Table:
    """The shares as a table."""
    columns = [Column("method", "Method")]
    columns += [Column(feature.name, feature.name.replace("_", " "), 0, percent=True) for feature in FEATURES]
    rows: dict[str, dict[str, Cell]] = {}
    for label, shares in credited(trained).items():
        cells = dict(zip((feature.name for feature in FEATURES), shares, strict=True))
        rows[label] = {"method": label, **cells}
    return Table("truth", "Share of each feature, by method", tuple(columns), rows)


if __name__ == "__main__":
    sys.stdout.write(table(train()).as_markdown())
