"""regions.parquet: what was marked in every picture of a run, by people and by the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from primum.errors import PredictionsError
from primum.evidence.marks.marking import Mark, Marking
from primum.files import atomic_path

_META = b"primum.regions"
_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "split": pa.string(),
        "by": pa.string(),
        "label": pa.string(),
        "score": pa.float64(),
        "xmin": pa.float64(),
        "ymin": pa.float64(),
        "xmax": pa.float64(),
        "ymax": pa.float64(),
        "mask": pa.list_(pa.int64()),
        "height": pa.int64(),
        "width": pa.int64(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTable:
    """The marks of n pictures, true and predicted."""

    ids: npt.NDArray[np.object_]
    split: npt.NDArray[np.object_]
    truth: Marking
    found: Marking
    threshold: float
    """The score from which a mark is shown."""

    def of_split(self, name: str) -> MarkedTable:
        """Return the pictures of one split."""
        rows = np.flatnonzero(self.split == name)
        return MarkedTable(
            ids=self.ids[rows],
            split=self.split[rows],
            truth=self.truth.take(rows),
            found=self.found.take(rows),
            threshold=self.threshold,
        )


def write_marks(path: Path, table: MarkedTable) -> None:
    """Write one row a picture (`by` image), with its size, and one a mark (`by` target or predicted), atomically.

    A mask is a list of run lengths as in `primum.evidence.marks.runs`.
    """
    rows = list(_rows(table))
    meta = {"kind": table.truth.kind, "labels": list(table.truth.labels), "threshold": table.threshold}
    schema = _SCHEMA.with_metadata({_META: json.dumps(meta).encode()})
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary, compression="zstd")


def _rows(table: MarkedTable) -> Iterator[dict[str, Any]]:
    for row, (id_, split) in enumerate(zip(table.ids.tolist(), table.split.tolist(), strict=True)):
        height, width = table.truth.shapes[row].tolist()
        common = {"id": id_, "split": split, "height": height, "width": width}
        yield {**common, "by": "image"}
        for by, marking in (("target", table.truth), ("predicted", table.found)):
            for mark in marking.marks[row]:
                left, top, right, bottom = mark.box
                yield {
                    **common,
                    "by": by,
                    "label": mark.label,
                    "score": mark.score,
                    "xmin": left,
                    "ymin": top,
                    "xmax": right,
                    "ymax": bottom,
                    "mask": None if mark.runs is None else mark.runs.tolist(),
                }


def read_marks(path: Path) -> MarkedTable:
    """Return what `write_marks` wrote.

    Raises:
        PredictionsError: the file is missing, damaged or was not written by a run.
    """
    if not path.is_file():
        raise PredictionsError(f"{path}: no such file; a finished run with a target of type regions holds it.")
    try:
        table = pq.read_table(path)
        meta = json.loads((table.schema.metadata or {})[_META])
        return _table_of(table.to_pylist(), meta)
    except (pa.ArrowInvalid, KeyError, ValueError, OSError):
        raise PredictionsError(f"{path}: was not written by a run, or is damaged; run the study again.") from None


def _table_of(rows: list[dict[str, Any]], meta: dict[str, Any]) -> MarkedTable:
    images = [row for row in rows if row["by"] == "image"]
    place = {row["id"]: number for number, row in enumerate(images)}
    marks: dict[str, list[list[Mark]]] = {by: [[] for _ in images] for by in ("target", "predicted")}
    for row in rows:
        if row["by"] != "image":
            marks[row["by"]][place[row["id"]]].append(_mark(row))
    shapes = np.array([[row["height"], row["width"]] for row in images], np.int64).reshape(-1, 2)
    truth, found = (
        Marking(kind=meta["kind"], labels=tuple(meta["labels"]), shapes=shapes, marks=tuple(map(tuple, marks[by])))
        for by in ("target", "predicted")
    )
    return MarkedTable(
        ids=np.array([row["id"] for row in images], dtype=object),
        split=np.array([row["split"] for row in images], dtype=object),
        truth=truth,
        found=found,
        threshold=float(meta["threshold"]),
    )


def _mark(row: dict[str, Any]) -> Mark:
    runs = None if row["mask"] is None else np.array(row["mask"], np.int64)
    box = row["xmin"], row["ymin"], row["xmax"], row["ymax"]
    return Mark(label=row["label"], box=box, score=row["score"], runs=runs)
