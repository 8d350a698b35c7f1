"""What a run's network marks in new pictures, as a table with one row a mark."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from primum.cohort import read_shapes
from primum.extras import require
from primum.progress import Progress
from primum.study.spec import StudySpec
from primum.study.study import input_roles

COLUMNS = ("id", "label", "score", "xmin", "ymin", "xmax", "ymax", "mask")


def marks_table(run: Path, spec: StudySpec, records: Path, progress: Progress) -> tuple[pa.Table, int]:
    """Return the marks that are shown in new pictures, and how many records there are.

    A record without marks has no row. Boxes are in pixels of the stored image, right and lower edge outside; a mask is
    its run lengths, column by column and beginning outside, separated by blanks.

    Args:
        run: folder of a finished run of marked places.
        spec: its study.
        records: new records with the image column.
        progress: is told of the records done.
    Raises:
        CohortError: the records lack the image column, or an image cannot be read.
    """
    require("torch", extra="train", purpose="Predicting")
    from primum.model.regions import RegionPredictor
    from primum.study.predicting import read_for

    progress.step("read")
    predictor = RegionPredictor.load(run / "model")
    roles = input_roles(spec.cohort.inputs)
    ids, given = read_for(spec, roles, records)
    shapes = read_shapes(records, roles)
    progress.step("predict")
    marking, _ = predictor.read(predictor.prepare(given), shapes, tick=progress.advance)
    rows: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for id_, marks in zip(ids.tolist(), marking.above(predictor.spec.threshold).marks, strict=True):
        for mark in marks:
            mask = None if mark.runs is None else " ".join(map(str, mark.runs.tolist()))
            for name, value in zip(COLUMNS, (id_, mark.label, mark.score, *mark.box, mask), strict=True):
                rows[name].append(value)
    kinds = {"id": pa.string(), "label": pa.string(), "mask": pa.string()}
    table = pa.table({name: pa.array(values, kinds.get(name, pa.float64())) for name, values in rows.items()})
    return table, len(ids)
