"""The project as the engine sees it (docs: "Make it yours")."""

from fairmodel import Project, ReportSection, ValidationSection

from .data.features import SCHEMA
from .data.options import DataOptions
from .model.options import ModelOptions
from .reproduction.published import ABLATIONS, PUBLISHED
from .studies import STUDIES

PROJECT = Project(
    package=__package__,
    schema=SCHEMA,
    prepare=".data.prepare:prepare",
    build=".model.build:build",
    data_options=DataOptions,
    model_options=ModelOptions,
    plot=".data.display:draw_jet",
    loss=".training:loss",
    optimiser=".training:optimiser",
    readers={".root": ".data.cms.reader:NtupleReader"},
    ablations=ABLATIONS,
    published=PUBLISHED,
    studies=STUDIES,
    report=(ReportSection("Beside the published study", "make explain-paper", ".interpretation.command:render"),),
    validation=(
        ValidationSection("Jets", ".validation.jets:Substructure"),
        ValidationSection("Secondary vertices", ".validation.jets:VertexNumbers"),
        ValidationSection("Tracks of light jets", ".validation.tracks:TrackFits"),
        ValidationSection("Errors of the impact parameters", ".validation.resolution:Resolution"),
        ValidationSection("The simulated tracker", ".validation.tracks:TrackerResponse"),
        ValidationSection("Tagging of b jets", ".validation.tagging:Tagging"),
    ),
)
