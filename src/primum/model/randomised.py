"""A network that has forgotten what it learnt: the same parts, their weights in another order."""

from __future__ import annotations

import copy
from typing import Literal

import torch

from primum.model.net import Net

Part = Literal["head", "whole"]


def randomised_net(net: Net, *, part: Part, seed: int) -> Net:
    """Return a copy of a network of which every weight tensor of a part has its values shuffled.

    Shuffled, not drawn anew: sizes of weights stay, so that answers stay in range and only what was learnt is lost.

    Args:
        net: stays as it is.
        part: head: the last layer alone; whole: every layer, encoders too.
        seed: of the order.
    """
    found = copy.deepcopy(net)
    generator = torch.Generator().manual_seed(seed)
    own = found.head.out if part == "head" else found
    with torch.no_grad():
        for tensor in [*own.parameters(), *(b for b in own.buffers() if b.is_floating_point() and b.ndim)]:
            order = torch.randperm(tensor.numel(), generator=generator)
            tensor.copy_(tensor.flatten()[order].reshape(tensor.shape))
    return found
