"""What is left of pictures at a few pixels: enough to tell scanners, sites and poses apart, and small."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.images.reading import PURPOSE
from primum.cohort.records import ImageColumn
from primum.extras import require

_CHUNK = 256


def thumbnails(images: ImageColumn, rows: npt.NDArray[np.int64], *, side: int = 16) -> npt.NDArray[np.float32]:
    """Return these records' pictures as shares of white on a grid, shape (m, side * side), NaN where there is none.

    A cell is the mean of its pixels, over colours too.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    found = np.full((len(rows), side * side), np.nan, np.float32)
    present = np.flatnonzero([key is not None for key in images.keys[rows]])
    for start in range(0, len(present), _CHUNK):
        some = present[start : start + _CHUNK]
        for place, picture in zip(some.tolist(), images.take(rows[some]), strict=True):
            grey = picture[..., 0] if picture.shape[2] == 1 else np.rint(picture.mean(axis=2)).astype(np.uint8)
            small = image.fromarray(grey).resize((side, side), image.Resampling.BOX)
            found[place] = np.asarray(small, dtype=np.float32).ravel() / 255.0
    return found
