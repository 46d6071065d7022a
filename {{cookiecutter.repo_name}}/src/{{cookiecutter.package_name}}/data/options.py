"""`[data.options]` of the configuration."""

from typing import Annotated

from fairmodel.config import Section
from pydantic import Field

__all__ = ["DataOptions"]


class DataOptions(Section):
    """How many jets, and how far apart the two prongs of the signal are."""

    jets: Annotated[int, Field(ge=100, description="jets of both classes together, two to an event")] = 20_000
    mean_particles: Annotated[float, Field(gt=2, le=20, description="mean number of particles in a jet")] = 14.0
    prong_distance: Annotated[float, Field(gt=0, le=1, description="distance of the two prongs")] = 0.35
