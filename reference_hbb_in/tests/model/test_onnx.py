"""The network as an ONNX graph."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from .samples import fit_normalisation, random_jets, random_network


# PyTorch's exporter uses a name that PyTorch itself deprecates
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_onnx_graph_follows_pytorch_at_any_batch_size(tmp_path: Path) -> None:
    network = random_network(dtype=torch.float32, dropped_tracks=[3]).eval()
    jets = random_jets([30, 60, 2, 0, 17, 59, 25], [0, 5, 1, 2, 0, 3, 4], dtype=torch.float32)
    fit_normalisation(network, *jets)
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        network,
        jets,
        path,
        dynamo=True,
        input_names=["tracks", "vertices"],
        output_names=["logits"],
        dynamic_shapes={"tracks": {0: torch.export.Dim.DYNAMIC}, "vertices": {0: torch.export.Dim.DYNAMIC}},
        verbose=False,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for rows in (slice(0, 1), slice(0, 7), slice(2, 4)):
        tracks, vertices = jets[0][rows], jets[1][rows]
        (found,) = session.run(["logits"], {"tracks": tracks.numpy(), "vertices": vertices.numpy()})
        with torch.inference_mode():
            expected = network(tracks, vertices).numpy()
        assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
