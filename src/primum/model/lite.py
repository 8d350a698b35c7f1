"""EfficientNet-Lite0: the small image network whose ImageNet weights come with a package, so that no hub is needed.

Inverted bottlenecks without squeeze-and-excitation, ReLU6 throughout (Tan and Le 2019, "EfficientNet"; the Lite variant
of TensorFlow's model garden). Its batch normalisation is folded into the convolutions when the weights are read: the
network then computes the same, no statistics can drift while it is tuned, and no record sees another in its batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import torch
from torch import nn
from torch.nn import functional

_BLOCKS = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
           (1, 3, 1, 6, 320))  # fmt: skip
"""Repeats, kernel, stride of the first, expansion and outputs of each stage."""
_STEM = 32
WIDTH = 1280
PYRAMID = (24, 40, 112, 320)
"""Channels of the maps that `maps` returns."""
_TAPS = (2, 4, 10, 15)
"""The last block of each side."""
_EPSILON = 1e-3
"""Of the batch normalisation that the weights were trained with."""


class SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow does: ceil(size / stride) outputs, the odd pixel at the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the convolved map, (b, c, ceil(h / stride), ceil(w / stride))."""
        x, padding = self.padded(x)
        return functional.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)

    def padded(self, x: torch.Tensor) -> tuple[torch.Tensor, int]:
        """Return the map, and the padding that is still to be put on each of its sides."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        high, wide = ((ceil(side / stride) - 1) * stride + kernel - side for side in x.shape[-2:])
        if high == wide and high % 2 == 0:
            return x, max(high, 0) // 2
        high, wide = max(high, 0), max(wide, 0)
        return functional.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2]), 0


def _relu6(x: torch.Tensor) -> torch.Tensor:
    """Return x between 0 and 6; in its own place where nothing is learnt, which spares a third of the time there."""
    return functional.relu6(x, inplace=torch.is_inference_mode_enabled())


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand_conv = SameConv(inputs, inner, 1) if expansion != 1 else None
        self.depthwise_conv = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project_conv = SameConv(inner, outputs, 1)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = x if self.expand_conv is None else _relu6(self.expand_conv(x))
        out: torch.Tensor = self.project_conv(_relu6(self.depthwise_conv(inner)))
        return x + out if self.skips else out


class LiteNet(nn.Module):
    """Pixels of shape (b, 3, h, w) to features of shape (b, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = SameConv(3, _STEM, 3, 2)
        blocks, inputs = [], _STEM
        for repeats, kernel, stride, expansion, outputs in _BLOCKS:
            for place in range(repeats):
                step = stride if place == 0 else 1
                blocks.append(_Block(inputs, outputs, kernel=kernel, stride=step, expansion=expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = SameConv(inputs, WIDTH, 1)
        self.map = nn.Identity()  # a place to look at the last map from

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the mean over the last feature map."""
        return self.above(self.below(pixels, len(self.blocks)), len(self.blocks))

    def lower(self, depth: int) -> list[nn.Module]:
        """Return the stem and the first `depth` blocks; nothing where depth is 0."""
        return [self.conv_stem, *list(self.blocks)[:depth]] if depth else []

    def below(self, pixels: torch.Tensor, depth: int) -> torch.Tensor:
        """Return what the stem and the first `depth` blocks make of pixels, (b, c, h, w)."""
        pixels = pixels.contiguous(memory_format=torch.channels_last)  # half the time on a CPU
        x = _relu6(self.conv_stem(pixels))
        for block in list(self.blocks)[:depth]:
            x = block(x)
        return x

    def above(self, x: torch.Tensor, depth: int) -> torch.Tensor:
        """Return the features (b, 1280) that the blocks after the first `depth` make of what those made."""
        x = x.contiguous(memory_format=torch.channels_last)
        for block in list(self.blocks)[depth:]:
            x = block(x)
        last: torch.Tensor = self.map(_relu6(self.conv_head(x)))
        return last.mean((2, 3))

    def maps(self, pixels: torch.Tensor, *, frozen: int = 0) -> list[torch.Tensor]:
        """Return the last maps of 1/4, 1/8, 1/16 and 1/32 of the side, with PYRAMID channels each.

        Args:
            pixels: shape (b, 3, h, w).
            frozen: so many blocks, with the stem, are computed without gradients.
        """
        x = pixels.contiguous(memory_format=torch.channels_last)
        found = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            x = _relu6(self.conv_stem(x))
        for place, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and place >= frozen):
                x = block(x)
            if place in _TAPS:
                found.append(x)
        return found

    def fill(self, published: Mapping[str, torch.Tensor]) -> None:
        """Take over published weights, whose names have underscores and whose batch normalisations stand apart."""
        own = {}
        for conv, norm in self._pairs():
            weight = published[_theirs(conv) + ".weight"]
            gain, shift, mean, variance = (
                published[f"{norm}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")
            )
            scale = gain / torch.sqrt(variance + _EPSILON)
            own[conv + ".weight"] = weight * scale[:, None, None, None]
            own[conv + ".bias"] = shift - mean * scale
        self.load_state_dict(own)

    def _pairs(self) -> list[tuple[str, str]]:
        """Return each convolution's name here, and that of its batch normalisation in the published weights."""
        pairs = [("conv_stem", "_bn0"), ("conv_head", "_bn1")]
        for place, block in enumerate(self.blocks):
            assert isinstance(block, _Block)
            names = ["expand_conv"] if block.expand_conv is not None else []
            names += ["depthwise_conv", "project_conv"]
            first = 3 - len(names)
            pairs += [(f"blocks.{place}.{name}", f"_blocks.{place}._bn{first + i}") for i, name in enumerate(names)]
        return pairs


def _theirs(name: str) -> str:
    """Return a name as the published weights spell it: blocks.3.expand_conv is _blocks.3._expand_conv there."""
    return ".".join(part if part.isdigit() else f"_{part}" for part in name.split("."))
