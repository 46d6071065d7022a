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

    name: Annotated[str, Field(min_length=1, description="name in tables and figures")]
    spectator: Spectator = Field(description="quantity that defines the group")
    low: float | None = Field(default=None, description="lower bound, included")
    high: float | None = Field(default=None, description="upper bound, excluded")

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

    batch_size: Positive = Field(default=512, description="rows that the network answers at a time")
    threads: Positive = Field(default=1, description="CPU threads")
    bootstrap: Annotated[int, Field(ge=2)] = Field(default=200, description="bootstrap samples for the errors")
    seed: Seed = Field(default=1, description="decides the bootstrap samples")
    weights: bool = Field(default=False, description="weight each row with the column `weights` of the data set")
    signal_efficiencies: tuple[Fraction, ...] = Field(
        default=(0.3, 0.5, 0.8), description="signal efficiencies at which rejections are given"
    )
    calibration_bins: Positive = Field(default=10, description="bins of the reliability curve")
    dependence: dict[Spectator, Edges] = Field(default={}, description="by spectator: the edges of its bins")
    groups: tuple[Group, ...] = Field(default=(), description="kinds of background that get metrics of their own")

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
