"""Parts of pictures: what is left when the rim, the corners or all but the rim is hidden.

Markers of the side, burned-in text, rulers and the edges of the film lie at the rim; what a disease looks like seldom
does. The rim is a seventh of the side wide.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from primum.cohort.images.columns import ByteArray, Change, ChangedImages
from primum.cohort.records import ImageColumn

RIM = 7
"""The rim is the side over this."""


def rim_alone(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return the rim; all inside shows its mean colour."""
    hidden, wide = _nothing(picture), _wide(picture)
    hidden[wide:-wide, wide:-wide] = True
    return _without(picture, hidden)


def centre_alone(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return what is inside the rim; the rim shows its mean colour."""
    hidden, wide = ~_nothing(picture), _wide(picture)
    hidden[wide:-wide, wide:-wide] = False
    return _without(picture, hidden)


def without_corners(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    """Return all but the four corners, each twice as wide as the rim, which show its mean colour."""
    hidden, wide = _nothing(picture), 2 * _wide(picture)
    for rows in (slice(None, wide), slice(-wide, None)):
        for columns in (slice(None, wide), slice(-wide, None)):
            hidden[rows, columns] = True
    return _without(picture, hidden)


def _nothing(picture: ByteArray) -> npt.NDArray[np.bool_]:
    return np.zeros(picture.shape[:2], dtype=bool)


def _wide(picture: ByteArray) -> int:
    return max(int(picture.shape[0]) // RIM, 1)


def _without(picture: ByteArray, hidden: npt.NDArray[np.bool_]) -> ByteArray:
    """Return the picture whose hidden part shows the mean of the rest: not even its brightness is given away."""
    found = picture.copy()
    found[hidden] = np.rint(picture[~hidden].mean(0)).astype(np.uint8)
    return found


_VIEWS: Mapping[str, Change] = {
    "rim_alone": rim_alone,
    "centre_alone": centre_alone,
    "without_corners": without_corners,
}


def views_of(images: ImageColumn) -> dict[str, ChangedImages]:
    """Return the pictures once for each view, by its name: rim_alone, centre_alone, without_corners."""
    return {name: ChangedImages(images, change, name=name, seed=0) for name, change in _VIEWS.items()}
