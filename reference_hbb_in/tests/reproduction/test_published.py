"""The smaller networks are the published ones, and what was published about the seeds is consistent with itself."""

import itertools
from statistics import NormalDist

import pytest
from fairmodel.reproduce.statistics import Spread, upper_tail

from hbb_in.data.features import SCHEMA
from hbb_in.model.build import build
from hbb_in.model.options import ModelOptions
from hbb_in.reproduction.published import ABLATIONS, DROPPED, PUBLISHED

# arXiv:2212.05081, Table 10, and the indices of the dropped features in the published models' records
PARAMETERS = {"h32-e16-o16": 8498, "h32-e8-o8": 7178, "h16-e8-o8": 2842}
TRACKS = [2, *range(13, 22), 25, 26]
VERTICES = [0, 1, 2, 3, 8]
HALF_A_DIGIT = 0.00005  # of the printed means and deviations


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_networks_have_the_published_number_of_parameters(name: str) -> None:
    assert ABLATIONS.keys() == PARAMETERS.keys()
    network = build(ModelOptions.model_validate(dict(ABLATIONS[name].model)), SCHEMA)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


def test_the_dropped_features_are_the_published_ones() -> None:
    for item, key, places in zip(SCHEMA.inputs, DROPPED, (TRACKS, VERTICES), strict=True):
        assert [item.feature_names.index(name) for name in DROPPED[key]] == places


def test_published_rows_have_the_names_of_the_studies() -> None:
    assert PUBLISHED["ablations"].rows.keys() == {"baseline", *ABLATIONS}


@pytest.mark.parametrize("quantity", ["validation_accuracy", "auc"])
def test_the_published_p_values_are_those_of_a_normal_distribution_to_rounding(quantity: str) -> None:
    """Mean and deviation, as printed, put either reference at one deviation: the p-values differ by what was rounded.

    So only a range can be checked. It holds the published value if both numbers are moved within their last digits.
    """
    row = PUBLISHED["seeds"].rows[quantity]
    mean, deviation = row["mean"] if isinstance(row["mean"], tuple) else (row["mean"], 0.0)
    reference, published = row["reference"], row["p_value"]
    assert isinstance(reference, float)
    assert isinstance(published, float)
    assert upper_tail(reference, Spread(mean, deviation, 10)).normal == pytest.approx(NormalDist().cdf(-1))
    moves = itertools.product((-HALF_A_DIGIT, HALF_A_DIGIT), repeat=2)
    range_of_p = [upper_tail(reference, Spread(mean + a, deviation + b, 10)).normal for a, b in moves]
    assert min(range_of_p) < published < max(range_of_p)
    assert abs(published - NormalDist().cdf(-1)) > 0.02
