"""What a network of marks is trained to make small, picture by picture."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from primum.extras import require
from primum.model.regions.spec import STRIDE

_PURPOSE = "Learning marks in images"


def mask_losses(outputs: torch.Tensor, labels: torch.Tensor, k: int) -> torch.Tensor:
    """Return cross-entropy plus Dice loss of each picture, shape (b,).

    Args:
        outputs: logits, shape (b, k, s, s).
        labels: share of each place that is inside, shape (b, k, s, s); below 0 where the picture does not reach.
        k: labels.
    Source: Milletari et al. 2016, "V-Net", for the Dice loss, in MONAI's form; their sum as in Isensee et al. 2021,
        Nature Methods 18 (nnU-Net).
    """
    monai: Any = require("monai.losses", extra="imaging", purpose=_PURPOSE)
    there = (labels >= 0).float()
    wanted = labels.clamp(min=0.0)
    crossed = functional.binary_cross_entropy_with_logits(outputs, wanted, reduction="none") * there
    crossed = crossed.flatten(1).sum(1) / there.flatten(1).sum(1).clamp(min=1.0)
    dice = monai.DiceLoss(reduction="none", smooth_nr=1.0, smooth_dr=1.0)
    overlap: torch.Tensor = dice(torch.sigmoid(outputs) * there, wanted)
    return crossed + overlap.flatten(1).mean(1)


def box_losses(outputs: torch.Tensor, labels: torch.Tensor, k: int) -> torch.Tensor:
    """Return the focal loss of the centres plus the generalised-IoU loss of the boxes, by picture, shape (b,).

    Args:
        outputs: heat maps and distances, shape (b, k + 4, s, s).
        labels: heat maps, distances in places of the map, and the weight of each place, shape (b, k + 5, s, s).
        k: labels.
    Source: Law & Deng 2018, "CornerNet", equation 1, for the focal loss with its penalty lowered near a centre;
        Rezatofighi et al. 2019, CVPR, for generalised IoU, in MONAI's form.
    """
    heat, wanted = outputs[:, :k], labels[:, :k]
    centre = (wanted >= 1.0).float()
    p = torch.sigmoid(heat).clamp(1e-4, 1 - 1e-4)
    near = centre * (1 - p) ** 2 * torch.log(p)
    far = (1 - centre) * (1 - wanted) ** 4 * p**2 * torch.log(1 - p)
    centres = centre.flatten(1).sum(1).clamp(min=1.0)
    return -(near + far).flatten(1).sum(1) / centres + _sides(outputs[:, k:], labels[:, k : k + 4], labels[:, -1])


def _sides(raw: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the weighted mean loss of the boxes of each picture, shape (b,)."""
    monai: Any = require("monai.losses", extra="imaging", purpose=_PURPOSE)
    image, row, column = torch.nonzero(weight > 0, as_tuple=True)
    if not len(image):
        return raw.new_zeros(len(raw)) + 0.0 * raw.flatten(1).sum(1)
    said, true = distances(raw)[image, :, row, column], wanted[image, :, row, column]
    of_each = monai.BoxGIoULoss(reduction="none")(_corners(said), _corners(true)).reshape(-1)
    of_each = of_each * weight[image, row, column]
    total = raw.new_zeros(len(raw)).index_add(0, image, of_each)
    return total / weight.flatten(1).sum(1).clamp(min=1e-6)


def distances(raw: torch.Tensor) -> torch.Tensor:
    """Return the distances, in places of the map, that the head's raw values mean; all above 0."""
    return torch.exp(raw.clamp(-6.0, 6.0)) * STRIDE / 2


def _corners(sides: torch.Tensor) -> torch.Tensor:
    """Return boxes about the origin from distances to left, top, right and bottom, shape (m, 4)."""
    return torch.cat([-sides[:, :2], sides[:, 2:]], 1)
