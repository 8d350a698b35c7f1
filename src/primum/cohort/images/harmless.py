"""What another export of the same picture differs by: a reader sees no change at all, and a reason should see none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from primum.cohort.images.changes import as_jpeg, turned
from primum.cohort.images.columns import ByteArray, Change, ChangedImages
from primum.cohort.records import ImageColumn

BRIGHTNESS, DEGREES, QUALITY = 0.03, 1.0, 85
"""Share of white that is added, turn, and quality of the JPEG: a display's, a positioning's and an archive's own error.
"""


def brighter(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture a little brighter."""
    return np.asarray(np.clip(picture.astype(np.int16) + round(BRIGHTNESS * 255), 0, 255), dtype=np.uint8)


def turned_a_little(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture turned by one degree, to the side that is drawn."""
    return turned(picture, DEGREES if generator.random() < 0.5 else -DEGREES)


def compressed_a_little(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the picture as a JPEG of good quality gives it back."""
    return as_jpeg(picture, QUALITY)


_CHANGES: Mapping[str, Change] = {
    "brighter": brighter,
    "turned_a_little": turned_a_little,
    "compressed_a_little": compressed_a_little,
}


def harmless_images(images: ImageColumn, *, seed: int) -> list[ChangedImages]:
    """Return the pictures once for each harmless change, changed by it."""
    return [ChangedImages(images, change, name=name, seed=seed) for name, change in _CHANGES.items()]
