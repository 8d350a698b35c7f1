"""A table of boxes beside the records: one box a row, in pixels of the image as it is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

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
    table = open_table(role.file)
    key, label, corners = _columns(table, role, tuple(keys))
    named, boxes, said = _read(table, key, label, corners)
    if corners != _CORNERS:
        boxes[:, 2:] += boxes[:, :2]
    lines = np.arange(1, len(boxes) + 1)
    _no_numbers(boxes, lines, table, corners, faults)
    column = key if key in keys else _same_values(keys, named)
    places = {name: row for row, name in enumerate(keys[column].tolist()) if name is not None}
    of_picture = np.array([places.get(name, -1) for name in named], np.int64)
    strange = np.flatnonzero(of_picture < 0)
    if len(strange) == len(named) > 0:
        told_column = f"{key} of {table.name}"
        raise ColumnError(
            f"column {told_column!r}: none of its values is in the records' column {column!r}; "
            "name the column that both share with cohort.target.boxes: {source: …, image: …}."
        )
    shapes = files.shapes()
    area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    if all_there:
        says = f"name a picture that is not among the {len(shapes)} records"
        told(faults, f"{key} of {table.name}", lines[strange], says, "leave them out, or add the records")
    ours = np.flatnonzero((of_picture >= 0) & area)
    _outside(boxes, ours, of_picture, shapes, lines, table, faults)
    marks: dict[int, list[Mark]] = defaultdict(list)
    for line in ours.tolist():
        height, width = shapes[of_picture[line]].tolist()
        cut = np.clip(boxes[line], 0, [width, height] * 2) if width else boxes[line]
        left, top, right, bottom = map(float, cut)
        marks[int(of_picture[line])].append(Mark(label=said[line], box=(left, top, right, bottom)))
    found = tuple(tuple(marks.get(row, ())) for row in range(len(shapes)))
    labels = tuple(sorted({mark.label for of in found for mark in of}))
    if not labels and np.isfinite(boxes).all() and len(strange) == 0:
        faults.add(CohortError(f"{table.name}: no box is around anything in the records' pictures; check its columns."))
    dropped = int((~area & np.isfinite(boxes).all(1) & (of_picture >= 0)).sum())
    return Marking(kind="boxes", labels=labels, shapes=shapes, marks=found), dropped


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


def _read(
    table: Table, key: str, label: str | None, corners: tuple[str, ...]
) -> tuple[list[str | None], npt.NDArray[np.float64], list[str]]:
    named: list[str | None] = []
    said: list[str] = []
    numbers: list[list[float]] = []
    for batch in table.batches(list(dict.fromkeys([key, *corners, *([label] if label else [])]))):
        named += [None if cell is None else cell.strip() for cell in batch.column(key).to_pylist()]
        columns = [[number(cell or "") for cell in batch.column(one).to_pylist()] for one in corners]
        numbers += [list(four) for four in zip(*columns, strict=True)]
        cells = batch.column(label).to_pylist() if label else [_ALONE] * batch.num_rows
        said += [(cell or "").strip() or _ALONE for cell in cells]
    return named, np.array(numbers, np.float64).reshape(-1, 4), said


def _same_values(keys: Mapping[str, ObjectArray], named: list[str | None]) -> str:
    """Return the records' column that has most of the values by which the boxes name their pictures."""
    wanted = set(named)
    return max(keys, key=lambda name: len(wanted & set(keys[name].tolist())))


def _no_numbers(
    boxes: npt.NDArray[np.float64],
    lines: npt.NDArray[np.int64],
    table: Table,
    corners: tuple[str, ...],
    faults: Faults,
) -> None:
    wrong = lines[~np.isfinite(boxes).all(1)]
    told(faults, f"{', '.join(corners)} of {table.name}", wrong, "hold something else than numbers", "mend them")


def _outside(
    boxes: npt.NDArray[np.float64],
    ours: npt.NDArray[np.int64],
    of_picture: npt.NDArray[np.int64],
    shapes: npt.NDArray[np.int64],
    lines: npt.NDArray[np.int64],
    table: Table,
    faults: Faults,
) -> None:
    sizes = shapes[of_picture[ours]][:, ::-1]
    over = (boxes[ours, :2] < -_SLACK).any(1) | (boxes[ours, 2:] > sizes + _SLACK).any(1)
    wrong = lines[ours[over & sizes.any(1)]]
    told(faults, f"boxes of {table.name}", wrong, "end outside their picture", "give them in pixels of that image")
