"""The image networks that have a name. What they are is known without torch; `primum.model.vision` builds them."""

from __future__ import annotations

from dataclasses import dataclass

from primum.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBackbone:
    """An image network that has a name."""

    name: str
    """What a study calls it."""
    about: str
    """What it is, in a sentence."""
    parameters: int
    """How many weights it has."""
    licence: str
    pretrained: bool
    """Whether it comes with weights; without, all of it has to be tuned."""


IMAGE_BACKBONES: Registry[ImageBackbone] = Registry("image backbone")
for _one in (
    ImageBackbone(
        name="efficientnet-lite0",
        about="Small convolutional network with ImageNet weights (EfficientNet-Lite0), 1280 features.",
        parameters=3_350_000,
        licence="Apache-2.0",
        pretrained=True,
    ),
    ImageBackbone(
        name="densenet121",
        about="DenseNet-121 of MONAI, without pretrained weights: all of it is tuned.",
        parameters=6_953_856,
        licence="Apache-2.0",
        pretrained=False,
    ),
):
    IMAGE_BACKBONES.register(_one.name)(_one)
