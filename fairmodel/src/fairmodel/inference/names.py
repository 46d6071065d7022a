"""Names of backends and precisions, for the command line, which must be quick."""

from collections.abc import Mapping

__all__ = ["BACKENDS", "GRAPH", "PRECISIONS"]

GRAPH = "model.onnx"

# name -> module that opens it
BACKENDS: Mapping[str, str] = {
    "torch": "pytorch",
    "onnxruntime": "onnxruntime",
    "openvino": "openvino",
    "tensorrt": "tensorrt",
    "onnxruntime-tensorrt": "onnxruntime_tensorrt",
}

# name -> file with the graph of that precision
PRECISIONS: Mapping[str, str] = {"float32": GRAPH, "float16": "model-float16.onnx", "int8": "model-int8.onnx"}
