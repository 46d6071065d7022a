"""`[model]` of the configuration."""

from typing import Annotated

from fairmodel.config import Section
from pydantic import Field

__all__ = ["ModelOptions"]


class ModelOptions(Section):
    """Sizes of the network."""

    hidden: Annotated[int, Field(gt=0, description="width of every hidden layer")] = 32
    latent: Annotated[int, Field(gt=0, description="width of the summed representation")] = 16
