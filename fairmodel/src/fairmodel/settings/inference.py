"""Names of backends and precisions, for the command line, which must be quick."""

from collections.abc import Mapping

__all__ = ["BACKENDS", "GRAPH", "PRECISIONS"]

GRAPH = "model.onnx"

# name -> function that opens it
BACKENDS: Mapping[str, str] = {
    "torch": "fairmodel.inference.backends.pytorch:open_model",
    "onnxruntime": "fairmodel.inference.backends.onnxruntime:open_model",
    "openvino": "fairmodel.inference.backends.openvino:open_model",
    "tensorrt": "fairmodel.inference.backends.tensorrt:open_model",
    "onnxruntime-tensorrt": "fairmodel.inference.backends.onnxruntime_tensorrt:open_model",
}

# name -> file with the graph of that precision
PRECISIONS: Mapping[str, str] = {"float32": GRAPH, "float16": "model-float16.onnx", "int8": "model-int8.onnx"}
