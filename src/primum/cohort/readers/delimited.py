"""Comma- and tab-separated files, streamed; every field is a string."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from primum.cohort.readers.encoding import detect
from primum.cohort.readers.table import READERS, Table
from primum.errors import CohortError

_BLOCK_BYTES = 8 << 20
_SHOWN = 5


@READERS.register(".csv")
def open_csv(path: Path) -> Table:
    """Return a comma-separated file as a table."""
    return _open(path, delimiter=",", name="csv")


@READERS.register(".tsv")
def open_tsv(path: Path) -> Table:
    """Return a tab-separated file as a table."""
    return _open(path, delimiter="\t", name="tsv")


def _open(path: Path, *, delimiter: str, name: str) -> Table:
    found = detect(path)
    columns = _header(path, found.encoding, delimiter)

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return _stream(path, columns, names, encoding=found.encoding, delimiter=delimiter)

    facts: dict[str, str | int] = {"encoding": found.encoding, "bytes": found.bytes, "sha256": found.sha256}
    return Table(name=path.name, format=name, columns=columns, stream=stream, facts=facts)


def _header(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    with path.open(encoding=encoding, newline="") as stream:
        for row in csv.reader(stream, delimiter=delimiter):
            if row:
                return tuple(row)
    raise CohortError(f"{path.name}: the file is empty; expected a header and at least one record.")


def _stream(
    path: Path, columns: tuple[str, ...], names: Sequence[str], *, encoding: str, delimiter: str
) -> Iterator[pa.RecordBatch]:
    ragged: list[Any] = []

    def skip(row: Any) -> str:
        ragged.append(row)
        return "skip"

    try:
        yield from arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, encoding="utf-8" if encoding == "utf-8-sig" else encoding
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), include_columns=list(names), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as exc:
        raise CohortError(
            f"{path.name}: cannot be parsed as {'csv' if delimiter == ',' else 'tsv'}; "
            f"look for a quotation mark that is never closed, or a field of more than {_BLOCK_BYTES >> 20} MiB."
        ) from exc
    if ragged:
        raise _ragged(path, ragged, len(columns))


def _ragged(path: Path, rows: list[Any], width: int) -> CohortError:
    shown = ", ".join(f"row {_record_number(row)} has {row.actual_columns}" for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return CohortError(
        f"{path.name}: every record needs {width} fields like the header, but {shown}{more}; "
        f"put quotation marks around fields that hold the delimiter."
    )


def _record_number(row: Any) -> str:
    return str(row.number - 1) if row.number else "?"
