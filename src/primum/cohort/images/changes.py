"""Small changes to a picture that a camera, a scanner or an archive makes as well; a reader takes it for the same.

The registry belongs to this kind of input: whoever tests a model's robustness runs through it and knows no image.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from primum.cohort.images.columns import ByteArray, Change, ChangedImages
from primum.cohort.images.reading import PURPOSE
from primum.cohort.records import ImageColumn
from primum.extras import require
from primum.later import ndimage
from primum.registry import Registry

NOISE, BLUR, CONTRAST, JPEG, CROP, DEGREES = 0.04, 1.0, 0.7, 30, 0.92, 7.0
"""Standard deviation of the noise (share of white), of the blur (pixels at 224), factor of the contrast, quality of the
JPEG, share of each side that is kept, and most degrees of the turn: severity 1 to 2 of Hendrycks & Dietterich 2019."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One way of changing a picture."""

    family: str
    meaning: Literal["kept", "hidden", "less"]
    """kept: a reader takes it for the same; less: something is gone."""
    change: Change


IMAGE_CHANGES: Registry[ImageChange] = Registry("image change")
"""Every change by name."""


def changed_images(images: ImageColumn, name: str, *, seed: int) -> ChangedImages:
    """Return the pictures after a change of this name; equal seeds change equal pictures alike."""
    return ChangedImages(images, IMAGE_CHANGES.get(name).change, name=name, seed=seed)


def _register(name: str, family: str, meaning: Literal["kept", "less"]) -> Callable[[Change], Change]:
    def registered(change: Change) -> Change:
        IMAGE_CHANGES.register(name)(ImageChange(family=family, meaning=meaning, change=change))
        return change

    return registered


@_register("image_noise", "image_quality", "kept")
def noisy(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture with Gaussian noise on every pixel."""
    return _bytes(picture + generator.normal(0.0, NOISE * 255.0, picture.shape))


@_register("image_blur", "image_quality", "kept")
def blurred(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture out of focus."""
    width = max(BLUR * picture.shape[0] / 224.0, 0.6)  # below, nothing changes
    return _bytes(ndimage.gaussian_filter(picture.astype(np.float32), (width, width, 0.0)))


@_register("image_contrast", "image_quality", "kept")
def low_contrast(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture with its shades drawn towards their mean."""
    mean = float(picture.mean())
    return _bytes(mean + CONTRAST * (picture.astype(np.float32) - mean))


@_register("image_jpeg", "image_quality", "kept")
def compressed(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture as a strongly compressed JPEG gives it back."""
    return as_jpeg(picture, JPEG)


@_register("image_rotation", "image_position", "kept")
def rotated(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture turned by at most a few degrees."""
    return turned(picture, float(generator.uniform(-DEGREES, DEGREES)))


@_register("image_crop", "image_position", "less")
def cropped(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return a part of the picture, its place drawn, at the picture's size."""
    return part_of(picture, CROP, generator)


def as_jpeg(picture: ByteArray, quality: int) -> ByteArray:
    """Return a picture of shape (h, w, c) as a JPEG of this quality gives it back."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    written = io.BytesIO()
    image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(written, "JPEG", quality=quality)
    with image.open(io.BytesIO(written.getvalue()), formats=("JPEG",)) as opened:
        return np.asarray(opened).reshape(picture.shape)


def turned(picture: ByteArray, degrees: float) -> ByteArray:
    """Return a picture of shape (h, w, c) turned about its middle, black where nothing was."""
    return _bytes(ndimage.rotate(picture.astype(np.float32), degrees, reshape=False, order=1))


def part_of(picture: ByteArray, share: float, generator: np.random.Generator) -> ByteArray:
    """Return a part with this share of each side, its place drawn, at the size of the whole."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    height, width = picture.shape[:2]
    inside = max(round(height * share), 1), max(round(width * share), 1)
    top = int(generator.integers(height - inside[0] + 1))
    left = int(generator.integers(width - inside[1] + 1))
    part = picture[top : top + inside[0], left : left + inside[1]]
    plain = image.fromarray(np.ascontiguousarray(part[..., 0] if part.shape[2] == 1 else part))
    return np.asarray(plain.resize((width, height), image.Resampling.BILINEAR)).reshape(picture.shape)


def _bytes(values: Any) -> ByteArray:
    return np.asarray(np.rint(np.clip(values, 0.0, 255.0)), dtype=np.uint8)
