"""What a run's network marks in new pictures, as a table with one row a mark."""

from __future__ import annotations

import pyarrow as pa

from primum.evidence.marks import Marking

KINDS = {
    "id": pa.string(),
    "label": pa.string(),
    "score": pa.float64(),
    "xmin": pa.float64(),
    "ymin": pa.float64(),
    "xmax": pa.float64(),
    "ymax": pa.float64(),
    "mask": pa.string(),
}
"""The table's columns."""


def marks_table(ids: list[object], marking: Marking, beside: dict[str, pa.Array]) -> pa.Table:
    """Return the marks that are shown in pictures; a picture without any has no row.

    Boxes are in pixels of the stored image, right and lower edge outside; a mask is its run lengths, column by column
    and beginning outside, separated by blanks.

    Args:
        ids: of the pictures.
        marking: of the same pictures.
        beside: columns with one value a picture, repeated in the rows of its marks.
    """
    rows: dict[str, list[object]] = {name: [] for name in KINDS}
    places = []
    for place, (id_, marks) in enumerate(zip(ids, marking.marks, strict=True)):
        for mark in marks:
            mask = None if mark.runs is None else " ".join(map(str, mark.runs.tolist()))
            places.append(place)
            for name, value in zip(KINDS, (id_, mark.label, mark.score, *mark.box, mask), strict=True):
                rows[name].append(value)
    columns = {name: pa.array(values, KINDS[name]) for name, values in rows.items()}
    taken = pa.array(places, pa.int64())
    return pa.table(columns | {name: values.take(taken) for name, values in beside.items()})
