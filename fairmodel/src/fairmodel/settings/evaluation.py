"""`[evaluation]` of the configuration."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from .section import Fraction, Positive, Section, Seed

__all__ = ["EvaluationConfig", "Group"]


def _of_the_schema(name: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get("spectators", (name,))
    if name not in known:
        message = f"no spectator of this project; it has {', '.join(known) or 'none'}"
        raise ValueError(message)
    return name


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(edges)):
        message = "the edges of bins must rise"
        raise ValueError(message)
    return edges


Spectator = Annotated[str, AfterValidator(_of_the_schema)]
Edges = Annotated[tuple[float, ...], Field(min_length=2), AfterValidator(_rising)]


class Group(Section):
    """A kind of background: the rows with `low` <= spectator < `high`, where a bound may be left out."""

    name: Annotated[str, Field(min_length=1)]
    spectator: Spectator
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.low is None and self.high is None:
            message = "a group needs low, high or both"
            raise ValueError(message)
        if self.low is not None and self.high is not None and self.low >= self.high:
            message = f"low = {self.low:g} must be less than high = {self.high:g}"
            raise ValueError(message)
        return self


class EvaluationConfig(Section):
    """`[evaluation]`: the test-set metrics and their bootstrap errors."""

    batch_size: Positive = 512
    threads: Positive = 1
    bootstrap: Annotated[int, Field(ge=2)] = Field(default=200, description="trials, from which the errors come")
    seed: Seed = 1
    weights: bool = Field(default=False, description="weight the rows as the data set says")
    signal_efficiencies: tuple[Fraction, ...] = Field(default=(0.3, 0.5, 0.8), description="where rejections are given")
    calibration_bins: Positive = 10
    dependence: dict[Spectator, Edges] = Field(default={}, description="edges of the bins of each spectator to look at")
    groups: tuple[Group, ...] = Field(default=(), description="kinds of background to look at one by one")

    @field_validator("groups")
    @classmethod
    def _different_names(cls, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        names = [group.name for group in groups]
        if len(set(names)) < len(names):
            message = f"every group needs a name of its own, got {names}"
            raise ValueError(message)
        return groups

    @property
    def spectators(self) -> tuple[str, ...]:
        """Names of the spectators that the metrics look at, each once."""
        return tuple(dict.fromkeys([*self.dependence, *(group.spectator for group in self.groups)]))
