"""Run configurations: `config/<profile>.toml`, validated into frozen objects before anything runs."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator

from .errors import UserError
from .files import read_toml
from .schema import Schema
from .settings.evaluation import EvaluationConfig
from .settings.interpretation import InterpretationConfig
from .settings.reproduction import ReproductionConfig
from .settings.section import Fraction, Positive, Section, Seed

__all__ = [
    "DataConfig",
    "EvaluationConfig",
    "ExportConfig",
    "Fractions",
    "InterpretationConfig",
    "ReportConfig",
    "RunConfig",
    "Section",
    "TrainingConfig",
    "load_config",
    "profiles",
]

Model = TypeVar("Model", bound=BaseModel)


class Fractions(Section):
    """Share of the rows that each split gets; they add up to one."""

    train: Fraction = Field(description="rows that the network is fitted to")
    val: Fraction = Field(description="rows that choose the best epoch")
    test: Fraction = Field(description="rows for the metrics, unseen by the training")

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = self.train + self.val + self.test
        if abs(total - 1) > 1e-9:
            message = f"train + val + test must be 1, not {total:g}"
            raise ValueError(message)
        return self


class DataConfig(Section):
    """`[data]`: where the rows come from; `[data.options]` is the project's own model."""

    source: Literal["simulation", "zenodo", "cern"] = Field(default="simulation", description="origin of the rows")
    seed: Seed = Field(default=1, description="decides everything random in the data step")
    split: Literal["event", "file", "random-file", "row", "k-fold"] = Field(
        default="event", description="what stays together in one split, and how it is chosen"
    )
    fractions: Fractions = Field(
        default=Fractions(train=0.7, val=0.1, test=0.2), description="shares of the rows; they add up to one"
    )
    folds: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="k-fold: number of parts", validate_default=True
    )
    fold: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="k-fold: which part is val, from 0", validate_default=True
    )
    options: Any = Field(default=None, description="keys that the project declares (`DataOptions`)")

    @field_validator("folds", "fold")
    @classmethod
    def _of_a_k_fold(cls, value: int | None, info: ValidationInfo) -> int | None:
        method = info.data.get("split")
        if method == "k-fold" and value is None:
            message = "split = 'k-fold' needs both folds and fold"
            raise ValueError(message)
        if method not in (None, "k-fold") and value is not None:
            message = f"goes with split = 'k-fold', here split = {method!r}"
            raise ValueError(message)
        return value

    @field_validator("fold")
    @classmethod
    def _one_of_the_folds(cls, value: int | None, info: ValidationInfo) -> int | None:
        folds = info.data.get("folds")
        if value is not None and folds is not None and value >= folds:
            message = f"folds are counted from 0, so that the last one is {folds - 1}"
            raise ValueError(message)
        return value


class TrainingConfig(Section):
    """`[training]`: optimisation, stopping and the seed of everything random in it."""

    seed: Seed = Field(default=1, description="decides everything random in the training")
    epochs: Positive = Field(description="largest number of passes over the training rows")
    batch_size: Positive = Field(default=128, description="rows per step of the optimiser")
    micro_batch: Positive = Field(default=128, description="rows per backward pass; gradients of a batch add up")
    optimiser: Literal["adam", "adamw"] = Field(default="adamw", description="read by the project's `optimiser`")
    learning_rate: Annotated[float, Field(gt=0)] = Field(default=1e-3, description="highest one of the schedule")
    weight_decay: Annotated[float, Field(ge=0)] = Field(default=0.0, description="read by the project's `optimiser`")
    schedule: Literal["constant", "one-cycle"] = Field(
        default="constant", description="learning rate of each step: always the same, or one rise and fall"
    )
    ema_decay: Fraction | None = Field(
        default=None, description="evaluate and keep the exponential moving average of the weights, with this decay"
    )
    patience: Positive = Field(default=8, description="epochs without a better validation loss before stopping")
    normalise: bool = Field(default=True, description="standardise the inputs from the training rows")
    shuffle_rows: Positive = Field(
        default=131072, description="rows held in memory and shuffled together; a data set with no more is read once"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: a GPU if there is one")
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="arithmetic of the matrix products in the training"
    )
    threads: Positive = Field(default=1, description="CPU threads; another number rounds differently")


class ExportConfig(Section):
    """`[export]`: the ONNX graph and how closely it must follow PyTorch."""

    opset: Annotated[int, Field(ge=18, le=23)] = Field(default=18, description="version of the ONNX operators")
    tolerance: Annotated[float, Field(gt=0)] = Field(
        default=1e-4, description="largest relative difference of a logit from PyTorch"
    )
    rows: Positive = Field(default=256, description="test rows on which the graph is compared")
    calibration_rows: Positive = Field(default=1024, description="training rows from which int8 gets its scales")


class ReportConfig(Section):
    """`[report]`: the HTML page."""

    score_bins: Positive = Field(default=40, description="bins of the score histograms")


class RunConfig(Section):
    """A whole profile. `profile` is the file's name, never a key in it."""

    profile: str
    data: DataConfig
    model: Any = None
    training: TrainingConfig
    evaluation: EvaluationConfig = EvaluationConfig()
    export: ExportConfig = ExportConfig()
    interpretation: InterpretationConfig = InterpretationConfig()
    report: ReportConfig = ReportConfig()
    reproduction: ReproductionConfig = ReproductionConfig()


def profiles(folder: Path) -> list[str]:
    """Names of the profiles in a configuration folder."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_config(
    path: Path, data_options: type[Section], model_options: type[Section], schema: Schema | None = None
) -> RunConfig:
    """Read and validate one profile.

    `data_options` and `model_options` are the project's models of `[data.options]` and `[model]`; with its `schema`,
    what is named of the data must be there. Raises UserError naming file, key path, value and what was expected.
    """
    if not path.exists():
        known = ", ".join(profiles(path.parent))
        message = f"there is no profile {path.stem!r}: {path} does not exist; profiles here: {known}"
        raise UserError(message)
    content = read_toml(path)
    problems: list[str] = []
    data = content.get("data")
    if isinstance(data, dict):
        options = _validate(data_options, data.get("options", {}), ("data", "options"), problems)
        content["data"] = data | {"options": options}
    content["model"] = _validate(model_options, content.get("model", {}), ("model",), problems)
    context = _known_names(schema) if schema else None
    config = _validate(RunConfig, {"profile": path.stem} | content, (), problems, context)
    if "profile" in content:
        problems.append("profile: not a key; the file's name is the profile")
    if problems or config is None:
        message = f"{path} is not a valid configuration: " + "; ".join(problems)
        raise UserError(message)
    return config


def _known_names(schema: Schema) -> dict[str, Any]:
    """What a configuration may name of the data: spectators, and features by input."""
    return {
        "spectators": [feature.name for feature in schema.spectators],
        "features": {item.name: item.feature_names for item in schema.inputs},
    }


def _validate(
    model: type[Model],
    content: Any,
    where: tuple[str, ...],
    problems: list[str],
    context: dict[str, Any] | None = None,
) -> Model | None:
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        for item in error.errors():
            key = ".".join(str(part) for part in (*where, *item["loc"]) if part != "[key]") or "(top level)"
            expected = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                expected = f"unknown key; known here: {', '.join(_known_keys(model, item['loc'][:-1]))}"
            value = "" if item["type"] == "missing" else f" = {item['input']!r}"
            problems.append(f"{key}{value}: {expected}")
        return None


def _known_keys(model: type[BaseModel], where: tuple[int | str, ...]) -> list[str]:
    for part in where:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            inner = [item for item in (annotation, *get_args(annotation)) if isinstance(item, type)]
            model = next(item for item in inner if issubclass(item, BaseModel))
    return [name for name in model.model_fields if name != "profile"]
