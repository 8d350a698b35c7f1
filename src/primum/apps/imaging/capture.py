"""A picture with its marks drawn in, as a Secondary Capture: for viewers that show nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.apps.imaging.common import highdicom, series_of
from primum.apps.imaging.marks import NOTICE, PURPOSE, Maker, Marks, checked
from primum.apps.imaging.overlay import enlarged, overlay
from primum.apps.imaging.source import Source, silent
from primum.errors import InputError
from primum.extras import require

_PLACEHOLDER = ("L", "P")
"""The library asks for an orientation; the source's own, or none, takes its place before anybody sees it."""
_KEPT = ("PatientOrientation", "Laterality", "ImageLaterality", "BodyPartExamined", "ViewPosition")
"""What says how the picture lies and what it shows; drawing on it changes none of that."""


def capture(source: Source, marks: Marks, maker: Maker) -> Any:
    """Return the picture under heat, boxes and the burned-in notice, in colour, 8 bits; a small one is enlarged for it.

    Raises:
        InputError: the source is no DICOM, or the marks do not fit it.
    """
    header = source.dicom()
    drawn = overlay(*enlarged(source.picture, checked(marks, *source.size)))
    try:
        with silent():
            made = highdicom("sc").SCImage.from_ref_dataset(
                ref_dataset=header,
                pixel_array=np.ascontiguousarray(drawn),
                photometric_interpretation="RGB",
                bits_allocated=8,
                coordinate_system="PATIENT",
                patient_orientation=_PLACEHOLDER,
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                **series_of("sc", maker),
            )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as exc:
        raise InputError("sc: the source's header does not say what a capture of it needs.") from exc
    return _derived(made, header)


def _derived(made: Any, header: Any) -> Any:
    """Return the capture, saying what it was made of and that words are part of its pixels."""
    dataset: Any = require("pydicom.dataset", extra="imaging", purpose=PURPOSE)
    made.PatientOrientation = None
    for name in _KEPT:
        if name in header:
            setattr(made, name, header.get(name))
    made.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    made.BurnedInAnnotation = "YES"
    made.DerivationDescription = NOTICE
    reference = dataset.Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    made.SourceImageSequence = [reference]
    return made
