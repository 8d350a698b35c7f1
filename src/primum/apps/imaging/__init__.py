"""Marks in pictures as files that a hospital's archive and viewers take: an overlay, and four kinds of DICOM."""

from primum.apps.imaging.capture import capture
from primum.apps.imaging.marks import NOTICE, Maker, Marks, unfitted
from primum.apps.imaging.overlay import overlay, png_of
from primum.apps.imaging.presentation import presentation_state
from primum.apps.imaging.reading import read_heat, read_regions, region_of
from primum.apps.imaging.segmentation import heat_segmentation, segmentation
from primum.apps.imaging.source import Source, open_source
from primum.apps.imaging.structured import structured_report
from primum.apps.imaging.writing import OUTPUTS, write_marks

__all__ = [
    "NOTICE",
    "OUTPUTS",
    "Maker",
    "Marks",
    "Source",
    "capture",
    "heat_segmentation",
    "open_source",
    "overlay",
    "png_of",
    "presentation_state",
    "read_heat",
    "read_regions",
    "region_of",
    "segmentation",
    "structured_report",
    "unfitted",
    "write_marks",
]
