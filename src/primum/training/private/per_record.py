"""The sum of records' clipped gradients, from one pass forward and one back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn
from torch.func import functional_call

from primum.errors import StudyError
from primum.training.private.layers import KEPT, AbstractKept
from primum.training.private.maps import kept_conv

Losses = Callable[[Callable[..., object]], torch.Tensor]
"""Given the network's call, returns each record's loss, shape (b,)."""


class PerRecord:
    """Clips what each record says of the weights, and adds it up.

    Trainable `nn.Linear`, `nn.Embedding`, `nn.LayerNorm`, `nn.GroupNorm` (`layers.py`) and `nn.Conv2d` (`maps.py`) are
    handled by formulas. Every other trainable weight is handed to each record as a copy of its own, which is exact
    where the module's arithmetic broadcasts over a leading axis of records; `self_test` shows whether it does.
    """

    def __init__(self, net: nn.Module) -> None:
        """Look through the trainable weights of `net`.

        Raises:
            StudyError: a weight stands in two layers, or a layer mixes the records of a batch.
        """
        self.net = net
        self.layers: dict[str, AbstractKept] = {}
        self.own: dict[str, nn.Parameter] = {}
        """Weights that each record gets a copy of."""
        owners: dict[int, str] = {}
        for name, module in net.named_modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                raise StudyError(
                    f"training.privacy: the layer {name} mixes the records of a batch, so that no record's share can "
                    "be bounded; choose a backbone without batch normalisation."
                )
            mine = {n: p for n, p in module.named_parameters(recurse=False) if p.requires_grad}
            for short, parameter in mine.items():
                full = f"{name}.{short}" if name else short
                first = owners.setdefault(id(parameter), full)
                if first != full:
                    raise StudyError(
                        f"training.privacy: {first} and {full} are one weight, which private training cannot clip; "
                        "freeze it with model.adapt: {method: lora}, or choose another backbone."
                    )
            layer = _layer_of(module) if mine else None
            if layer is not None:
                self.layers[name] = layer
            else:
                self.own |= {f"{name}.{short}" if name else short: p for short, p in mine.items()}

    def parameters(self) -> list[nn.Parameter]:
        """Return every trainable weight."""
        return [p for p in self.net.parameters() if p.requires_grad]

    def add_clipped(self, losses: Losses, *, records: int, clip: float) -> torch.Tensor:
        """Add the records' gradients, each at most `clip` long, to the weights' `grad`.

        Args:
            losses: computes each record's loss with the call that it is given in place of the network's.
            records: b.
            clip: the largest norm that a record may have.
        Returns:
            Their norms before clipping, shape (b,).
        """
        norms, copies = self._backward(losses, records)
        with self._exact():
            self._add(norms, copies, clip)
        return norms

    def _add(self, norms: torch.Tensor, copies: Mapping[str, torch.Tensor], clip: float) -> None:
        factors = (clip / norms.clamp(min=1e-12)).clamp(max=1.0)
        for layer in self.layers.values():
            if layer.inputs:
                layer.add(factors)
                layer.forget()
        for name, copy in copies.items():
            if copy.grad is None:
                continue
            parameter = self.own[name]
            value = torch.tensordot(factors, copy.grad.float(), dims=1).to(parameter.dtype)
            parameter.grad = value if parameter.grad is None else parameter.grad.add_(value)

    def norms(self, losses: Losses, *, records: int) -> torch.Tensor:
        """Return each record's gradient norm over all trainable weights, shape (b,), float32."""
        norms, _ = self._backward(losses, records)
        for layer in self.layers.values():
            layer.forget()
        return norms

    def _backward(self, losses: Losses, records: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        copies = {n: p.detach().expand(records, *p.shape).clone().requires_grad_() for n, p in self.own.items()}
        with self._kept(records):
            call = partial(_called, self.net, copies) if copies else self.net
            torch.autograd.backward(losses(call).sum())
        with self._exact():
            return self._norms(copies, records), copies

    @contextmanager
    def _exact(self) -> Iterator[None]:
        """Compute in float32, also inside an autocast, which would turn every product back into half precision."""
        device = next(self.net.parameters()).device.type
        with torch.no_grad(), torch.autocast(device, enabled=False):
            yield

    def _norms(self, copies: Mapping[str, torch.Tensor], records: int) -> torch.Tensor:
        device = next(self.net.parameters()).device
        squared = torch.zeros(records, device=device)
        for name, layer in self.layers.items():
            if not layer.inputs:
                continue
            if any(len(part) != records for part in layer.gradients):
                layer.forget()
                raise StudyError(
                    f"training.privacy: the layer {name} does not keep records apart, so that no record's share can be "
                    "bounded; use model.adapt: {method: head}."
                )
            squared += layer.squared_norms()
        for copy in copies.values():
            if copy.grad is not None:
                squared += copy.grad.float().flatten(1).square().sum(1)
        return squared.sqrt()

    @contextmanager
    def _kept(self, records: int) -> Iterator[None]:
        """Let the layers keep what a record's gradient is made of, for one pass."""
        anchor = torch.zeros((), device=next(self.net.parameters()).device, requires_grad=True)
        for layer in self.layers.values():
            layer.forget()
            layer.module.forward = partial(_forward, layer, anchor, records)
        try:
            yield
        finally:
            for layer in self.layers.values():
                del layer.module.forward


def _forward(layer: AbstractKept, anchor: torch.Tensor, records: int, x: torch.Tensor) -> torch.Tensor:
    return layer.forward(x, anchor, records)


def _called(net: nn.Module, copies: Mapping[str, torch.Tensor], *args: object, **kwargs: object) -> object:
    return functional_call(net, dict(copies), args, kwargs)


def _layer_of(module: nn.Module) -> AbstractKept | None:
    """Return the layer with its formulas, where it is one that they are for, in its plain form."""
    kind = KEPT.get(type(module))
    if kind is None:
        return kept_conv(module)
    if isinstance(module, nn.Embedding):
        plain = module.max_norm is None and not module.scale_grad_by_freq and not module.sparse
    else:
        plain = not isinstance(module, nn.LayerNorm | nn.GroupNorm) or module.weight is not None
    return kind(module) if plain else None
