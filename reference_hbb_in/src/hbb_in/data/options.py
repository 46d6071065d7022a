"""`[data.options]`: what is simulated, and which jets are kept."""

from typing import Annotated, Self

from fairmodel import Section
from fairmodel.download.cern import SERVER, Protocol
from pydantic import Field, model_validator

__all__ = ["DataOptions", "Window"]

Positive = Annotated[int, Field(gt=0)]
GeV = Annotated[float, Field(gt=0)]
Masses = Annotated[tuple[Annotated[float, Field(ge=500, le=8000)], ...], Field(min_length=1)]
MASSES = (800.0, 900, 1000, 1200, 1400, 1600, 2000, 2500, 3000, 4000, 800, 900, 1000, 800)


class Window(Section):
    """The jets that are kept: the training window of arXiv:1909.12285."""

    pt: tuple[GeV, GeV] = Field(default=(300.0, 2000.0), description="transverse momentum, GeV")
    abs_eta: Annotated[float, Field(gt=0, le=2.5)] = Field(default=2.4, description="largest |pseudorapidity|")
    softdrop_mass: tuple[GeV, GeV] = Field(default=(40.0, 200.0), description="soft-drop mass, GeV")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("pt", "softdrop_mass"):
            low, high = getattr(self, name)
            if low >= high:
                message = f"{name} must rise: {low:g} is not below {high:g}"
                raise ValueError(message)
        return self


class DataOptions(Section):
    """Size and content of the simulated sample, or which CMS files are read.

    Each process is simulated in independent chunks of `chunk_events` events; the signal's chunks go round the list of
    graviton masses, in which a value may stand more than once: the default follows the pT spectrum of the QCD jets, so
    that matching the classes keeps nearly all. Every value here is part of the data set's definition: another
    `batch_events` gives other jets.
    """

    background_chunks: Positive = Field(default=26, description="chunks of QCD multijet events")
    signal_chunks: Positive = Field(default=14, description="chunks of graviton -> HH -> 4b events")
    chunk_events: Annotated[int, Field(gt=0, le=1_000_000)] = Field(default=750, description="events per chunk")
    batch_events: Positive = Field(default=250, description="events in memory at a time")
    graviton_masses: Masses = Field(default=MASSES, description="mass points of the signal's chunks, in turn, GeV")
    pt_hat_min: GeV = Field(default=260.0, description="least pT of the hard QCD scattering, GeV")
    bias_power: Annotated[float, Field(ge=0, le=8)] = Field(
        default=4.5, description="QCD scatterings are generated more often by pT to this power, and weighted back"
    )
    pt_bins: Positive = Field(default=40, description="equally filled pT bins in which the classes are matched")
    pileup: Annotated[float, Field(ge=0, le=200)] = Field(
        default=0.0, description="mean number of minimum-bias collisions laid over each event"
    )
    files: tuple[str, ...] = Field(
        default=("*",), description="names or patterns of the CMS files to fetch; none: use those that lie in data/raw"
    )
    protocol: Protocol = Field(default="http", description="how they are fetched; xrootd needs the package xrootd")
    server: str = Field(default=SERVER, description="where their record is looked up, and fetched from over HTTP")
    window: Window = Window()

    @model_validator(mode="after")
    def _hard_process_below_window(self) -> Self:
        if self.pt_hat_min > self.window.pt[0]:
            message = f"pt_hat_min must not exceed the lower edge of window.pt, {self.window.pt[0]:g} GeV"
            raise ValueError(message)
        return self
