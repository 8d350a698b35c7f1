"""A table of boxes beside the records: one box a row, in pixels of the image as it is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import number
from primum.cohort.faults import Faults
from primum.cohort.readers import Table, open_table
from primum.cohort.regions.pictures import ObjectArray, PictureFiles, told
from primum.cohort.roles import BoxesRole
from primum.errors import CohortError, ColumnError
from primum.evidence.marks import Mark, Marking

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_SIZES = (("x", "y", "w", "h"), ("x", "y", "width", "height"))
_LABELS = ("label", "class", "category")
_ALONE = "region"
_SLACK = 1.0
"""Pixels that a box may reach over the edge of its picture, by rounding; it is cut there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Boxes:
    """The rows of a table of boxes."""

    table: str
    """Its name."""
    key: str
    """Its column that names pictures."""
    columns: tuple[str, ...]
    """Those of the four numbers."""
    named: list[str | None]
    corners: npt.NDArray[np.float64]
    """Left, top, right and bottom, shape (m, 4)."""
    labels: list[str]

    @property
    def lines(self) -> npt.NDArray[np.int64]:
        """Row numbers for messages, counted from 1."""
        return np.arange(1, len(self.named) + 1)

    def have_area(self) -> npt.NDArray[np.bool_]:
        """Return which boxes surround anything, shape (m,)."""
        return (self.corners[:, 2] > self.corners[:, 0]) & (self.corners[:, 3] > self.corners[:, 1])


def read_boxes(
    keys: Mapping[str, ObjectArray], files: PictureFiles, role: BoxesRole, *, all_there: bool, faults: Faults
) -> tuple[Marking, int]:
    """Return the boxes of each picture, and how many were left out because they have no area.

    Args:
        keys: columns of the records by which a box may name its picture, with their values, shape (n,).
        files: the images.
        role: the table and its columns.
        all_there: whether no record was left out, so that a box of no record's picture is a mistake.
        faults: receives errors for boxes of pictures that are not there, outside theirs, or without numbers.
    Raises:
        CohortError: the table cannot be read or lacks a column.
    """
    boxes = _read(open_table(role.file), role, tuple(keys))
    picture = _pictures_of(boxes, keys)
    shapes = files.shapes()
    finite = np.isfinite(boxes.corners).all(1)
    _tell(boxes, picture, shapes, all_there=all_there, faults=faults)
    ours = np.flatnonzero((picture >= 0) & boxes.have_area())
    marks: dict[int, list[Mark]] = defaultdict(list)
    for line in ours.tolist():
        height, width = shapes[picture[line]].tolist()
        cut = np.clip(boxes.corners[line], 0, [width, height] * 2) if width else boxes.corners[line]
        left, top, right, bottom = map(float, cut)
        marks[int(picture[line])].append(Mark(label=boxes.labels[line], box=(left, top, right, bottom)))
    found = tuple(tuple(marks.get(row, ())) for row in range(len(shapes)))
    labels = tuple(sorted({mark.label for of in found for mark in of}))
    if not labels and finite.all() and (picture >= 0).all():
        faults.add(CohortError(f"{boxes.table}: no box is around anything in the records' pictures; check its rows."))
    dropped = int((finite & (picture >= 0) & ~boxes.have_area()).sum())
    return Marking(kind="boxes", labels=labels, shapes=shapes, marks=found), dropped


def _read(table: Table, role: BoxesRole, keys: tuple[str, ...]) -> _Boxes:
    key, label, corners = _columns(table, role, keys)
    named: list[str | None] = []
    said: list[str] = []
    numbers: list[list[float]] = []
    for batch in table.batches(list(dict.fromkeys([key, *corners, *([label] if label else [])]))):
        named += [None if cell is None else cell.strip() for cell in batch.column(key).to_pylist()]
        columns = [[number(cell or "") for cell in batch.column(one).to_pylist()] for one in corners]
        numbers += [list(four) for four in zip(*columns, strict=True)]
        cells = batch.column(label).to_pylist() if label else [_ALONE] * batch.num_rows
        said += [(cell or "").strip() or _ALONE for cell in cells]
    values = np.array(numbers, np.float64).reshape(-1, 4)
    if corners != _CORNERS:
        values[:, 2:] += values[:, :2]
    return _Boxes(table=table.name, key=key, columns=corners, named=named, corners=values, labels=said)


def _columns(table: Table, role: BoxesRole, keys: tuple[str, ...]) -> tuple[str, str | None, tuple[str, ...]]:
    """Return the columns of the picture, the label (None for none) and the four numbers."""
    likely = [name for name in (*keys, "image", "id", "filename") if name in table.columns]
    if role.key is None and not likely:
        raise ColumnError(
            f"{table.name}: no column says whose picture a box is on ({' or '.join(map(repr, keys))}); "
            "name it with cohort.target.boxes: {source: …, image: …}."
        )
    key = role.key or likely[0]
    corners = next((four for four in (_CORNERS, *_SIZES) if set(four) <= set(table.columns)), None)
    if corners is None:
        raise ColumnError(f"{table.name}: expected the columns xmin, ymin, xmax, ymax, or x, y, w, h, in pixels.")
    label = role.label or next((name for name in _LABELS if name in table.columns), None)
    table.require([key, *([label] if label else [])])
    return key, label, corners


def _pictures_of(boxes: _Boxes, keys: Mapping[str, ObjectArray]) -> npt.NDArray[np.int64]:
    """Return the record whose picture each box is on, -1 for none, shape (m,).

    Raises:
        ColumnError: no box names a picture of any record.
    """
    wanted = set(boxes.named)
    likeliest = max(keys, key=lambda name: len(wanted & set(keys[name].tolist())))
    column = boxes.key if boxes.key in keys else likeliest
    places = {name: row for row, name in enumerate(keys[column].tolist()) if name is not None}
    picture = np.array([places.get(name, -1) for name in boxes.named], np.int64)
    if len(picture) and (picture < 0).all():
        raise ColumnError(
            f"column {f'{boxes.key} of {boxes.table}'!r}: none of its values is in the records' column {column!r}; "
            "name the column that both share with cohort.target.boxes: {source: …, image: …}."
        )
    return picture


def _tell(
    boxes: _Boxes,
    picture: npt.NDArray[np.int64],
    shapes: npt.NDArray[np.int64],
    *,
    all_there: bool,
    faults: Faults,
) -> None:
    """Add an error for each thing that is wrong with some boxes."""
    wrong = boxes.lines[~np.isfinite(boxes.corners).all(1)]
    numbers = f"{', '.join(boxes.columns)} of {boxes.table}"
    told(faults, numbers, wrong, "hold something else than numbers", "mend them")
    if all_there:
        says = f"name a picture that is not among the {len(shapes)} records"
        told(
            faults,
            f"{boxes.key} of {boxes.table}",
            boxes.lines[picture < 0],
            says,
            "leave them out, or add the records",
        )
    ours = np.flatnonzero((picture >= 0) & boxes.have_area())
    sizes, corners = shapes[picture[ours]][:, ::-1], boxes.corners[ours]
    over = (corners[:, :2] < -_SLACK).any(1) | (corners[:, 2:] > sizes + _SLACK).any(1)
    outside = boxes.lines[ours[over & sizes.any(1)]]
    told(faults, f"boxes of {boxes.table}", outside, "end outside their picture", "give them in pixels of that image")
