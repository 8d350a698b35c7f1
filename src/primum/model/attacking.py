"""Pictures moved within a small bound so that the right answer loses most: what an adversary who knows the model does.

Source: Goodfellow et al. 2015, ICLR (one step); Madry et al. 2018, ICLR (several, projected). We start from the picture
itself, so that equal questions have equal answers, and keep the worst step.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from primum.model.batching import prediction_batches
from primum.model.inference import fused_kernels
from primum.model.inputs import Prepared, PreparedImage
from primum.model.net import Net

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_TOKENS = 1536


def attacked_answers(
    net: Net, prepared: Mapping[str, Prepared], truth: IntArray, *, bound: float, steps: int
) -> FloatArray:
    """Return the answers on records whose pictures were moved, shape (n, k): of the step at which the truth lost most.

    Args:
        net: in evaluation mode; its weights stay as they are.
        prepared: its inputs; those beside the pictures stay as they are.
        truth: classes (n,), or 0/1 for each label (n, k).
        bound: most that a pixel moves, share of white.
        steps: 1: one step to the edge of the bound; more: each a quarter of the bound, kept inside it.
    """
    image = prepared["image"]
    assert isinstance(image, PreparedImage)
    mean, scale = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (image.form.mean, image.form.scale))
    grey = image.images is not None and image.images.channels == 1
    found = np.empty((len(truth), net.head.spec.outputs))
    for rows in prediction_batches(image.lengths, _TOKENS):
        batch = {name: dict(one.collate(rows)) for name, one in prepared.items()}
        start = (batch["image"]["pixels"] * scale + mean).clamp(0, 1)
        wanted = torch.from_numpy(truth[rows])
        moved, worst = start, torch.full((len(rows),), -torch.inf)
        for step in range(steps + 1):
            moved = moved.detach().requires_grad_()
            with torch.enable_grad(), fused_kernels():
                outputs = net({**batch, "image": {**batch["image"], "pixels": (moved - mean) / scale}})["logits"]
                losses = net.head.losses(outputs, wanted)
                (slope,) = torch.autograd.grad(losses.sum(), [moved])
            worse = losses.detach() > worst
            worst = torch.where(worse, losses.detach(), worst)
            found[rows[worse.numpy()]] = net.head.answer(outputs.detach())[worse].numpy()
            if step == steps:
                break
            direction = slope.sum(1, keepdim=True).expand_as(slope) if grey else slope
            length = bound if steps == 1 else bound / 4
            moved = (moved.detach() + length * direction.sign()).clamp(start - bound, start + bound).clamp(0, 1)
    return found
