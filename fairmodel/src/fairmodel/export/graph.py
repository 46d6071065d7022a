"""From a PyTorch network to an ONNX graph: one file, named inputs, dynamic axes."""

import logging
import warnings
from collections.abc import Collection, Mapping

import onnx
import onnxscript.optimizer
import torch
from torch import nn

from ..errors import UserError
from ..inference.graph import OUTPUTS

__all__ = ["WithProbabilities", "inputs_to_cut", "make_graph", "with_all_slots"]

ALIKE = 1e-4  # of the largest logit: what rounding may change


class WithProbabilities(nn.Module):
    """The network as it is exported: logits, and the probabilities they stand for."""

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs in the schema's order, (batch, slot, feature); returns two tensors (batch, class)."""
        logits = self.network(**dict(zip(self.names, inputs, strict=True)))
        return logits, torch.softmax(logits, 1)


def inputs_to_cut(network: nn.Module, inputs: Mapping[str, torch.Tensor]) -> tuple[str, ...]:
    """Names of the inputs that may come with fewer slots: where empty ones are cut off, the network's answer stays."""
    return tuple(name for name in inputs if _may_be_cut(network, name, inputs))


def _may_be_cut(network: nn.Module, name: str, inputs: Mapping[str, torch.Tensor]) -> bool:
    slots = inputs[name].shape[1]
    for kept in sorted({1, (slots + 1) // 2} - {slots}):
        cut = inputs[name][:, :kept]
        padded = torch.cat([cut, torch.zeros_like(inputs[name][:, kept:])], 1)
        with torch.inference_mode():
            expected = network(**{**inputs, name: padded})
            try:
                found = network(**{**inputs, name: cut})
            except Exception:  # networks of a fixed number of slots refuse others in many ways
                return False
        if not (found - expected).abs().max() <= ALIKE * expected.abs().max():
            return False
    return slots > 1


def make_graph(
    module: WithProbabilities, inputs: Mapping[str, torch.Tensor], cut: Collection[str], opset: int
) -> onnx.ModelProto:
    """The graph of the network; the batch axis is dynamic, and the slot axis of the inputs in `cut`.

    PyTorch's names for the axes are replaced by `batch` and `<input>_slots`, and its notes on where in the program an
    operation comes from are dropped: they hold paths of the machine. The IR version is the lowest that goes with the
    opset, since runtimes refuse files of a later one than they know.
    """
    model = _translate(module, inputs, cut, opset)
    _name_axes(model)
    for items in (model.graph.node, model.graph.input, model.graph.output, model.graph.initializer, [model.graph]):
        for item in items:
            item.ClearField("metadata_props")
            item.ClearField("doc_string")
    del model.graph.value_info[:]
    model.ir_version = onnx.helper.find_min_ir_version_for(model.opset_import)
    return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def with_all_slots(model: onnx.ModelProto, slots: Mapping[str, int]) -> onnx.ModelProto:
    """The graph for inputs that have all their slots, with what follows from that computed once and for all."""
    dense = onnx.ModelProto()
    dense.CopyFrom(model)
    del dense.graph.value_info[:]
    for value in dense.graph.input:
        value.type.tensor_type.shape.dim[1].dim_value = slots[value.name]
    dense = onnxscript.optimizer.optimize(dense)
    return onnx.shape_inference.infer_shapes(dense, check_type=True, strict_mode=True, data_prop=True)


def _translate(
    module: WithProbabilities, inputs: Mapping[str, torch.Tensor], cut: Collection[str], opset: int
) -> onnx.ModelProto:
    batch = torch.export.Dim("batch")
    axes = [{0: batch} | ({1: torch.export.Dim.AUTO} if name in cut else {}) for name in module.names]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            tuple(inputs[name] for name in module.names),
            dynamo=True,
            verbose=False,
            opset_version=opset,
            input_names=list(module.names),
            output_names=list(OUTPUTS),
            dynamic_shapes={"inputs": tuple(axes)},
        )
    if program is None:
        message = "PyTorch returned no ONNX program; check the installed torch and onnxscript versions"
        raise UserError(message)
    model: onnx.ModelProto = program.model_proto
    return model


def _name_axes(model: onnx.ModelProto) -> None:
    for value in [*model.graph.input, *model.graph.output]:
        axes = value.type.tensor_type.shape.dim
        axes[0].dim_param = "batch"
        for axis in axes[1:]:
            if axis.dim_param:
                axis.dim_param = f"{value.name}_slots"
