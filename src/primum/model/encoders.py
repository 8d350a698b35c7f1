"""Encoders: one input's tensors in, one feature vector a record out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from primum.model.adapters import layers_of
from primum.model.inference import fused_kernels
from primum.model.inputs.base import Batch
from primum.model.inputs.text import PreparedText
from primum.model.inputs.vitals import VitalsInput
from primum.model.known import begun_above, states_of
from primum.model.lite import LiteNet


class TextEncoder(nn.Module):
    """A pretrained transformer whose token states are averaged over the real tokens.

    The average, not the first token's state: it is what sentence encoders such as minilm were trained for, and it
    needs no pooling layer of its own.
    """

    def __init__(self, backbone: nn.Module, width: int, *, frozen_layers: int = 0) -> None:
        """Encode with `backbone`, the first `frozen_layers` of which, and its embeddings, are not tuned."""
        super().__init__()
        self.backbone = backbone
        self.width = width
        self.frozen_layers = frozen_layers

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return features of shape (b, width).

        Features, or states of frozen layers, that were computed earlier are used, and words that are `embedded`.
        """
        if "features" in batch:
            return batch["features"]
        if "states" in batch:
            with begun_above(layers_of(self.backbone), self.frozen_layers, batch["states"]):
                return self._averaged(batch)
        return self._averaged(batch)

    def embedded(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of tokens, shape (b, s, d), before positions are added."""
        found: torch.Tensor = self.backbone.get_input_embeddings()(ids)  # type: ignore[operator]
        return found

    @contextmanager
    def watched(self) -> Iterator[list[torch.Tensor]]:
        """Collect every layer's attention, each (b, heads, s, s), of what is encoded meanwhile.

        Empty where the kernels in use do not give it.
        """
        seen: list[torch.Tensor] = []

        def look(module: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, tuple) and len(output) > 1 and isinstance(output[1], torch.Tensor):
                if output[1].ndim == 4 and output[1].shape[-1] == output[1].shape[-2]:
                    seen.append(output[1])

        hooks = [module.register_forward_hook(look) for module in self._attentions()]
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()

    def _attentions(self) -> list[nn.Module]:
        """Return one module a layer whose output is its state and its attention."""
        found = []
        for layer in layers_of(self.backbone):
            named = [m for name, m in layer.named_modules() if name.rpartition(".")[2] in ("attention", "attn")]
            found += named[:1]
        return found

    def known(self, text: PreparedText) -> PreparedText:
        """Return the texts with what the frozen layers make of them, where there are any and it can be kept."""
        if not self.frozen_layers:
            return text
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        known = states_of(layers_of(self.backbone), self.frozen_layers, self, text)
        for module, training in modes:  # each as it was: a frozen part of a network in training is not in training
            module.training = training
        return known

    def _averaged(self, batch: Batch) -> torch.Tensor:
        words = {"inputs_embeds": batch["embedded"]} if "embedded" in batch else {"input_ids": batch["ids"]}
        states = self.backbone(**words, attention_mask=batch["mask"]).last_hidden_state
        states = states[:, -batch["ids"].shape[1] :]  # a prefix method may have put virtual tokens in front
        weight = batch["mask"].unsqueeze(-1).to(states.dtype)
        averaged: torch.Tensor = (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)
        return averaged


class ImageEncoder(nn.Module):
    """An image network that gives one vector a picture."""

    def __init__(self, backbone: nn.Module, width: int, *, frozen_blocks: int = 0) -> None:
        """Encode with `backbone`, from pixels (b, 3, s, s) to features (b, width).

        Args:
            backbone: the network.
            width: of its features.
            frozen_blocks: of a LiteNet, first blocks that are not tuned; their maps may be given in place of pixels.
        """
        super().__init__()
        self.backbone = backbone
        self.width = width
        self.frozen_blocks = frozen_blocks

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return features of shape (b, width); those, or maps of frozen blocks, that were computed earlier are used."""
        if "features" in batch:
            return batch["features"]
        with fused_kernels():
            if "map" in batch:
                assert isinstance(self.backbone, LiteNet)
                return self.backbone.above(batch["map"], self.frozen_blocks)
            features: torch.Tensor = self.backbone(batch["pixels"])
        return features


class VitalsEncoder(nn.Module):
    """Piecewise-linear codes of the numbers, embeddings of the categories, a learnt vector for each missing one.

    Source: Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep Learning", section 3.2. We
    differ in what is missing: it is neither imputed nor zero, but a vector of its own for each vital.
    """

    edges: torch.Tensor
    widths: torch.Tensor

    def __init__(self, vitals: VitalsInput, *, width: int, dropout: float, each: int = 12) -> None:
        """Build for the fitted codes of `vitals`; `each` is how many dimensions one vital gets."""
        super().__init__()
        self.width = width
        bins = max((len(code.edges) - 1 for code in vitals.numbers), default=1)
        edges, widths = torch.zeros(len(vitals.numbers), bins), torch.full((len(vitals.numbers), bins), torch.inf)
        for j, code in enumerate(vitals.numbers):
            steps = torch.tensor(code.edges, dtype=torch.float32)
            edges[j, : len(steps) - 1] = steps[:-1]
            widths[j, : len(steps) - 1] = steps.diff().clamp(min=1e-6)
        self.register_buffer("edges", edges)
        self.register_buffer("widths", widths)
        self.number_weight = nn.Parameter(torch.randn(len(vitals.numbers), bins + 1, each) / (bins + 1) ** 0.5)
        self.number_bias = nn.Parameter(torch.zeros(len(vitals.numbers), each))
        self.number_missing = nn.Parameter(torch.randn(len(vitals.numbers), each) * 0.1)
        self.categories = nn.ModuleList(nn.Embedding(len(code.levels) + 2, each) for code in vitals.categories)
        self.count = len(vitals.numbers) + len(vitals.categories)
        total = each * self.count
        self.mix = nn.Sequential(
            nn.Linear(total, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width), nn.LayerNorm(width)
        )

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return features of shape (b, width); codes that were computed earlier (`embedded`) are used."""
        codes = batch["embedded"] if "embedded" in batch else self.coded(batch)
        features: torch.Tensor = self.mix(codes.flatten(1))
        return features

    def coded(self, batch: Batch) -> torch.Tensor:
        """Return each vital's code, numbers then categories, shape (b, v, each)."""
        parts = [self._numbers(batch["numbers"])]
        parts += [table(batch["categories"][:, j]).unsqueeze(1) for j, table in enumerate(self.categories)]
        return torch.cat(parts, dim=1)

    def _numbers(self, numbers: torch.Tensor) -> torch.Tensor:
        missing = torch.isnan(numbers)
        filled = numbers.masked_fill(missing, 0.0).clamp(-8.0, 8.0)  # 8 standard deviations: beyond is a typing error
        pieces = ((filled.unsqueeze(-1) - self.edges) / self.widths).clamp(0.0, 1.0)  # (b, p, bins)
        codes = torch.cat([filled.unsqueeze(-1), pieces], dim=-1)  # (b, p, bins + 1)
        # A product that also takes a leading axis of records on the weights: private training hands each its own copy.
        embedded = (codes.unsqueeze(-2) @ self.number_weight).squeeze(-2) + self.number_bias
        return torch.where(missing.unsqueeze(-1), self.number_missing, torch.relu(embedded))
