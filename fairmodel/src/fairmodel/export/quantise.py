"""Graphs with fewer bits, from the exported one."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from ..inference.blocks import BlockSize, blocks
from ..inference.graph import Graph

__all__ = ["to_float16", "to_int8"]

PRODUCTS = ("Conv", "Gemm", "MatMul")


def to_float16(graph: Graph) -> onnx.ModelProto:
    """The graph in float16, with inputs and outputs in float32.

    What comes before the first matrix product stays in float32 too: inputs in physical units may be larger than float16
    can hold, or so small that it takes them for zero, and an object for an empty slot.
    """
    model = onnx.load_model_from_string(graph.content)
    model = convert_float_to_float16(model, keep_io_types=True, node_block_list=_before_products(model))
    _drop_detours(model)
    OnnxModel(model).topological_sort()
    return _described(model, graph)


def to_int8(graph: Graph, inputs: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The graph with matrix products of 8-bit integers, quantised statically, with a scale for each channel.

    The scales come from what the values are for the `inputs`, float32 (row, slot, feature), which should be rows of the
    training split.
    """
    with tempfile.TemporaryDirectory() as folder:
        original, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("original", "prepared", "made"))
        original.write_bytes(graph.content)
        quant_pre_process(str(original), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(made),
            _Calibration(graph, inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gemm"],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return _described(onnx.load(made), graph)


def _before_products(model: onnx.ModelProto) -> list[str]:
    """Names of the operations that no matrix product comes before."""
    behind: set[str] = set()
    names = []
    for node in model.graph.node:
        if node.op_type in PRODUCTS or not behind.isdisjoint(node.input):
            behind.update(node.output)
        else:
            names.append(node.name)
    return names


def _drop_detours(model: onnx.ModelProto) -> None:
    """Let what is computed in float32 take float32: the conversion puts a cast to float16 and back in between."""
    maker = {output: node for node in model.graph.node for output in node.output}
    original: dict[str, str] = {}
    for node in model.graph.node:
        before = maker.get(node.input[0]) if _casts_to(node, onnx.TensorProto.FLOAT) else None
        if before is not None and _casts_to(before, onnx.TensorProto.FLOAT16):
            original[node.output[0]] = before.input[0]
    for node in model.graph.node:
        node.input[:] = [original.get(name, name) for name in node.input]
    while unused := _unused_casts(model):
        for node in unused:
            model.graph.node.remove(node)
    del model.graph.value_info[:]


def _casts_to(node: onnx.NodeProto, kind: int) -> bool:
    return node.op_type == "Cast" and node.attribute[0].i == kind


def _unused_casts(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    used = {name for node in model.graph.node for name in node.input} | {item.name for item in model.graph.output}
    return [node for node in model.graph.node if node.op_type == "Cast" and used.isdisjoint(node.output)]


def _described(model: onnx.ModelProto, graph: Graph) -> onnx.ModelProto:
    onnx.helper.set_model_props(model, dict(graph.properties))
    onnx.checker.check_model(model, full_check=True)
    return model


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """The rows in the blocks in which a runtime would see them."""

    def __init__(self, graph: Graph, inputs: Mapping[str, np.ndarray]) -> None:
        self._parts: Iterator[dict[str, np.ndarray]] = iter([dict(inputs)])
        if graph.cut:
            self._parts = (block for _, block in blocks(inputs, graph.cut, BlockSize()))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next block, or nothing after the last."""
        return next(self._parts, None)
