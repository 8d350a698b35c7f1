"""Changes of a training picture that its marks go along with: mirrored, another part of it, brighter or darker."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from primum.model.regions.spec import RegionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAugmentation:
    """What may happen to a picture and its marks in training, each time anew."""

    intensity: float = 0.1
    """Largest change of brightness and of contrast, in standard deviations of ImageNet's pixels times four."""
    allow_flips: bool = False
    """Whether left and right, and top and bottom, may be swapped."""

    def applied(
        self, pixels: torch.Tensor, labels: torch.Tensor, spec: RegionSpec
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels (b, 3, h, w) and labels (b, c, s, s), changed alike; the global generator draws how."""
        b = len(pixels)
        if self.allow_flips:
            across, down = torch.rand(2, b) < 0.5
            pixels, labels = _mirrored(pixels, labels, across, axis=3, spec=spec)
            pixels, labels = _mirrored(pixels, labels, down, axis=2, spec=spec)
        contrast, brightness = (torch.rand(2, b, 1, 1, 1) * 2 - 1) * self.intensity
        mean = pixels.mean((1, 2, 3), keepdim=True)
        return mean + (1 + contrast) * (pixels - mean) + 4 * brightness, labels


def _mirrored(
    pixels: torch.Tensor, labels: torch.Tensor, chosen: torch.Tensor, *, axis: int, spec: RegionSpec
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the chosen pictures and labels mirrored; distances to two sides then change places."""
    which = chosen.reshape(-1, 1, 1, 1)
    turned = labels.flip(axis)
    if spec.kind == "boxes":
        k = len(spec.labels)
        near, far = (k, k + 2) if axis == 3 else (k + 1, k + 3)
        order = list(range(labels.shape[1]))
        order[near], order[far] = far, near
        turned = turned[:, order]
    return torch.where(which, pixels.flip(axis), pixels), torch.where(which, turned, labels)
