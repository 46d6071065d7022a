"""The project as the engine sees it (docs: "Make it yours")."""

from fairmodel import Project

from .data.features import SCHEMA
from .data.options import DataOptions
from .interpretation.section import REPORT
from .model.options import ModelOptions
from .reproduction.ablations import ABLATIONS, PUBLISHED
from .studies import STUDIES
from .validation.sections import VALIDATION

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
    report=REPORT,
    validation=VALIDATION,
)
