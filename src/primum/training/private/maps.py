"""Convolutions that remember what a record's gradient is made of; see `primum.training.private.layers`.

A convolution is a linear layer on patches, so that its norms and sums follow as those of a linear layer do (Bu, Mao &
Xu 2022, NeurIPS, "Scalable and Efficient Training of Large Convolutional Neural Networks with Differential Privacy").
Where channels are convolved in groups, a record's gradient is as small as the weights of a group are few and is written
down: one convolution whose groups are those of all records side by side (Rochette, Manoel & Tramel 2019,
arXiv:1912.06015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

from primum.model.lite import SameConv
from primum.training.private.layers import AbstractKept, add_to, outer_norms

Pair = tuple[int, int]
Settings = tuple[Pair, Pair, Pair, int]
"""Stride, padding, dilation, groups."""


class KeptConv(AbstractKept):
    """`nn.Conv2d` without groups: patches of shape (b, t, c * kernel), output gradients of shape (b, t, p)."""

    module: nn.Conv2d

    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return the convolved map."""
        x, padding = self.module.padded(x) if isinstance(self.module, SameConv) else (x, self.module.padding)
        pads = (padding, padding) if isinstance(padding, int) else (int(padding[0]), int(padding[1]))
        module = self.module
        settings = (_pair(module.stride), pads, _pair(module.dilation), module.groups)
        out: torch.Tensor = _Conv.apply(x, module.weight, module.bias, anchor, settings, self._keep)  # type: ignore[no-untyped-call]
        return out

    def _keep(self, x: torch.Tensor, gradient: torch.Tensor, settings: Settings) -> None:
        stride, padding, dilation, _ = settings
        kernel = _pair(self.module.kernel_size)
        plain = kernel == (1, 1) and stride == (1, 1) and padding == (0, 0)
        patches = x.flatten(2) if plain else functional.unfold(x.float(), kernel, dilation, padding, stride)
        self.keep(patches.transpose(1, 2), gradient.flatten(2).transpose(1, 2))

    def squared_norms(self) -> torch.Tensor:
        """Return the norms by whichever product is smaller: places by places, or inputs by outputs."""
        x, g = (part.float() for part in self._all())
        total = x.new_zeros(len(x))
        if self.module.weight.requires_grad:
            total += outer_norms(x, g)
        if self.module.bias is not None and self.module.bias.requires_grad:
            total += g.sum(1).square().sum(1)
        return total

    def add(self, factors: torch.Tensor) -> None:
        """Add one product over all records and places."""
        x, g = self._all()
        g = g.float() * factors[:, None, None]
        if self.module.weight.requires_grad:
            value = g.flatten(0, 1).T @ x.flatten(0, 1).float()
            add_to(self.module.weight, value.view_as(self.module.weight))
        if self.module.bias is not None and self.module.bias.requires_grad:
            add_to(self.module.bias, g.sum((0, 1)))


class KeptGroupedConv(KeptConv):
    """`nn.Conv2d` in groups: each record's gradients of weight (b, *weight) and bias (b, p) are written down."""

    def _keep(self, x: torch.Tensor, gradient: torch.Tensor, settings: Settings) -> None:
        stride, padding, dilation, groups = settings
        records, shape = len(x), self.module.weight.shape
        x, gradient = x.float(), gradient.float()
        beside = (1, -1, *x.shape[2:]), (1, -1, *gradient.shape[2:])
        weight = conv2d_weight(  # type: ignore[no-untyped-call]
            x.reshape(beside[0]),
            (records * shape[0], *shape[1:]),
            gradient.reshape(beside[1]),
            stride,
            padding,
            dilation,
            records * groups,
        ).reshape(records, *shape)
        if self.inputs:
            self.inputs[0] += weight
            self.gradients[0] += gradient.sum((2, 3))
        else:
            self.keep(weight, gradient.sum((2, 3)))

    def squared_norms(self) -> torch.Tensor:
        """Return the norms of what was written down."""
        start = self.inputs[0].new_zeros(len(self.inputs[0]))
        return sum((part.square().flatten(1).sum(1) for part, _ in self._parts()), start)

    def add(self, factors: torch.Tensor) -> None:
        """Add the weighted sums."""
        for part, parameter in self._parts():
            add_to(parameter, torch.tensordot(factors, part, dims=1))

    def _parts(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        pairs: list[tuple[torch.Tensor, torch.Tensor | None]]
        pairs = [(self.inputs[0], self.module.weight), (self.gradients[0], self.module.bias)]
        return [(part, p) for part, p in pairs if p is not None and p.requires_grad]


def kept_conv(module: nn.Module) -> AbstractKept | None:
    """Return the layer for a convolution of maps; None for another module, or one that pads in another way."""
    if type(module) not in (nn.Conv2d, SameConv):
        return None
    assert isinstance(module, nn.Conv2d)
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        return None
    return KeptConv(module) if module.groups == 1 else KeptGroupedConv(module)


def _pair(value: tuple[int, ...]) -> Pair:
    return value[0], value[1]


_Keep = Callable[[torch.Tensor, torch.Tensor, Settings], None]


class _Conv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        anchor: torch.Tensor,
        settings: Settings,
        keep: _Keep,
    ) -> torch.Tensor:
        out = functional.conv2d(x, weight, bias, *settings)
        ctx.save_for_backward(x.to(out.dtype), weight)
        ctx.settings, ctx.keep = settings, keep
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (gradient,) = gradients
        ctx.keep(x, gradient, ctx.settings)
        below = None
        if ctx.needs_input_grad[0]:
            weight = weight.to(gradient.dtype)
            below = conv2d_input(x.shape, weight, gradient, *ctx.settings)  # type: ignore[no-untyped-call]
        return below, None, None, None, None, None
