"""A text encoder as an ONNX graph whose matrix products run in 8-bit integers.

Usual dynamic quantisation takes the scale of the activations over a whole batch, so one patient's answer changes with
the other patients in the batch. Here the scales are fixed beforehand on training texts: every record's answer is its
own. Before that, part of the range of each channel is moved from activations to weights, because a few channels of a
transformer are a hundred times larger than the others.

Source: Xiao et al. 2023, "SmoothQuant", section 4 (equation 4), with one scale an input and one a weight column.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from primum.extras import require
from primum.model.sessions import open_session

Feed = Mapping[str, npt.NDArray[np.int64]]
_MIGRATION = 0.75
"""Share of a channel's range that goes to the weights; 0.7 to 0.8 kept the features of notes nearest to float32."""
_OPSET = "com.microsoft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Smallest and largest value of each channel of one activation, each of shape (channels,)."""

    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]


class _Traced(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.encoder({"ids": ids, "mask": mask})
        return features


def export_encoder(encoder: nn.Module) -> Any:
    """Return a text encoder as a float32 ONNX model: ids and mask (b, s) int64 -> features (b, width).

    Low-rank adaptations are merged into the weights that they adapt.
    """
    size = torch.export.Dim("batch", min=1, max=65536), torch.export.Dim("tokens", min=2, max=65536)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    example = mask.clone(), mask  # two tensors: one in both places would be traced as one input
    return export(
        _Traced(merged(encoder)),
        example,
        inputs=("ids", "mask"),
        outputs=("features",),
        shapes=({0: size[0], 1: size[1]},) * 2,
    )


def export(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    shapes: tuple[Any, ...],
) -> Any:
    """Return a module as a float32 ONNX model.

    Args:
        module: takes the example's tensors.
        example: one tensor an input.
        inputs: their names.
        outputs: names of what the module returns.
        shapes: of each parameter of the module, the axes whose length may vary; a tuple of such for `*given`.
    """
    require("onnxscript", extra="train", purpose="A model for ONNX Runtime")
    chatter = logging.getLogger("torch.onnx")
    level = chatter.level
    chatter.setLevel(logging.ERROR)  # a line for every part of torchvision that is not installed
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module.eval(),
                example,
                dynamo=True,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=shapes,
                external_data=False,
                verbose=False,
            )
    finally:
        chatter.setLevel(level)
    assert program is not None
    model: Any = program.model_proto
    _forget_places(model)
    return model


def _forget_places(model: Any) -> None:
    """Take out of a model where in the code, and in which folders of this machine, its parts came from."""
    parts = [model, model.graph, *model.functions]
    for graph in (model.graph, *model.functions):
        parts += [*graph.node, *graph.value_info]
    parts += [*model.graph.initializer, *model.graph.input, *model.graph.output]
    for part in parts:
        for name in ("metadata_props", "doc_string"):
            if name in part.DESCRIPTOR.fields_by_name:
                part.ClearField(name)


def merged(encoder: nn.Module) -> nn.Module:
    """Return an encoder whose low-rank adaptations are part of the weights that they adapt."""
    if not hasattr(encoder.backbone, "merge_and_unload"):
        return encoder
    merged: Any = copy.deepcopy(encoder)
    merged.backbone = merged.backbone.merge_and_unload()
    return merged  # type: ignore[no-any-return]


def quantise(model: Any, feeds: Iterable[Feed], *, threads: int = 1) -> Any:
    """Return a copy of `model` whose products with constant weights run in 8-bit integers.

    Args:
        model: a float32 ONNX model with inputs ids and mask, as `export_encoder` returns it.
        feeds: batches of training texts, on which the range of every activation is seen.
        threads: of the float32 model that sees them.
    """
    onnx = require("onnx", extra="train", purpose="Prediction in 8-bit integers")
    result = onnx.ModelProto.FromString(model.SerializeToString())
    graph = result.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes = list(graph.node)  # held, for they are known by their identity below
    products = [n for n in nodes if n.op_type == "MatMul" and _is_matrix(weights.get(n.input[1]))]
    inputs = list(dict.fromkeys(node.input[0] for node in products))
    ranges = _ranges(onnx, model, inputs, feeds, threads)
    replaced: dict[int, list[Any]] = {}
    dropped: set[int] = set()
    for name in inputs:
        users = [node for node in products if node.input[0] == name]
        matrices = [onnx.numpy_helper.to_array(weights[node.input[1]]) for node in users]
        smooth = _smoothing(ranges[name], matrices)
        front = _quantised_input(onnx, graph, name, ranges[name], smooth)
        for node, matrix in zip(users, matrices, strict=True):
            bias = _bias_of(nodes, node, weights)
            fused = _integer_product(onnx, graph, node, matrix * smooth[:, None], bias)
            replaced[id(node)] = [*front, fused]
            front = []
            if bias is not None:
                dropped.add(id(bias[0]))
    kept = [new for node in nodes if id(node) not in dropped for new in replaced.get(id(node), [node])]
    del graph.node[:]
    graph.node.extend(kept)
    result.opset_import.append(onnx.helper.make_opsetid(_OPSET, 1))
    _drop_unused(graph)
    return result


def _is_matrix(tensor: Any) -> bool:
    return tensor is not None and len(tensor.dims) == 2


def _ranges(onnx: Any, model: Any, names: list[str], feeds: Iterable[Feed], threads: int) -> dict[str, Range]:
    watched = onnx.ModelProto.FromString(model.SerializeToString())
    for name in names:
        watched.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = open_session(watched.SerializeToString(), threads=threads, approximate=True)
    seen: dict[str, Range] = {}
    for feed in feeds:
        real = feed["mask"].astype(bool)
        for name, value in zip(names, session.run(names, dict(feed)), strict=True):
            # What stands on padding is never read, so its range must not widen the scale.
            rows = value[real] if value.shape[:2] == real.shape else value.reshape(-1, value.shape[-1])
            low, high = rows.min(0), rows.max(0)
            old = seen.get(name, Range(low=low, high=high))
            seen[name] = Range(low=np.minimum(old.low, low), high=np.maximum(old.high, high))
    return seen


def _smoothing(seen: Range, matrices: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Return what each channel of an activation is divided by, shape (channels,), with geometric mean 1."""
    activation = np.maximum(np.maximum(-seen.low, seen.high), 1e-5)
    weight = np.maximum(np.max([np.abs(matrix).max(1) for matrix in matrices], axis=0), 1e-5)
    factor = activation**_MIGRATION / weight ** (1 - _MIGRATION)
    smooth: npt.NDArray[np.float32] = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
    return smooth


def _quantised_input(onnx: Any, graph: Any, name: str, seen: Range, smooth: npt.NDArray[np.float32]) -> list[Any]:
    low, high = min(float((seen.low / smooth).min()), 0.0), max(float((seen.high / smooth).max()), 0.0)
    scale = max((high - low) / 255, 1e-12)
    _constant(onnx, graph, f"{name}/smooth", 1 / smooth)
    _constant(onnx, graph, f"{name}/scale", np.float32(scale))
    _constant(onnx, graph, f"{name}/zero", np.uint8(np.clip(round(-low / scale), 0, 255)))
    return [
        onnx.helper.make_node("Mul", [name, f"{name}/smooth"], [f"{name}/smoothed"]),
        onnx.helper.make_node(
            "QuantizeLinear", [f"{name}/smoothed", f"{name}/scale", f"{name}/zero"], [f"{name}/int8"]
        ),
    ]


def _integer_product(
    onnx: Any, graph: Any, node: Any, matrix: npt.NDArray[np.float32], bias: tuple[Any, str] | None
) -> Any:
    name, weight = node.input[0], f"{node.output[0]}/weight"
    scale = np.maximum(np.abs(matrix).max(0), 1e-12) / 127
    _constant(onnx, graph, weight, np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8))
    _constant(onnx, graph, f"{weight}_scale", scale.astype(np.float32))
    inputs = [f"{name}/int8", weight, f"{name}/scale", f"{weight}_scale", f"{name}/zero", ""]
    output = node.output[0]
    if bias is not None:
        inputs.append(bias[1])
        output = bias[0].output[0]
    return onnx.helper.make_node("MatMulIntegerToFloat", inputs, [output], domain=_OPSET)


def _bias_of(nodes: list[Any], node: Any, weights: Mapping[str, Any]) -> tuple[Any, str] | None:
    """Return the addition that follows a product and the name of the constant vector it adds, if that is all."""
    users = [other for other in nodes if node.output[0] in other.input]
    if len(users) != 1 or users[0].op_type != "Add":
        return None
    added = next(name for name in users[0].input if name != node.output[0])
    tensor = weights.get(added)
    return (users[0], added) if tensor is not None and len(tensor.dims) == 1 else None


def _constant(onnx: Any, graph: Any, name: str, value: Any) -> None:
    graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), name))


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
