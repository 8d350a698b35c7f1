"""Pictures moved within a small bound by somebody who sees answers alone: random squares, kept where they hurt.

It needs no gradient, so it also finds what a network hides that turns wrong without showing a slope (gradient masking:
Athalye, Carlini & Wagner 2018, ICML).
Source: Andriushchenko et al. 2020, ECCV ("Square Attack"), algorithm 2 and the schedule of section 4. We differ in that
a grey picture's three colours move alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
import torch

from primum.model.attacking import FloatArray, IntArray, Room, Worst, harm_of, parts_of, with_pixels
from primum.model.inference import fused_kernels, inference
from primum.model.inputs import Batch, Prepared
from primum.model.net import Net

_FIRST_SHARE = 0.8
"""Of the pixels, that the first square covers."""
_HALVED_AT = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Of 10,000 questions, after which the share is halved."""


def blindly_attacked_answers(
    net: Net, prepared: Mapping[str, Prepared], truth: IntArray, *, bound: float, questions: int, seed: int = 7
) -> FloatArray:
    """Return the answers on records whose pictures were moved, shape (n, k): of the question where the truth lost most.

    Args:
        net: in evaluation mode; it is asked for answers alone.
        prepared: its inputs; those beside the pictures stay as they are.
        truth: classes (n,), or 0/1 for each label (n, k).
        bound: most that a pixel moves, share of white.
        questions: asked about each record, besides the one about it as it is.
        seed: of the squares.
    """
    draws = np.random.default_rng(seed)
    worst = Worst(net, len(truth))
    for rows, inputs, labels, room in parts_of(net, prepared, truth, bound):
        moved = room.own
        for question in range(questions + 1):
            tried = moved if not question else _striped(room, draws) if question == 1 else moved.clone()
            if question > 1:
                _squared(tried, room, sqrt(_share(question / questions)), draws)
            worse = worst.meet(rows, *_asked(net, inputs, room, tried, labels))
            kept = torch.from_numpy(worse).to(moved.device).reshape(-1, 1, 1, 1)
            moved = torch.where(kept, tried, moved)
    return worst.answers


def _asked(
    net: Net, inputs: Mapping[str, Batch], room: Room, pixels: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    with inference(), fused_kernels():
        outputs = net(with_pixels(inputs, room, pixels))["logits"]
        return harm_of(net.head, outputs, labels), outputs


def _share(progress: float) -> float:
    """Return the share of the pixels that a square covers, from the share of the questions that were asked."""
    return float(_FIRST_SHARE / 2 ** sum(progress * 10_000 > at for at in _HALVED_AT))


def _signs(room: Room, shape: tuple[int, ...], draws: np.random.Generator) -> torch.Tensor:
    """Return the bound with a random sign for each colour, of shape (1 or 3, ...)."""
    colours = draws.choice([-1.0, 1.0], size=(1 if room.grey else 3, *shape)) * room.bound
    return torch.from_numpy(colours).to(room.own)


def _striped(room: Room, draws: np.random.Generator) -> torch.Tensor:
    """Return the pictures under vertical stripes of one pixel, each up or down by the bound."""
    stripes = [_signs(room, (1, room.own.shape[-1]), draws) for _ in room.own]
    return room.kept(room.own + torch.stack(stripes))


def _squared(pixels: torch.Tensor, room: Room, part: float, draws: np.random.Generator) -> None:
    """Move, in place, one square of each picture, whose side is this part of the picture's, to an end of the bound."""
    whole = pixels.shape[-1]
    side = min(max(round(part * whole), 1), whole)
    for one, own in zip(pixels, room.own, strict=True):
        top, left = draws.integers(0, whole - side + 1, size=2)
        place = (slice(None), slice(top, top + side), slice(left, left + side))
        one[place] = (own[place] + _signs(room, (1, 1), draws)).clamp(0, 1)
