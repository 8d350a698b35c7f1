"""Marked places as a Softcopy Presentation State: boxes and words that a viewer lays over the source."""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.apps.imaging.common import device_of, frames_of, highdicom, series_of
from primum.apps.imaging.marks import NOTICE, PURPOSE, Maker, Marks, checked, labelled
from primum.apps.imaging.source import Source, silent
from primum.errors import InputError
from primum.extras import require

_LAYER = "AI MARKS"


def presentation_state(source: Source, marks: Marks, maker: Maker) -> Any:
    """Return boxes with their labels, grey or in colour as the source is; the source's own window stays.

    Raises:
        InputError: there is no region, the source is no DICOM, or the marks do not fit it.
    """
    marks = checked(marks, *source.size)
    if not marks.regions:
        raise InputError("pr: there is no region; ask for sc, which takes a heat map.")
    header = source.dicom()
    try:
        with silent():
            return _state(source, marks, maker, header)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as exc:
        raise InputError("pr: the source's header does not say what a presentation state of it needs.") from exc


def _state(source: Source, marks: Marks, maker: Maker, header: Any) -> Any:
    pr = highdicom("pr")
    layer = pr.GraphicLayer(layer_name=_LAYER, order=1, description=NOTICE)
    annotation = pr.GraphicAnnotation(
        referenced_images=[header],
        graphic_layer=layer,
        referenced_frame_number=frames_of(source.frame, source.frames),
        graphic_objects=[_box(one.box) for one in marks.regions],
        text_objects=[_words(*pair, source) for pair in zip(labelled(marks.regions), marks.regions, strict=True)],
    )
    grey = int(header.get("SamplesPerPixel", 1)) == 1
    colours = {} if grey or "ICCProfile" in header else {"icc_profile": _standard_colours()}
    form = pr.GrayscaleSoftcopyPresentationState if grey else pr.ColorSoftcopyPresentationState
    return form(
        referenced_images=[header],
        content_label="AI_MARKS",
        content_description=NOTICE,
        graphic_annotations=[annotation],
        graphic_layers=[layer],
        **series_of("pr", maker),
        **device_of(maker),
        **colours,
    )


def _standard_colours() -> bytes:
    """Return the profile of sRGB, as which viewers show colours that come without one.

    DICOM asks for the class of an input device (PS3.3, C.11.15.1); that of a display holds the same matrix and curves.
    """
    cms: Any = require("PIL.ImageCms", extra="imaging", purpose=PURPOSE)
    display = bytes(cms.ImageCmsProfile(cms.createProfile("sRGB")).tobytes())
    return display[:12] + b"scnr" + display[16:]


def _box(box: tuple[float, float, float, float]) -> Any:
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], dtype=np.float64)
    return highdicom("pr").GraphicObject(graphic_type="POLYLINE", graphic_data=corners, units="PIXEL")


def _words(words: str, region: Any, source: Source) -> Any:
    left, top, _, _ = region.box
    return highdicom("pr").TextObject(
        text_value=words, units="PIXEL", anchor_point=(left, top), anchor_point_visible=False, text_justification="LEFT"
    )
