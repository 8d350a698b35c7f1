"""From stored values to shades of grey: the three kinds of window that DICOM has, and a spread where there is none."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
WindowKind = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
_SPREAD = (0.5, 99.5)
"""Percentiles that become black and white where nothing says how values are to be shown."""
_SAMPLED = 65_536
"""Values that these percentiles are taken from, evenly spread; more change them by less than a shade."""


def windowed(values: npt.NDArray[Any], centre: float, width: float, *, kind: WindowKind = "LINEAR") -> ByteArray:
    """Return values as shades, 0 at and below the window's lower end, 255 at and above its upper.

    Args:
        values: any shape, in the unit of the window (Hounsfield units of a CT).
        centre: of the window.
        width: of the window, at least 1 for LINEAR and above 0 otherwise.
        kind: shape of the window.
    Source: DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3.
    """
    x = np.asarray(values, dtype=np.float32)
    if kind == "SIGMOID":
        share = 1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - centre) / width, -60.0, 60.0)))
    elif kind == "LINEAR_EXACT":
        share = (x - centre) / width + 0.5
    else:
        share = (x - (centre - 0.5)) / max(width - 1.0, 1e-6) + 0.5
    return _shades(share)


def spread(values: npt.NDArray[Any]) -> ByteArray:
    """Return values as shades, from black at their 0.5th to white at their 99.5th percentile; equal ones are black."""
    x = np.asarray(values, dtype=np.float32)
    sample = x.ravel()[:: max(x.size // _SAMPLED, 1)]
    known = sample[np.isfinite(sample)]
    low, high = np.percentile(known, _SPREAD) if len(known) else (0.0, 0.0)
    if high <= low:
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    return _shades((x - low) / (high - low)) if high > low else np.zeros(x.shape, np.uint8)


def _shades(share: npt.NDArray[Any]) -> ByteArray:
    filled = np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.rint(np.clip(filled, 0.0, 1.0) * 255.0), dtype=np.uint8)
