"""Adversarial training: the model also learns from records moved a little in the direction that hurts most.

What enters the trained part of the network is moved: the embedded words (or what frozen layers made of them) and the
standardised numbers of the vitals, each record by a set share of its length along the gradient of its loss.

Source: Miyato, Dai and Goodfellow 2017, ICLR ("Adversarial training methods for semi-supervised text classification"),
section 3, equations 2 and 3. We differ in that the length of the move is a share of the record's own length, so that it
means the same for every backbone and every note, and in that the two losses are averaged, not added.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from primum.model.encoders import TextEncoder
from primum.model.inputs import Batch
from primum.model.net import Net

STRENGTH: Mapping[str, float] = {"fgm": 0.1, "pgd": 0.5, "augmentation": 1.0}
"""What is used when a study names none, by method: the length of the move, the share of the loss that moved pictures
have (moved pictures alone led a network tuned on 387 films to one answer for all), or the share of records copied."""
LEVELS, STEPS = 2.0, 2
"""What pgd uses when a study names none."""
_MOVED = ("features", "states", "embedded", "numbers", "pixels", "map")


def opened(net: Net, inputs: Mapping[str, Batch]) -> dict[str, Batch]:
    """Return a batch whose words are embedded where the encoder would do it, so that they can be moved."""
    found = {name: dict(batch) for name, batch in inputs.items()}
    encoder = net.encoders["text"] if "text" in net.encoders else None
    text = found.get("text", {})
    if isinstance(encoder, TextEncoder) and not {"features", "states"} & set(text):
        text["embedded"] = encoder.backbone.get_input_embeddings()(text["ids"])  # type: ignore[operator]
    for batch in found.values():
        for key in set(_MOVED) & set(batch):
            if not batch[key].requires_grad:
                batch[key] = batch[key].detach().requires_grad_()
    return found


def moved(inputs: Mapping[str, Batch], loss: torch.Tensor, strength: float) -> dict[str, Batch]:
    """Return the batch after each record's move of `strength` times its length along the gradient of the loss.

    Args:
        inputs: an opened batch that `loss` was computed from; its graph is kept.
        loss: sum over the records.
        strength: above 0.
    """
    places = [(name, key) for name, batch in inputs.items() for key in _MOVED if key in batch]
    gradients = torch.autograd.grad(loss, [inputs[name][key] for name, key in places], retain_graph=True)
    found = {name: dict(batch) for name, batch in inputs.items()}
    for (name, key), gradient in zip(places, gradients, strict=True):
        value = inputs[name][key]
        mask = _real(inputs[name], value)
        direction = torch.nan_to_num(gradient.detach()) * mask
        length = _length(torch.nan_to_num(value.detach()) * mask)
        step = strength * length / _length(direction).clamp(min=1e-12)
        found[name][key] = value + step * direction
    return found


def _real(batch: Batch, value: torch.Tensor) -> torch.Tensor:
    """Return 1 where a value is of the record and 0 where it is padding, missing or absent; broadcasts to `value`."""
    present = batch["present"].to(value.dtype).reshape(-1, *[1] * (value.ndim - 1))
    if value.ndim == 3:
        return present * batch["mask"].unsqueeze(-1).to(value.dtype)
    return present * (~torch.isnan(value)).to(value.dtype)


def _length(value: torch.Tensor) -> torch.Tensor:
    """Return the Euclidean length of each record's values, broadcastable to them."""
    lengths: torch.Tensor = torch.linalg.vector_norm(value.flatten(1), dim=1)
    return lengths.reshape(-1, *[1] * (value.ndim - 1))
