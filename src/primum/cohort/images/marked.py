"""Places that people marked in a cohort's pictures, boxes in a table of their own or masks in a column of files.

They judge reasons and are never learnt from. Boxes are in pixels of the image as it is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.build import folder_of
from primum.cohort.cohort import Cohort
from primum.cohort.columns import number
from primum.cohort.faults import Faults, rows_named
from primum.cohort.gather import gather
from primum.cohort.images.reading import PURPOSE, Unreadable, quiet
from primum.cohort.leave_out import LeaveOut
from primum.cohort.readers import Table, open_table
from primum.cohort.roles import ImageRole
from primum.errors import ColumnError
from primum.evidence.regions import Region
from primum.extras import require

_CORNERS, _SIZES = ("xmin", "ymin", "xmax", "ymax"), ("x", "y", "w", "h")
_LABELS = ("label", "finding", "class", "category")
_ALONE = "region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What is marked in the pictures of n records."""

    regions: Sequence[Sequence[Region]]
    """Of each record; empty where nothing is marked or nobody looked."""
    shapes: npt.NDArray[np.int64]
    """Height and width of each marked image as it is stored, 0 of others, shape (n, 2)."""


def read_marked(source: Any, cohort: Cohort, *, boxes: Path | None, masks: str | None) -> Marked:
    """Return the places that people marked in the pictures of a cohort's own records.

    Args:
        source: where the cohort was read from.
        cohort: the records; those that were left out are left out here as well.
        boxes: a table with a column of the records' image column's name (or `image`, or `id`), of a label (`label`,
            `finding`, `class` or `category`; else all are "region"), and xmin, ymin, xmax, ymax, or x, y, w, h.
        masks: a column of the records with files of masks, of the size of their image, in which 0 is nothing.
    Raises:
        ColumnError: the cohort has no images, a column is not there, or holds what is no number, box or mask (rows are
            named, values never).
    """
    role = cohort.roles.inputs.image
    if role is None:
        raise ColumnError("assess.localisation: places are marked in images; the study names no image column.")
    wanted = [role.column, *([masks] if masks else [])]
    gathered = gather(open_table(source), wanted, [], consent=cohort.roles.consent, leave_out=LeaveOut.of(cohort.roles))
    names = gathered.coded[role.column].strings()
    found: list[list[Region]] = [[] for _ in range(len(cohort))]
    faults = Faults()
    if boxes is not None:
        by_record = {"id": cohort.ids[: len(names)], role.column: names}
        for row, regions in _boxes(open_table(boxes), by_record, role.column, faults).items():
            found[row] += regions
    if masks is not None:
        files = gathered.coded[masks].strings()
        for row, regions in _masks(files, folder_of(source), masks, gathered.rows, faults).items():
            found[row] += regions
    shapes = np.zeros((len(cohort), 2), dtype=np.int64)
    for row in [row for row, own in enumerate(found) if own and names[row] is not None]:
        shapes[row] = _shape(folder_of(source) / str(names[row]), role)
    faults.raise_any()
    return Marked(regions=found, shapes=shapes)


def _boxes(
    table: Table, keys: Mapping[str, npt.NDArray[np.object_]], column: str, faults: Faults
) -> dict[int, list[Region]]:
    key = next((name for name in (column, "image", "id") if name in table.columns), None)
    corners = next((four for four in (_CORNERS, _SIZES) if set(four) <= set(table.columns)), None)
    if key is None or corners is None:
        raise ColumnError(f"{table.name}: expected a column {column!r}, and xmin, ymin, xmax, ymax, or x, y, w, h.")
    label = next((name for name in _LABELS if name in table.columns), None)
    given = [name for batch in table.batches([key]) for name in batch.column(key).to_pylist()]
    known = max(keys.values(), key=lambda values: len(set(given) & set(values.tolist())))
    places = {name: row for row, name in enumerate(known.tolist()) if name is not None}
    found: dict[int, list[Region]] = defaultdict(list)
    wrong, line = [], 0
    for batch in table.batches(list(dict.fromkeys([key, *corners, *([label] if label else [])]))):
        cells = {name: batch.column(name).to_pylist() for name in batch.schema.names}
        for at, name in enumerate(cells[key]):
            line += 1
            a, b, c, d = (number(cells[one][at] or "") for one in corners)
            right, bottom = (c, d) if corners == _CORNERS else (a + c, b + d)
            if not (right > a and bottom > b):
                wrong.append(line)
            elif name in places:
                said = (cells[label][at] if label else None) or _ALONE
                found[places[name]].append(Region(label=said, box=(a, b, right, bottom)))
    if wrong:
        rows, verb = rows_named(np.array(wrong)), "hold" if len(wrong) > 1 else "holds"
        faults.add(ColumnError(f"{table.name}: {rows} {verb} no box ({', '.join(corners)}, in pixels); mend them."))
    elif not found:
        faults.add(ColumnError(f"{table.name}: no box is of a record's image; its column {key!r} must name them."))
    return found


def _masks(
    files: npt.NDArray[np.object_], folder: Path, column: str, rows: npt.NDArray[np.int64], faults: Faults
) -> dict[int, list[Region]]:
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    found: dict[int, list[Region]] = {}
    wrong = []
    with quiet():
        for row, name in enumerate(files.tolist()):
            if name is None:
                continue
            try:
                with image.open(folder / str(name)) as opened:
                    mask = np.asarray(opened.convert("L")) > 0
            except (OSError, ValueError, SyntaxError, image.DecompressionBombError):
                wrong.append(int(rows[row]))
                continue
            if mask.any():
                high, wide = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
                box = float(wide[0]), float(high[0]), float(wide[-1] + 1), float(high[-1] + 1)
                found[row] = [Region(label=_ALONE, box=box, mask=mask)]
    if wrong:
        told, verb = rows_named(np.array(wrong)), "name" if len(wrong) > 1 else "names"
        faults.add(ColumnError(f"column {column!r}: {told} {verb} no mask that can be read; mend or empty them."))
    return found


def _shape(path: Path, role: ImageRole) -> tuple[int, int]:
    """Return height and width of an image that was read before, the way up that it is shown."""
    from primum.cohort.images import dicom, nifti, raster

    content = path.read_bytes()
    with quiet():
        if not dicom.marked(content) and raster.belongs(content):
            image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
            turned: Any = require("PIL.ImageOps", extra="imaging", purpose=PURPOSE)
            with image.open(path) as opened:
                upright = turned.exif_transpose(opened)
                return int(upright.height), int(upright.width)
        try:
            height, width = (nifti if nifti.belongs(content) else dicom).read(content, role).shape[:2]
        except Unreadable:
            return 0, 0
    return int(height), int(width)
