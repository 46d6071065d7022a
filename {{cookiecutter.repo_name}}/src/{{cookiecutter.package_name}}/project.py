"""The project as the engine sees it (docs: "Make it yours")."""

from fairmodel import Ablation, Project

from .data.features import SCHEMA
from .data.options import DataOptions
from .model.options import ModelOptions

PROJECT = Project(
    package=__package__,
    schema=SCHEMA,
    prepare=".data.prepare:prepare",
    build=".model.deep_sets:build",
    data_options=DataOptions,
    model_options=ModelOptions,
    plot=".data.display:draw_jet",
    loss=".training:loss",
    optimiser=".training:optimiser",
    ablations={
        "small": Ablation("8 hidden units, sum of 4", {"hidden": 8, "latent": 4}),
        "tiny": Ablation("4 hidden units, sum of 2", {"hidden": 4, "latent": 2}),
    },
)
