"""Images of a cohort: any of the formats of medicine in, small pictures of one shape out, cached outside memory."""

from primum.cohort.images.changes import IMAGE_CHANGES, ImageChange, changed_images
from primum.cohort.images.columns import ChangedImages, ChosenImages, HeldImages, JoinedImages, MadeUpImages
from primum.cohort.images.harmless import harmless_images
from primum.cohort.images.reading import IMAGE_KINDS, Unreadable, read_picture, read_whole
from primum.cohort.images.spool import StoredImages, read_images
from primum.cohort.images.thumbnails import thumbnails
from primum.cohort.images.views import views_of

__all__ = [
    "IMAGE_CHANGES",
    "IMAGE_KINDS",
    "ChangedImages",
    "ChosenImages",
    "HeldImages",
    "ImageChange",
    "JoinedImages",
    "MadeUpImages",
    "StoredImages",
    "Unreadable",
    "changed_images",
    "harmless_images",
    "read_images",
    "read_picture",
    "read_whole",
    "thumbnails",
    "views_of",
]
