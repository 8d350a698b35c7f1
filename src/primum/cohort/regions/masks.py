"""Mask files: one value a pixel, of the size of their image."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from primum.cohort.faults import Faults
from primum.cohort.images import nifti, raster
from primum.cohort.images.reading import Unreadable, quiet
from primum.cohort.regions.pictures import ObjectArray, PictureFiles, each_once, told
from primum.cohort.roles import MasksRole
from primum.evidence.marks import Mark, Marking, components

_KINDS = "PNG, TIFF, NIfTI and JPEG"
Read = tuple[tuple[int, int], tuple[Mark, ...]] | Unreadable


def read_masks(names: ObjectArray, files: PictureFiles, role: MasksRole, *, column: str, faults: Faults) -> Marking:
    """Return the marks that mask files make, each connected piece of a label one mark.

    Args:
        names: each record's mask, None where nothing is marked, shape (n,); a relative path starts at the table's
            folder.
        files: the images.
        role: which values mean what.
        column: of the masks, for messages.
        faults: receives an error for each reason why masks cannot be used, with their rows.
    """
    shapes = files.shapes()
    read = each_once(names, lambda name: _read(name, files, role))
    bad: dict[tuple[str, str], list[int]] = defaultdict(list)
    marks: list[tuple[Mark, ...]] = []
    for place, name in enumerate(names.tolist()):
        found: Read = ((0, 0), ()) if name is None else read[str(name)]
        if isinstance(found, Unreadable):
            bad[found.does, found.mend].append(place)
            marks.append(())
            continue
        shape, of_picture = found
        if name is not None and shapes[place].any() and shape != tuple(shapes[place].tolist()):
            bad["name a mask of another size than their image", "mask and image need the same pixels"].append(place)
        marks.append(of_picture if shapes[place].any() else ())
    for (does, mend), places in bad.items():
        told(faults, column, files.rows[places], does, mend)
    labels = tuple(sorted(set(role.values.values()))) or (role.label,)
    return Marking(kind="masks", labels=labels, shapes=shapes, marks=tuple(marks))


def _read(name: str, files: PictureFiles, role: MasksRole) -> Read:
    path = files.folder / name
    try:
        if not path.is_file():
            return Unreadable("name a mask file that is not there", "put it there, or leave the cell empty")
        if path.stat().st_size > files.role.megabytes * 1_000_000:
            return Unreadable("name a mask file that is too large", "raise cohort.inputs.image.megabytes")
        with quiet():
            values = _values(path.read_bytes(), files)
    except Unreadable as exc:
        return exc
    except (OSError, ValueError, MemoryError):
        return Unreadable("name a mask file that cannot be opened", "check its name and its permissions")
    height, width = values.shape
    return (height, width), tuple(_marks(values, role))


def _values(content: bytes, files: PictureFiles) -> npt.NDArray[np.generic]:
    if raster.belongs(content):
        height, width = raster.stored_shape(content)
        if height * width > files.role.megapixels * 1_000_000:
            raise Unreadable("name a mask file that is too large", "raise cohort.inputs.image.megapixels")
        return raster.read_values(content)
    if nifti.belongs(content):
        return nifti.read_values(content, files.role)
    raise Unreadable(f"name a mask file that is none of {_KINDS}", "save it as one of these")


def _marks(values: npt.NDArray[np.generic], role: MasksRole) -> list[Mark]:
    if not role.values:
        return components(values != 0, role.label)
    marks: list[Mark] = []
    for label in sorted(set(role.values.values())):
        wanted = [value for value, name in role.values.items() if name == label]
        marks += components(np.isin(values, wanted), label)
    return marks
