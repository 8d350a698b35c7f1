"""Masks and a heat map as DICOM Segmentations: bits for masks, fractions for heat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.apps.imaging.common import algorithm_of, device_of, highdicom, series_of
from primum.apps.imaging.marks import PURPOSE, Maker, Marks, checked, code_of
from primum.apps.imaging.source import Source, silent
from primum.errors import InputError
from primum.extras import require


def segmentation(source: Source, marks: Marks, maker: Maker) -> Any:
    """Return a binary Segmentation: one segment for every region that has a mask, in their order.

    A box is no mask, and is none made of: it goes into the report and the presentation state.

    Raises:
        InputError: no region has a mask, the source is no DICOM, or the marks do not fit it.
    """
    marks = checked(marks, *source.size)
    masked = [one for one in marks.regions if one.mask is not None]
    if not masked:
        raise InputError("seg: no region has a mask; ask for sr or pr, which take boxes.")
    masks = np.stack([one.mask for one in masked if one.mask is not None], axis=-1)
    return _written(source, maker, masks.astype(np.uint8), [one.label for one in masked], kind="BINARY")


def heat_segmentation(source: Source, marks: Marks, maker: Maker) -> Any:
    """Return a heat map as a fractional Segmentation: 255 steps from 0 to 1, so that each lies within 1/510.

    Raises:
        InputError: there is no heat map, the source is no DICOM, or the marks do not fit it.
    """
    marks = checked(marks, *source.size)
    if marks.heat is None:
        raise InputError("seg: there is no heat map.")
    return _written(source, maker, marks.heat[..., None], [marks.about or "heat"], kind="FRACTIONAL")


def _written(source: Source, maker: Maker, segments: npt.NDArray[Any], labels: Sequence[str], *, kind: str) -> Any:
    seg, header = highdicom("seg"), source.dicom()
    pixels = np.zeros((source.frames, *segments.shape), segments.dtype)
    pixels[source.frame] = segments
    try:
        with silent():
            return seg.Segmentation(
                source_images=[header],
                pixel_array=pixels,
                segmentation_type=kind,
                segment_descriptions=[_described(n, label, maker) for n, label in enumerate(labels, start=1)],
                omit_empty_frames=bool(segments.any()),
                content_label="AI_MARKS",
                **series_of("seg", maker),
                **device_of(maker),
            )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as exc:
        raise InputError(
            "seg: the source's header does not say what a segmentation of it needs; ask for sr, pr or sc."
        ) from exc


def _described(number: int, label: str, maker: Maker) -> Any:
    codes: Any = require("pydicom.sr.codedict", extra="imaging", purpose=PURPOSE).codes
    return highdicom("seg").SegmentDescription(
        segment_number=number,
        segment_label=label[:64],
        segmented_property_category=codes.SCT.SpatialAndRelationalConcept,
        segmented_property_type=code_of(label),
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm_of(maker),
        tracking_uid=highdicom().UID(),
        tracking_id=f"{number} {label}"[:64],
    )
