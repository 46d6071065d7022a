"""Train a network: mean cross-entropy, early stopping on the validation loss, exact resume after a kill."""

import copy
import csv
import io
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from ..config import RunConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..files import atomic_path, sha256, write_json, write_text
from ..identity import identity
from ..interface import Project, Run
from ..layers import fit_normalisation
from ..metadata.provenance import run_record
from ..paths import Paths
from ..progress import progress
from .batches import Rows, as_tensors, micro_batches
from .check import check_network
from .checkpoint import load_checkpoint, save_checkpoint
from .device import device_of, find_device, own_random_numbers, precision, seed_generators, threads
from .optimise import cross_entropy, make_scheduler, update_average
from .processes import ALONE, Processes, joined

__all__ = ["Training", "train", "validate"]

FIT_ROWS = 1024
CHECKPOINT_SECONDS = 600.0
CPU = torch.device("cpu")
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def train(run: Run) -> None:
    """Train the project's network on `train.h5`, keep the weights with the best validation loss.

    Writes `weights.safetensors`, `config.json`, `run.json` and `history.csv` into the profile's model folder.
    A training that was killed goes on from its last checkpoint and ends with the same bits. Processes that torchrun
    started train together; the first of them writes.
    """
    started = time.perf_counter()
    files = [run.paths.split("train"), run.paths.split("val")]
    device = find_device(run.config.training.device)
    with Dataset(files[0], run.project.schema) as data, Dataset(files[1], run.project.schema) as validation:
        checksums = {path.relative_to(run.paths.root).as_posix(): sha256(path) for path in files}
        with joined(device) as processes, threads(run.config.training.threads):
            training = Training(run.project, run.config, data, validation, device, processes)
            training.run(run.paths, identity("train", run.project, run.config, inputs=checksums))
    if not processes.first:
        return
    write_text(run.paths.history, _as_csv(training.history))
    write_json(run.paths.model / "config.json", run.config.model_dump(mode="json"))
    record = run_record(run.paths, command="train", seed=run.config.training.seed, started=started, inputs=checksums)
    write_json(run.paths.run, record | {"training": training.summary()})
    with atomic_path(run.paths.weights) as temporary:
        temporary.write_bytes(save(training.best_weights))
    (run.paths.model / "checkpoint.pt").unlink(missing_ok=True)


@dataclass
class Unfinished:
    """What is done of an epoch: steps, the loss summed over their rows, the last one's learning rate, their time."""

    steps: int = 0
    loss: torch.Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    learning_rate: float = 0.0
    seconds: float = 0.0


@dataclass
class Training:
    """The state of a training and the steps that change it."""

    project: Project
    config: RunConfig
    data: Dataset
    validation: Dataset
    device: torch.device = CPU
    processes: Processes = ALONE
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"training": [], "validation": []})
    epoch: Unfinished = field(default_factory=Unfinished)
    best_loss: float = float("inf")
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = self.config.training
        with own_random_numbers(self.device):
            seed_generators(options.seed, 0)
            self.network = self.project.build(self.config.model)
            check_network(self.network, self.project.schema)
            self.network.to(self.device)
        self.average = copy.deepcopy(self.network) if options.ema_decay else self.network
        self.rows = Rows(self.data, options.shuffle_rows)
        self.validation_rows = Rows(self.validation, options.shuffle_rows)
        self.optimiser = self.project.optimiser(self.network, options)
        steps = options.epochs * -(-len(self.data) // options.batch_size)
        self.scheduler = make_scheduler(self.optimiser, options, steps=steps)

    def run(self, paths: Paths, digest: str) -> None:
        """Epoch after epoch until the last one or until patience ends.

        A checkpoint is written after each, and within one that lasts longer than CHECKPOINT_SECONDS.
        """
        path = paths.model / "checkpoint.pt"

        def save() -> None:
            if self.processes.first:
                save_checkpoint(path, self._state() | {"identity": digest})

        state = load_checkpoint(path, digest)
        self.processes.agree(f"{digest} {state and (len(state['history']), state['epoch'])}")
        self.start(state)
        with own_random_numbers(self.device):
            while not self.finished:
                self._epoch(save)
                save()

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or the validation loss has stopped improving."""
        done = len(self.history)
        options = self.config.training
        return done >= options.epochs or (done > 0 and done - self.best_epoch >= options.patience)

    def summary(self) -> dict[str, Any]:
        """Where and how long it trained, and which epoch was best."""
        return {
            "epochs": len(self.history),
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "device": self.device.type,
            "processes": self.processes.size,
            "seconds": self.seconds,
        }

    def start(self, state: dict[str, Any] | None = None) -> None:
        """Go on from a saved state, or fit the normalisation to begin with."""
        if state is not None:
            self._restore(state)
            return
        if self.config.training.normalise:
            fit_normalisation(self.network, self.rows.in_order(FIT_ROWS))
        self.processes.spread([*self.network.parameters(), *self.network.buffers()])
        self.average.load_state_dict(self.network.state_dict())

    def _epoch(self, save: Callable[[], None]) -> None:
        options, number = self.config.training, len(self.history) + 1
        batches = self.rows.shuffled(options.batch_size, seed=options.seed, epoch=number)
        begun, saved = time.perf_counter() - self.epoch.seconds, self.epoch.seconds
        title, unit = f"epoch {number}/{options.epochs}", self.project.schema.entity
        with progress(None, total=len(self.data), title=title, unit=unit, shown=self.processes.first) as bar:
            bar.update(min(self.epoch.steps * options.batch_size, len(self.data)))
            for batch in islice(batches, self.epoch.steps, None):
                seed_generators(options.seed, number, self.epoch.steps, self.processes.rank)
                self.epoch.learning_rate = self.optimiser.param_groups[0]["lr"]
                self.epoch.loss = self.epoch.loss + self._step(batch)
                self.epoch.steps += 1
                bar.update(len(batch))
                self.epoch.seconds = time.perf_counter() - begun
                if self.epoch.seconds - saved >= CHECKPOINT_SECONDS:
                    save()
                    saved = self.epoch.seconds
            loss, accuracy = self._validate()
            bar.set_postfix_str(f"validation loss {loss:.4f}, accuracy {accuracy:.4f}")
        self._close_epoch(number, loss, accuracy, time.perf_counter() - begun)

    def _step(self, batch: Samples) -> torch.Tensor:
        """One step of the optimiser; the gradients of the micro-batches add up to that of the batch's mean loss."""
        options = self.config.training
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), dtype=torch.float64)
        rank, size = self.processes.rank, self.processes.size
        for part in micro_batches(batch, options.micro_batch, rank=rank, processes=size):
            inputs, labels = as_tensors(part, self.device)
            with precision(options.precision, self.device):
                logits = self.network(**inputs)
            loss = self.project.loss(logits.float(), labels)
            torch.autograd.backward(loss / len(batch))
            total = total + loss.detach()
        total = self.processes.add_gradients(self.network, total)
        self.optimiser.step()
        self.scheduler.step()
        if options.ema_decay:
            update_average(self.average, self.network, decay=options.ema_decay, step=self.scheduler.last_epoch)
        return total

    def _validate(self) -> tuple[float, float]:
        self.processes.spread([*self.network.buffers(), *self.average.buffers()])
        size = self.config.training.micro_batch
        return validate(self.average, self.validation_rows, size, self.project.loss, self.processes)

    def _close_epoch(self, number: int, loss: float, accuracy: float, seconds: float) -> None:
        options, mean = self.config.training, float(self.epoch.loss) / len(self.data)
        if not math.isfinite(mean + loss):
            message = (
                f"the loss is not finite in epoch {number}; lower learning_rate = {options.learning_rate} in [training]"
            )
            raise UserError(message)
        measured = {"loss": mean, "validation_loss": loss, "validation_accuracy": accuracy}
        self.history.append({"epoch": number} | measured | {"learning_rate": self.epoch.learning_rate})
        self.seconds["training"].append(round(self.epoch.seconds, 3))
        self.seconds["validation"].append(round(seconds - self.epoch.seconds, 3))
        self.epoch = Unfinished()
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, number
            self.best_weights = {name: value.cpu().clone() for name, value in self.average.state_dict().items()}

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "history": self.history,
            "seconds": self.seconds,
            "epoch": asdict(self.epoch),
            "best": {"loss": self.best_loss, "epoch": self.best_epoch, "weights": self.best_weights},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.history, self.seconds, self.epoch = state["history"], state["seconds"], Unfinished(**state["epoch"])
        best = state["best"]
        self.best_loss, self.best_epoch, self.best_weights = best["loss"], best["epoch"], best["weights"]


def validate(
    network: nn.Module, rows: Rows, size: int, loss: Loss = cross_entropy, processes: Processes = ALONE
) -> tuple[float, float]:
    """Mean loss and accuracy over a data set, `size` rows at a time."""
    network.eval()
    device = device_of(network)
    sums = torch.zeros(2, dtype=torch.float64, device=device)
    with torch.inference_mode():
        for batch in islice(rows.in_order(size), processes.rank, None, processes.size):
            inputs, labels = as_tensors(batch, device)
            logits = network(**inputs)
            sums[0] += loss(logits, labels)
            sums[1] += (logits.argmax(1) == labels).sum()
        processes.add([sums])
    total, correct = sums.tolist()
    return total / len(rows), correct / len(rows)


def _as_csv(history: list[dict[str, float]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, history[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return stream.getvalue()
