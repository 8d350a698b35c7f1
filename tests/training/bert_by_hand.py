"""The built-in backbone written out in numpy, in float64, from the tensors of a safetensors file alone.

The oracle of the adaptation methods: Devlin et al. 2019 and Vaswani et al. 2017, with what each method adds to it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf, softmax

LAYERS, HEADS, WIDTH = 6, 12, 384


class Weights:
    """Tensors by the names they have in the plain backbone, whatever a method has wrapped around them."""

    def __init__(self, path: Path) -> None:
        self.tensors = {name: value.astype(np.float64) for name, value in load_file(path).items()}

    def __call__(self, name: str) -> np.ndarray:
        layer = name.replace("encoder.layer.", "").split(".")[0]
        wrapped = name.replace(f"layer.{layer}.", f"layer.{layer}.layer.")
        base = ".base_layer.".join(name.rsplit(".", 1))
        front = "encoders.text.backbone."
        for known in (name, wrapped, base):
            for start in ("", front, f"{front}base_model.", f"{front}base_model.model."):
                if start + known in self.tensors:
                    return self.tensors[start + known]
        raise KeyError(name)

    def added(self, *parts: str) -> np.ndarray | None:
        """Return the one tensor whose name holds all these parts, if there is one."""
        found = [value for name, value in self.tensors.items() if all(part in name for part in parts)]
        assert len(found) <= 1
        return found[0] if found else None


def features(weights: Weights, ids: list[int], *, alpha: float = 16.0) -> np.ndarray:
    """Return the averaged token states (384,) of one unpadded note."""
    states = weights("embeddings.word_embeddings.weight")[ids] + weights("embeddings.token_type_embeddings.weight")[0]
    states = states + weights("embeddings.position_embeddings.weight")[: len(ids)]
    states = _normalised(states, weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        states = _layer(states, weights, layer, alpha)
    return states.mean(0)


def answer(weights: Weights, fused: np.ndarray) -> np.ndarray:
    """Return the head's probabilities."""
    return softmax(weights.tensors["head.out.weight"] @ fused + weights.tensors["head.out.bias"])


def product(weights: Weights, name: str, alpha: float) -> np.ndarray:
    """Return a weight matrix with what lora (W + B A alpha / r) or adalora (W + P diag(E) Q alpha / r) adds to it."""
    matrix = weights(f"{name}.weight")
    a, b, e = (weights.added(f"{name}.lora_{part}.") for part in "ABE")
    if a is None:
        return matrix
    scaled = a if e is None else e * a
    return matrix + b @ scaled * alpha / len(a)


def _layer(states: np.ndarray, weights: Weights, layer: int, alpha: float) -> np.ndarray:
    name = f"encoder.layer.{layer}"
    query, key, value = (
        states @ product(weights, f"{name}.attention.self.{part}", alpha).T
        + weights(f"{name}.attention.self.{part}.bias")
        for part in ("query", "key", "value")
    )
    prefix = weights.added("prompt_encoder")
    if prefix is not None:  # virtual tokens x (layer, key or value, width)
        before = prefix.reshape(len(prefix), LAYERS, 2, WIDTH)[:, layer]
        key, value = np.concatenate([before[:, 0], key]), np.concatenate([before[:, 1], value])
    mixed = np.empty_like(states)
    for head in np.split(np.arange(WIDTH), HEADS):
        scores = query[:, head] @ key[:, head].T / np.sqrt(len(head))
        mixed[:, head] = softmax(scores, axis=1) @ value[:, head]
    states = _normalised(
        states + _linear(mixed, weights, f"{name}.attention.output.dense"),
        weights,
        f"{name}.attention.output.LayerNorm",
    )
    inner = _linear(states, weights, f"{name}.intermediate.dense")
    inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
    states = _normalised(states + _linear(inner, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")
    down = weights.added(f"layer.{layer}.down.weight")
    if down is None:
        return states
    bottleneck = np.maximum(states @ down.T + weights.added(f"layer.{layer}.down.bias"), 0)
    return states + bottleneck @ weights.added(f"layer.{layer}.up.weight").T + weights.added(f"layer.{layer}.up.bias")


def _linear(states: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    return states @ weights(f"{name}.weight").T + weights(f"{name}.bias")


def _normalised(states: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    centred = states - states.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return scaled * weights(f"{name}.weight") + weights(f"{name}.bias")
