"""Marked places as a target: boxes from a table of their own, masks from files, both in pixels as they are stored."""

from primum.cohort.regions.boxes import read_boxes
from primum.cohort.regions.masks import read_masks
from primum.cohort.regions.pictures import PictureFiles, digests_of

__all__ = ["PictureFiles", "digests_of", "read_boxes", "read_masks"]
