"""The normalisation: what it computes, what it leaves alone, and that an exported graph computes the same."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from fairmodel.layers import Moments, Standardise, is_real

SCALES = np.array([1e-8, 1e-3, 1.0, 1e3])


def objects(rows: int, seed: int) -> torch.Tensor:
    """Objects (row, 6 slots, feature) at very different scales; the last two slots are empty."""
    values = np.random.default_rng(seed).normal(1, 2, (rows, 6, len(SCALES))) * SCALES
    values[:, 4:] = 0
    return torch.from_numpy(values.astype(np.float32))


def fitted(values: torch.Tensor) -> Standardise:
    moments = Moments(len(SCALES))
    for start in range(0, len(values), 7):
        moments.add(values[start : start + 7])
    layer = Standardise(len(SCALES))
    layer.fit(moments)
    return layer


def expected(values: torch.Tensor) -> np.ndarray:
    """The definition, in NumPy and float64, with moments from all real objects at once."""
    array = np.arcsinh(values.numpy().astype(np.float64))
    real = array[:, :4].reshape(-1, len(SCALES))
    result: np.ndarray = np.clip((array - real.mean(0)) / real.std(0), -5, 5)
    result[:, 4:] = 0
    return result


def test_agrees_with_the_definition_at_every_scale() -> None:
    values = objects(50, 0)
    np.testing.assert_allclose(fitted(values)(values).numpy(), expected(values), atol=2e-5)


def test_is_the_identity_until_it_is_fitted() -> None:
    values = objects(3, 1)
    assert torch.equal(Standardise(len(SCALES))(values), values)


def test_a_constant_feature_is_only_centred() -> None:
    values = torch.full((5, 2, 1), 3.0)
    moments = Moments(1)
    moments.add(values)
    layer = Standardise(1)
    layer.fit(moments)
    assert torch.equal(layer(values), torch.zeros_like(values))
    assert layer.scale.item() == 1


def test_a_slot_is_real_wherever_one_of_its_features_is_not_zero() -> None:
    values = torch.tensor([[[0.0, 0.0], [0.0, -1.0], [0.0, 0.0], [2.0, 0.0]]])
    assert is_real(values).squeeze().tolist() == [False, True, False, True]


def test_the_state_dict_says_whether_it_was_fitted() -> None:
    values = objects(9, 2)
    layer, copy = fitted(values), Standardise(len(SCALES))
    copy.load_state_dict(layer.state_dict())
    assert torch.equal(copy(values), layer(values))


@pytest.mark.slow
def test_the_exported_graph_keeps_the_digits_of_tiny_features(tmp_path: Path) -> None:
    values = objects(50, 3)
    network = nn.Sequential(fitted(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(network, (values,), tmp_path / "graph.onnx", dynamo=True, verbose=False, input_names=["x"])
    (found,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx").run(None, {"x": values.numpy()})
    np.testing.assert_allclose(found, expected(values), atol=2e-5)
