"""Adversarial training on pictures: the model learns from what an adversary who knows it would make of each picture.

Before every step each picture is moved, every pixel by at most a few of 255, to where a short search finds the largest
loss; with one step this is "fast" training (Wong, Rice & Kolter 2020, ICLR, algorithm 3: a random start, then one step
of 1.25 times the bound), with more that of Madry et al. 2018, ICLR, section 4 (steps that add up to 2.5 times it). Why
not TRADES (Zhang et al. 2019, ICML): its second pass over every picture buys what `strength` below 1 buys as well.

A picture changes with the model, so that features of frozen layers cannot be read once: every step reads pixels. The
epoch is chosen by the loss under a search, too: the plain loss picks the least hardened one (Rice, Wong & Kolter 2020,
ICML).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.model.attacking import Room, room_of, slope_at, with_pixels
from primum.model.batching import cut_by_tokens
from primum.model.inputs import Batch, Prepared, PreparedImage
from primum.model.net import Net
from primum.training.plan import RobustnessPlan

_WHITE = 255.0
_TOKENS = 1536


def hardened(
    net: Net, prepared: Mapping[str, Prepared], batch: Mapping[str, Any], plan: RobustnessPlan
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield shares of the loss and the batches that they are of: pictures moved, and as they are where asked for.

    Args:
        net: as it is now; its weights and their gradients stay as they are.
        prepared: what the batch was made from.
        batch: of `Collate`, with pixels.
        plan: of method pgd. An objective sees the records as they are; where these do not count, the moved ones.
    """
    image = prepared["image"]
    assert isinstance(image, PreparedImage) and plan.levels is not None and plan.steps is not None
    room = room_of(image, batch["inputs"]["image"], plan.levels / _WHITE)
    moved = moved_pictures(net, batch["inputs"], room, batch["labels"], steps=plan.steps)
    hurt = {**batch, "inputs": with_pixels(batch["inputs"], room, moved)}
    if plan.strength >= 1:
        yield 1.0, hurt
        return
    yield plan.strength, {key: value for key, value in hurt.items() if key != "groups"}
    yield 1 - plan.strength, dict(batch)


def moved_pictures(
    net: Net,
    inputs: Mapping[str, Batch],
    room: Room,
    labels: torch.Tensor,
    *,
    steps: int,
    chance: bool = True,
) -> torch.Tensor:
    """Return pictures moved to where a search finds a large loss, shares of white, shape (b, 3, s, s).

    Args:
        net: asked without dropout; left in the mode it was in.
        inputs: a batch with pixels.
        room: where these may go.
        labels: of the batch.
        steps: of the search.
        chance: begin anywhere within the bound, which keeps one step from being learnt by heart; False: at the picture.
    """
    training = net.training
    net.eval()
    moved = room.anywhere() if chance else room.own
    for _ in range(steps):
        slope, _, _ = slope_at(net, inputs, room, moved, labels)
        moved = room.stepped(moved, slope, room.bound * min(1.25, 2.5 / steps))
    net.train(training)
    return moved.detach()


def hardened_losses(
    net: Net, prepared: Mapping[str, Prepared], rows: npt.NDArray[np.int64], labels: torch.Tensor, plan: RobustnessPlan
) -> npt.NDArray[np.float64]:
    """Return the records' losses with their pictures moved, shape (n,), by a search that begins at the picture.

    Args:
        net: the network.
        prepared: inputs of the cohort, with pixels.
        rows: records of the cohort.
        labels: theirs, shape (n,) or (n, k).
        plan: of method pgd.
    """
    image, device = prepared["image"], next(net.parameters()).device
    assert isinstance(image, PreparedImage) and plan.levels is not None and plan.steps is not None
    found = np.empty(len(rows))
    for place in cut_by_tokens(np.arange(len(rows)), image.lengths[rows], _TOKENS):
        taken = {name: one.collate(rows[place]) for name, one in prepared.items()}
        inputs = {name: {key: value.to(device) for key, value in one.items()} for name, one in taken.items()}
        wanted, room = labels[place].to(device), room_of(image, inputs["image"], plan.levels / _WHITE)
        moved = moved_pictures(net, inputs, room, wanted, steps=plan.steps, chance=False)
        with torch.no_grad():
            losses = net.head.losses(net(with_pixels(inputs, room, moved))["logits"], wanted)
        found[place] = losses.double().cpu().numpy()
    return found
