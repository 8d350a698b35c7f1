"""DICOM without identifiers: header by the profile of the standard, pixels by reading what is written in them."""

from primum.privacy.dicom.files import Cleaned, Held, clean_file, clean_folder, is_dicom
from primum.privacy.dicom.headers import Profile, clean_header
from primum.privacy.dicom.pixels import Box, clean_pixels, find_text

__all__ = [
    "Box",
    "Cleaned",
    "Held",
    "Profile",
    "clean_file",
    "clean_folder",
    "clean_header",
    "clean_pixels",
    "find_text",
    "is_dicom",
]
