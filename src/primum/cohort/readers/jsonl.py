"""JSON lines: one object a line, keys are columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from primum.cohort.readers.encoding import detect
from primum.cohort.readers.table import BATCH_ROWS, READERS, Table
from primum.errors import CohortError, ColumnError


@READERS.register(".jsonl")
@READERS.register(".ndjson")
def open_jsonl(path: Path) -> Table:
    """Return a file of JSON objects, one a line, as a table; the columns are all keys that occur.

    Raises:
        CohortError: a line is not a JSON object (the message gives its number).
    """
    found = detect(path)
    columns = tuple(dict.fromkeys(key for row in _rows(path, found.encoding) for key in row))

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        rows = _rows(path, found.encoding)
        first = 1
        while block := list(islice(rows, BATCH_ROWS)):
            cells = [[_cell(row.get(name), name, first + i) for i, row in enumerate(block)] for name in names]
            yield pa.record_batch([pa.array(column, pa.string()) for column in cells], names=list(names))
            first += len(block)

    facts: dict[str, str | int] = {"encoding": found.encoding, "bytes": found.bytes, "sha256": found.sha256}
    return Table(name=path.name, format="jsonl", columns=columns, stream=stream, facts=facts)


def _rows(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    with path.open(encoding=encoding) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise CohortError(f"{path.name}, line {number}: is not a JSON object; expected one record a line.")
            yield row


def _cell(value: Any, column: str, row: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return ";".join(str(_cell(item, column, row)) for item in value)
    raise ColumnError(f"row {row}, column {column!r}: holds an object; expected text, a number, true/false or a list.")
