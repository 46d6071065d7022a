"""`[reproduction]` of the configuration."""

from typing import Annotated, Literal

from pydantic import Field

from .section import Fraction, Section

__all__ = ["ReferenceValues", "ReproductionConfig"]

Share = Annotated[float, Field(gt=0, le=1)]


class ReferenceValues(Section):
    """Results that `make reproduce-seeds` compares its trainings with; by default those of the profile's own model."""

    validation_accuracy: Fraction | None = Field(default=None, description="accuracy on the validation rows")
    accuracy: Fraction | None = Field(default=None, description="accuracy on the test rows")
    auc: Fraction | None = Field(default=None, description="area under the curve on the test rows")


class ReproductionConfig(Section):
    """`[reproduction]`: how many trainings the studies of reproducibility make."""

    seeds: Annotated[int, Field(ge=2)] = Field(default=4, description="trainings that differ only in their seed")
    reference: ReferenceValues = Field(default=ReferenceValues(), description="values to compare with")
    splits: tuple[Literal["event", "file", "random-file", "row"], ...] = Field(
        default=("file", "random-file", "row"), description="other ways to split the same data"
    )
    fractions: tuple[Share, ...] = Field(
        default=(0.05, 0.1, 0.2, 0.5, 1.0), min_length=1, description="shares of the training rows on a learning curve"
    )
