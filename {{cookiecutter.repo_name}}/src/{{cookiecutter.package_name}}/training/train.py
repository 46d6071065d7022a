"""Train a network: mean cross-entropy, early stopping on the validation loss, exact resume after a kill."""

import csv
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional

from ..config import RunConfig, TrainingConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..fair.provenance import run_record
from ..files import atomic_path, write_json, write_text
from ..interface import Project
from ..paths import Paths
from ..progress import progress
from .batches import as_tensors, micro_batches, shuffled_batches
from .checkpoint import fingerprint, load_checkpoint, save_checkpoint
from .normalise import fit_normalisation
from .threads import threads

__all__ = ["Training", "train", "validate"]


def train(project: Project, config: RunConfig, paths: Paths) -> None:
    """Train the project's network on `train.h5`, keep the weights with the best validation loss.

    Writes `weights.safetensors`, `config.json`, `run.json` and `history.csv` into the profile's model folder.
    A training that was killed goes on from its last whole epoch and ends with the same bits.
    """
    files = [paths.split("train"), paths.split("val")]
    started = time.perf_counter()
    with Dataset(files[0], project.SCHEMA) as data, Dataset(files[1], project.SCHEMA) as validation:
        training = Training(project, config, data, validation)
        with threads(config.training.threads):
            training.run(paths, fingerprint(config, files))
    write_text(paths.history, _as_csv(training.history))
    write_json(paths.model / "config.json", config.model_dump(mode="json"))
    details = {"epochs": len(training.history), "best_epoch": training.best_epoch, "best_loss": training.best_loss}
    record = run_record(paths, command="train", seed=config.training.seed, started=started, inputs=files)
    write_json(paths.run, record | {"training": details})
    with atomic_path(paths.weights) as temporary:
        temporary.write_bytes(save(training.best_weights))
    (paths.model / "checkpoint.pt").unlink(missing_ok=True)


@dataclass
class Training:
    """The state of a training and the steps that change it."""

    project: Project
    config: RunConfig
    data: Dataset
    validation: Dataset
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = self.config.training
        with seeded(options.seed, 0):
            self.network = self.project.build(self.config.model)
        if options.normalise:
            fit_normalisation(self.network, self.data)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self.scheduler = _scheduler(self.optimiser, options, steps=-(-len(self.data) // options.batch_size))

    def run(self, paths: Paths, identity: str) -> None:
        """Epoch after epoch until the last one or until patience ends; a checkpoint after each."""
        path = paths.model / "checkpoint.pt"
        state = load_checkpoint(path, identity)
        if state is not None:
            self._restore(state)
        while not self.finished:
            epoch = len(self.history) + 1
            with seeded(self.config.training.seed, epoch):
                self._epoch(epoch)
            save_checkpoint(path, self._state() | {"fingerprint": identity})

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or the validation loss has stopped improving."""
        done = len(self.history)
        options = self.config.training
        return done >= options.epochs or (done > 0 and done - self.best_epoch >= options.patience)

    def _epoch(self, epoch: int) -> None:
        options = self.config.training
        self.network.train()
        batches = shuffled_batches(
            self.data, options.batch_size, seed=options.seed, epoch=epoch, shuffle_rows=options.shuffle_rows
        )
        total = 0.0
        title = f"epoch {epoch}/{options.epochs}"
        with progress(None, total=len(self.data), title=title, unit=self.project.SCHEMA.entity) as bar:
            for batch in batches:
                total += self._step(batch)
                bar.update(len(batch))
            loss, accuracy = validate(self.network, self.validation, options.batch_size)
            bar.set_postfix_str(f"validation loss {loss:.4f}, accuracy {accuracy:.4f}")
        if not math.isfinite(total + loss):
            message = (
                f"the loss is not finite in epoch {epoch}; lower learning_rate = {options.learning_rate} in [training]"
            )
            raise UserError(message)
        self.history.append(
            {"epoch": epoch, "loss": total / len(self.data), "validation_loss": loss, "validation_accuracy": accuracy}
        )
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            self.best_weights = {name: value.clone() for name, value in self.network.state_dict().items()}

    def _step(self, batch: Samples) -> float:
        """One step of the optimiser; the gradients of the micro-batches add up to that of the batch's mean loss."""
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for part in micro_batches(batch, self.config.training.micro_batch):
            inputs, labels = as_tensors(part)
            loss = functional.cross_entropy(self.network(**inputs), labels, reduction="sum")
            torch.autograd.backward(loss / len(batch))
            total += float(loss.detach())
        self.optimiser.step()
        self.scheduler.step()
        return total

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "history": self.history,
            "best": {"loss": self.best_loss, "epoch": self.best_epoch, "weights": self.best_weights},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.history = state["history"]
        best = state["best"]
        self.best_loss, self.best_epoch, self.best_weights = best["loss"], best["epoch"], best["weights"]


@contextmanager
def seeded(seed: int, epoch: int) -> Iterator[None]:
    """Seed torch's generator for one epoch (0: the initial weights) and give it back unchanged afterwards.

    An epoch's random numbers depend on (seed, epoch) alone, which is what makes a resumed training exact.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
        yield


def validate(network: nn.Module, dataset: Dataset, batch_size: int) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over a data set."""
    network.eval()
    loss, correct = 0.0, 0
    with torch.inference_mode():
        for batch in dataset.batches(batch_size):
            inputs, labels = as_tensors(batch)
            logits = network(**inputs)
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            correct += int((logits.argmax(1) == labels).sum())
    return loss / len(dataset), correct / len(dataset)


def _scheduler(
    optimiser: torch.optim.Optimizer, options: TrainingConfig, *, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    if options.schedule == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=options.learning_rate, total_steps=options.epochs * steps
        )
    return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)


def _as_csv(history: list[dict[str, float]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, history[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return stream.getvalue()
