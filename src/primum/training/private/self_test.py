"""The test before private training: the fast way must give what one record at a time gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from primum.errors import StudyError
from primum.model.net import Net
from primum.training.private.per_record import Losses, PerRecord

TOLERANCE = 1e-3
"""Largest relative difference of a norm, or of the clipped sum, at which private training begins."""


def losses_of(net: Net, batch: dict[str, Any]) -> Losses:
    """Return the way from the network's call to each record's loss on this batch of `Collate`."""

    def losses(call: Any) -> torch.Tensor:
        return net.head.losses(call(batch["inputs"])["logits"], batch["labels"])

    return losses


def self_test(net: Net, batch: dict[str, Any], singles: Sequence[dict[str, Any]], *, clip: float) -> float:
    """Return the largest relative difference between the fast clipped sum, or norms, and one record at a time.

    The pass is made without dropout; weights and their gradients are left as they were.

    Args:
        net: the network about to be trained.
        batch: several records of different lengths, as `Collate` makes them.
        singles: the same records one at a time.
        clip: the largest norm that a record may have.
    Raises:
        StudyError: the difference is above TOLERANCE, so that the stated epsilon would not hold.
    """
    training = net.training
    net.eval()
    fast = PerRecord(net)
    parameters = fast.parameters()
    for parameter in parameters:
        parameter.grad = None
    try:
        norms = fast.add_clipped(losses_of(net, batch), records=len(singles), clip=clip)
    except RuntimeError as exc:  # a weight that no copy a record can be put in the place of
        raise StudyError(
            "training.privacy: this model has layers in which records' gradients cannot be told apart, so that none "
            "could be bounded; use head or lora, or another backbone."
        ) from exc
    found = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    wanted = [torch.zeros_like(p) for p in parameters]
    true_norms = []
    for single in singles:
        gradients = torch.autograd.grad(losses_of(net, single)(net).sum(), parameters, allow_unused=True)
        norm = torch.stack([g.square().sum() for g in gradients if g is not None]).sum().sqrt()
        true_norms.append(norm)
        for total, gradient in zip(wanted, gradients, strict=True):
            if gradient is not None:
                total += gradient * (clip / norm.clamp(min=1e-12)).clamp(max=1.0)
    for parameter in parameters:
        parameter.grad = None
    net.train(training)
    truth = torch.stack(true_norms)
    worst = float(((norms - truth).abs() / truth.clamp(min=1e-6)).max())
    size = max(float(w.abs().max()) for w in wanted) or 1.0
    worst = max(worst, *(float((f - w).abs().max()) / size for f, w in zip(found, wanted, strict=True)))
    if not worst <= TOLERANCE:
        raise StudyError(
            f"training.privacy: on this model records' gradients come out wrong by {worst:.2g}, so no epsilon can be "
            "claimed; use model.adapt: {method: head} or {method: lora}, or another backbone."
        )
    return worst
