"""Layers that remember what a record's gradient is made of: activations going in, gradients coming back.

A record's gradient of a weight is never written down. Its norm follows from the products of its activations and of its
output gradients (Goodfellow 2015, "Efficient per-example gradient computations"; for sequences Li et al. 2022, "Large
Language Models Can Be Strong Differentially Private Learners", section 4), and the sum of the clipped gradients is one
product over all records (Bu et al. 2023, "Differentially Private Optimization on Large Model at Small Cost").
All norms and sums are computed in float32, whatever the precision of the layers, from the very numbers that are summed:
so a record's share in the sum is no larger than its norm says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

Keep = Callable[[torch.Tensor, torch.Tensor], None]


class AbstractKept(ABC):
    """One trainable layer during a private step."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.inputs: list[torch.Tensor] = []
        self.gradients: list[torch.Tensor] = []

    @abstractmethod
    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return what the layer answers; `anchor` makes a layer without differentiable input part of the graph."""

    @abstractmethod
    def squared_norms(self) -> torch.Tensor:
        """Return each record's squared gradient norm over the layer's trainable weights, shape (b,), float32."""

    @abstractmethod
    def add(self, factors: torch.Tensor) -> None:
        """Add the records' gradients, each times its factor of shape (b,), to the weights' `grad`."""

    def keep(self, x: torch.Tensor, gradient: torch.Tensor) -> None:
        """Remember one use of the layer."""
        self.inputs.append(x)
        self.gradients.append(gradient)

    def forget(self) -> None:
        """Let go of what was kept."""
        self.inputs.clear()
        self.gradients.clear()

    def _all(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return activations and gradients of every use, side by side along the positions: (b, t, ...)."""
        if len(self.inputs) == 1:
            return self.inputs[0], self.gradients[0]
        return torch.cat(self.inputs, 1), torch.cat(self.gradients, 1)


class KeptLinear(AbstractKept):
    """`nn.Linear`: activations of shape (b, t, d), output gradients of shape (b, t, p)."""

    module: nn.Linear

    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return `functional.linear`."""
        out: torch.Tensor = _Linear.apply(x, self.module.weight, self.module.bias, anchor, self._keep)  # type: ignore[no-untyped-call]
        return out

    def _keep(self, x: torch.Tensor, gradient: torch.Tensor) -> None:
        self.keep(x.reshape(len(x), -1, x.shape[-1]), gradient.reshape(len(gradient), -1, gradient.shape[-1]))

    def squared_norms(self) -> torch.Tensor:
        """Return the norms by whichever product is smaller: positions by positions, or inputs by outputs."""
        x, g = (part.float() for part in self._all())
        total = x.new_zeros(len(x))
        if self.module.weight.requires_grad:
            total += outer_norms(x, g)
        if self.module.bias is not None and self.module.bias.requires_grad:
            total += g.sum(1).square().sum(1)
        return total

    def add(self, factors: torch.Tensor) -> None:
        """Add one product over all records and positions."""
        x, g = self._all()
        g = g.float() * factors[:, None, None]
        if self.module.weight.requires_grad:
            add_to(self.module.weight, g.flatten(0, 1).T @ x.flatten(0, 1).float())
        if self.module.bias is not None and self.module.bias.requires_grad:
            add_to(self.module.bias, g.sum((0, 1)))


class KeptEmbedding(AbstractKept):
    """`nn.Embedding`: ids of shape (b, t), output gradients of shape (b, t, d)."""

    module: nn.Embedding

    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return the rows of the table; one row of positions for all records is counted for each of them."""
        if len(x) == 1 and records > 1:
            x = x.expand(records, *x.shape[1:])
        out: torch.Tensor = _Embedding.apply(x, self.module.weight, anchor, self._keep)  # type: ignore[no-untyped-call]
        return out

    def _keep(self, ids: torch.Tensor, gradient: torch.Tensor) -> None:
        if self.module.padding_idx is not None:
            gradient = gradient.masked_fill((ids == self.module.padding_idx).unsqueeze(-1), 0.0)
        self.keep(ids.reshape(len(ids), -1), gradient.reshape(len(gradient), -1, gradient.shape[-1]))

    def squared_norms(self) -> torch.Tensor:
        """Return the norms: positions with the same id share a row of the table."""
        ids, g = self._all()
        g = g.float()
        same = ids.unsqueeze(2) == ids.unsqueeze(1)
        return (torch.bmm(g, g.transpose(1, 2)) * same).sum((1, 2))

    def add(self, factors: torch.Tensor) -> None:
        """Add every position's gradient to the row of its id."""
        ids, g = self._all()
        weight = self.module.weight
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        weight.grad.index_add_(0, ids.flatten(), (g.float() * factors[:, None, None]).flatten(0, 1))


class KeptLayerNorm(AbstractKept):
    """`nn.LayerNorm`: each record's gradients of scale and shift are as small as the layer and are written down."""

    module: nn.LayerNorm

    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return the normalised activations, scaled and shifted."""
        plain = functional.layer_norm(x, self.module.normalized_shape, None, None, self.module.eps)
        out: torch.Tensor = _Affine.apply(plain, self.module.weight, self.module.bias, anchor, self._keep)  # type: ignore[no-untyped-call]
        return out

    def _keep(self, plain: torch.Tensor, gradient: torch.Tensor) -> None:
        flat = (len(plain), -1, self.module.weight.numel())
        plain, gradient = plain.reshape(flat).float(), gradient.reshape(flat).float()
        scale, shift = (plain * gradient).sum(1), gradient.sum(1)
        if self.inputs:
            self.inputs[0] += scale
            self.gradients[0] += shift
        else:
            self.keep(scale, shift)

    def squared_norms(self) -> torch.Tensor:
        """Return the norms of the gradients of scale and shift."""
        start = self.inputs[0].new_zeros(len(self.inputs[0]))
        return sum((part.square().sum(1) for part, _ in self._parts()), start)

    def add(self, factors: torch.Tensor) -> None:
        """Add the weighted sums."""
        for part, parameter in self._parts():
            add_to(parameter, (factors @ part).view_as(parameter))

    def _parts(self) -> list[tuple[torch.Tensor, nn.Parameter]]:
        pairs = [(self.inputs[0], self.module.weight), (self.gradients[0], self.module.bias)]
        return [(part, p) for part, p in pairs if p is not None and p.requires_grad]


class KeptGroupNorm(KeptLayerNorm):
    """`nn.GroupNorm` of maps (b, c, ...): groups of channels of one record, so that no record sees another."""

    module: nn.GroupNorm  # type: ignore[assignment]

    def forward(self, x: torch.Tensor, anchor: torch.Tensor, records: int) -> torch.Tensor:
        """Return the normalised map, scaled and shifted."""
        shape = (-1, *[1] * (x.ndim - 2))
        plain = functional.group_norm(x, self.module.num_groups, None, None, self.module.eps)
        weight, bias = self.module.weight.reshape(shape), self.module.bias.reshape(shape)
        out: torch.Tensor = _Affine.apply(plain, weight, bias, anchor, self._keep)  # type: ignore[no-untyped-call]
        return out

    def _keep(self, plain: torch.Tensor, gradient: torch.Tensor) -> None:
        super()._keep(plain.movedim(1, -1), gradient.movedim(1, -1))


KEPT: dict[type[nn.Module], type[AbstractKept]] = {
    nn.Linear: KeptLinear,
    nn.Embedding: KeptEmbedding,
    nn.LayerNorm: KeptLayerNorm,
    nn.GroupNorm: KeptGroupNorm,
}
"""Layers by exact class; every other trainable weight is given to each record as a copy of its own."""


def outer_norms(x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """Return |sum over t of g_t x_t'|^2 of each record, for x of shape (b, t, d) and g of shape (b, t, p)."""
    positions, inputs, outputs = x.shape[1], x.shape[2], g.shape[2]
    if positions == 1:
        return x.square().sum((1, 2)) * g.square().sum((1, 2))
    if positions * (inputs + outputs) < inputs * outputs:
        return (torch.bmm(x, x.transpose(1, 2)) * torch.bmm(g, g.transpose(1, 2))).sum((1, 2)).clamp(min=0.0)
    return torch.bmm(g.transpose(1, 2), x).square().sum((1, 2))


def add_to(parameter: torch.Tensor, value: torch.Tensor) -> None:
    """Add a value of the parameter's shape to its `grad`."""
    parameter.grad = value.to(parameter.dtype) if parameter.grad is None else parameter.grad.add_(value)


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, anchor: torch.Tensor, keep: Keep
    ) -> torch.Tensor:
        out = functional.linear(x, weight, bias)
        ctx.save_for_backward(x.to(out.dtype), weight)
        ctx.keep = keep
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (gradient,) = gradients
        ctx.keep(x, gradient)
        below = gradient @ weight.to(gradient.dtype) if ctx.needs_input_grad[0] else None
        return below, None, None, None, None


class _Embedding(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ids: torch.Tensor, weight: torch.Tensor, anchor: torch.Tensor, keep: Keep) -> torch.Tensor:
        ctx.save_for_backward(ids)
        ctx.keep = keep
        return functional.embedding(ids, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[None, ...]:
        (ids,) = ctx.saved_tensors
        ctx.keep(ids, gradients[0])
        return None, None, None, None


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, plain: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, anchor: torch.Tensor, keep: Keep
    ) -> torch.Tensor:
        ctx.save_for_backward(plain, weight)
        ctx.keep = keep
        out = plain * weight
        return out if bias is None else out + bias

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        plain, weight = ctx.saved_tensors
        (gradient,) = gradients
        ctx.keep(plain, gradient)
        below = (gradient * weight).to(plain.dtype) if ctx.needs_input_grad[0] else None
        return below, None, None, None, None
