"""Tables of any origin as Arrow tables: csv, tsv, parquet, jsonl, pandas, polars, or any with the Arrow interface."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from primum.errors import PredictionsError, nearest
from primum.evidence.predictions import FloatArray, TextArray

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
"""Cells of a text file that mean that there is nothing."""
_WHOLE = re.compile(r"(-?\d+)\.0+")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Source:
    """A table whose columns can be had as strings or as numbers."""

    def __init__(self, table: pa.Table, name: str) -> None:
        self._table = table
        self.name = name
        self.columns: tuple[str, ...] = tuple(table.column_names)
        twice = sorted({column for column in self.columns if self.columns.count(column) > 1})
        if twice:
            raise PredictionsError(f"{name}: column {twice[0]!r} stands there twice; keep one.")

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def require(self, column: str, role: str) -> None:
        """Raise a PredictionsError if there is no such column; `role` says what it is for."""
        if column not in self.columns:
            there = ", ".join(self.columns[:20])
            raise PredictionsError(
                f"{self.name}: there is no column {column!r} for the {role}{nearest(column, self.columns)}; "
                f"the columns are {there}."
            )

    def texts(self, column: str) -> TextArray:
        """Return a column as strings, None where missing; 1.0 and 1 are both "1"; shape (n,)."""
        values = self._column(column)
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if pa.types.is_floating(values.type):
            numbers = self.numbers(column)
            texts = [None if np.isnan(x) else str(int(x)) if x.is_integer() else str(x) for x in numbers.tolist()]
        else:
            texts = [_canonical(value) for value in values.to_pylist()]
        found = np.empty(len(texts), dtype=object)
        found[:] = texts
        return found

    def numbers(self, column: str) -> FloatArray:
        """Return a column as float64, NaN where missing; shape (n,).

        Raises:
            PredictionsError: a cell is no number (the message gives its row).
        """
        values = self._column(column)
        try:
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                values = pc.utf8_trim_whitespace(values)
                empty = pc.is_in(values, value_set=pa.array(MISSING, type=values.type))
                values = pc.if_else(empty, pa.scalar(None, values.type), values)
            return np.array(values.cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype=np.float64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            row = _first_not_number(values.to_pylist())
            raise PredictionsError(
                f"{self.name}: column {column!r} must hold numbers, and row {row} does not; mend it."
            ) from None

    def _column(self, column: str) -> pa.ChunkedArray:
        return self._table.column(column)


def missing(values: TextArray) -> npt.NDArray[np.bool_]:
    """Return where a column of strings has nothing, shape (n,)."""
    return np.array([value is None for value in values.tolist()], dtype=bool)


def open_source(source: object) -> Source:
    """Return a table from a file's path or from memory.

    Raises:
        PredictionsError: the file is missing, empty, unreadable or of an unknown kind, or the object is no table.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        return _checked(_read_file(path), str(path))
    return _checked(_from_memory(source), "the table")


def _checked(table: pa.Table, name: str) -> Source:
    if table.num_rows == 0:
        raise PredictionsError(f"{name}: holds no rows; give one row a record.")
    return Source(table, name)


def _from_memory(source: object) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    if type(source).__module__.startswith("pandas") and hasattr(source, "columns"):
        return pa.Table.from_pandas(source, preserve_index=False)
    if isinstance(source, dict):
        return pa.table(source)
    raise PredictionsError(
        f"the table: expected pandas, polars, pyarrow or another table with the Arrow interface, "
        f"got {type(source).__name__}."
    )


def _read_file(path: Path) -> pa.Table:
    if not path.is_file():
        raise PredictionsError(f"{path}: no such file; give a csv, tsv, parquet or jsonl table of predictions.")
    if path.stat().st_size == 0:
        raise PredictionsError(f"{path}: the file is empty; give one row a record.")
    suffix = path.suffix.lower()
    try:
        if suffix in _DELIMITERS:
            return _read_delimited(path, _DELIMITERS[suffix])
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path)
        if suffix in (".jsonl", ".ndjson"):
            import pyarrow.json as pj

            return pj.read_json(io.BytesIO(_decoded(path)))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as exc:
        if isinstance(exc, PredictionsError):
            raise
        kind = suffix.lstrip(".")
        # Arrow's own words may quote a cell, so they stay out of the message.
        raise PredictionsError(
            f"{path}: cannot be read as {kind}; check that every row has the same columns."
        ) from None
    raise PredictionsError(f"{path}: expected .csv, .tsv, .parquet, .jsonl or .ndjson, got {suffix or 'no ending'!r}.")


def _read_delimited(path: Path, delimiter: str) -> pa.Table:
    import csv

    import pyarrow.csv as pcsv

    data = _decoded(path)
    header = next(csv.reader([data.split(b"\n", 1)[0].decode("utf-8").strip("\r")], delimiter=delimiter), [])
    return pcsv.read_csv(
        io.BytesIO(data),
        parse_options=pcsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        # Strings first: "007" stays a class of its own, and numbers are cast where numbers are asked for.
        convert_options=pcsv.ConvertOptions(column_types={name: pa.string() for name in header}),
    )


def _decoded(path: Path) -> bytes:
    """Return a text file's bytes as UTF-8, from UTF-8 (with or without its mark) or GB 18030."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).encode("utf-8")
        except UnicodeDecodeError:
            continue
    raise PredictionsError(f"{path}: is neither UTF-8 nor GB 18030; save it as UTF-8.")


def _canonical(value: object) -> str | None:
    """Return the same string whatever the format: True and TRUE are "true", 1.0 is "1"; None where missing."""
    text = "" if value is None else str(value).strip()
    if text in MISSING:
        return None
    if text.lower() in ("true", "false"):
        return text.lower()
    whole = _WHOLE.fullmatch(text)
    return whole.group(1) if whole else text


def _first_not_number(values: list[object]) -> int:
    for row, value in enumerate(values, start=1):
        try:
            float(str(value)) if value is not None else None
        except ValueError:
            return row
    return 1
