"""`[reproduction]` of the configuration."""

from typing import Annotated, Literal

from pydantic import Field

from .section import Fraction, Section

__all__ = ["ReferenceValues", "ReproductionConfig"]

Share = Annotated[float, Field(gt=0, le=1)]


class ReferenceValues(Section):
    """Results to hold against the trainings of `make reproduce-seeds`; without any, the profile's own model is held."""

    validation_accuracy: Fraction | None = None
    accuracy: Fraction | None = None
    auc: Fraction | None = None


class ReproductionConfig(Section):
    """`[reproduction]`: how many trainings the studies of reproducibility make."""

    seeds: Annotated[int, Field(ge=2)] = Field(default=4, description="trainings that differ in their seed alone")
    reference: ReferenceValues = ReferenceValues()
    splits: tuple[Literal["event", "file", "random-file", "row"], ...] = Field(
        default=("file", "random-file", "row"), description="ways to split the data beside the profile's own"
    )
    fractions: tuple[Share, ...] = Field(
        default=(0.05, 0.1, 0.2, 0.5, 1.0), min_length=1, description="shares of the training rows on a learning curve"
    )
