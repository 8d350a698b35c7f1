"""The network of marks: the maps of a pretrained encoder, put together from coarse to fine, and one head on the finest.

The decoder is a feature pyramid (Lin et al. 2017, CVPR). For masks the head gives each place a logit a label; for boxes
it gives a heat map of centres a label and the distances from a centre to the four sides (Zhou et al. 2019, "Objects as
points"; distances in place of a size as in Tian et al. 2019, "FCOS").
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

from primum.model.inference import fused_kernels
from primum.model.inputs.base import Batch
from primum.model.lite import PYRAMID, LiteNet
from primum.model.net import Fusion, Head, Net
from primum.model.regions.losses import box_losses, mask_losses
from primum.model.regions.spec import STRIDE, RegionSpec

_RARE = -4.6
"""Logit at which a heat map begins: one place in a hundred (Lin et al. 2017, "Focal loss", section 3.3)."""
_GROUPS = 8


class PyramidEncoder(nn.Module):
    """An image network that gives maps of four sides, those of pixels or those that were computed earlier."""

    def __init__(self, backbone: LiteNet, *, frozen: int | None) -> None:
        """Encode with `backbone`, whose first `frozen` blocks, all for None, stay as they are."""
        super().__init__()
        self.backbone = backbone
        self.width = PYRAMID[-1]
        self.frozen = len(backbone.blocks) if frozen is None else frozen
        backbone.requires_grad_(False)
        for block in list(backbone.blocks)[self.frozen :]:
            block.requires_grad_(True)

    def forward(self, batch: Batch) -> list[torch.Tensor]:
        """Return maps of shape (b, c, s, s) with s of 1/4 to 1/32 of the side."""
        if "map0" in batch:
            return [batch[f"map{place}"] for place in range(len(PYRAMID))]
        with fused_kernels():
            return self.backbone.maps(batch["pixels"], frozen=self.frozen)


class _Through(nn.Module):
    """In the place of a fusion: there is one input, and its maps pass."""

    def forward(self, features: dict[str, list[torch.Tensor]], present: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        return features["image"]


class RegionHead(nn.Module):
    """Decoder and head of marks."""

    shift: torch.Tensor

    def __init__(self, spec: RegionSpec) -> None:
        """Build for `spec`; all of it starts from nothing."""
        super().__init__()
        self.spec = spec
        self.sides = nn.ModuleList(nn.Conv2d(channels, spec.width, 1) for channels in PYRAMID)
        self.smooth = nn.ModuleList(_smooth(spec.width) for _ in PYRAMID)
        self.last = _smooth(spec.width)
        self.out = nn.Conv2d(spec.width, spec.channels, 1)
        self.register_buffer("shift", torch.zeros(()))
        if spec.kind == "boxes":
            with torch.no_grad():
                self.out.bias[: len(spec.labels)].fill_(_RARE)  # type: ignore[index]

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Return answers of shape (b, channels, s, s), s a quarter of the picture's side."""
        with fused_kernels():
            return self.decoded(maps)

    def decoded(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Return what `forward` returns, with whatever kernels are set around."""
        found: torch.Tensor | None = None
        for side, smooth, one in reversed(list(zip(self.sides, self.smooth, maps, strict=True))):
            here = side(one)
            if found is not None:
                here = here + functional.interpolate(found, scale_factor=2.0, mode="nearest")
            found = smooth(here)
        answers: torch.Tensor = self.out(self.last(found))
        return answers

    def losses(self, outputs: torch.Tensor, labels: torch.Tensor, *, smoothing: float = 0.0) -> torch.Tensor:
        """Return each picture's loss, shape (b,), in float32; `labels` as `primum.model.regions.targets` makes them.

        Of `smoothing` a marked place has none: most of a picture is unmarked, and would be pulled towards a mark.
        """
        of_kind = mask_losses if self.spec.kind == "masks" else box_losses
        return of_kind(outputs.float(), labels.float(), len(self.spec.labels))

    def answer(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return how much of the map is marked, shape (b,): all that a training's log asks of an answer."""
        return torch.sigmoid(outputs[:, : len(self.spec.labels)].double()).amax(1).mean((1, 2))


def _smooth(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False), nn.GroupNorm(_GROUPS, width), nn.ReLU(inplace=True)
    )


def build_region_net(spec: RegionSpec, backbone: LiteNet) -> Net:
    """Return the network of `spec` on an encoder; it trains and answers as every other of primum's does."""
    assert spec.size % (8 * STRIDE) == 0
    encoder = PyramidEncoder(backbone, frozen=spec.frozen)
    return Net({"image": encoder}, cast(Fusion, _Through()), cast(Head, RegionHead(spec)))
