"""Parquet files, read one batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from primum.cohort.readers.table import BATCH_ROWS, READERS, Table
from primum.errors import CohortError
from primum.files import sha256_of


@READERS.register(".parquet")
def open_parquet(path: Path) -> Table:
    """Return a parquet file as a table.

    Raises:
        CohortError: it is not a parquet file, or is cut short.
    """
    try:
        with pa.OSFile(str(path)) as file:
            columns = tuple(parquet.read_schema(file).names)
    except (pa.ArrowInvalid, OSError) as exc:
        raise CohortError(f"{path.name}: is not a whole parquet file; write or copy it again.") from exc

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        try:
            with parquet.ParquetFile(path, memory_map=True) as file:
                yield from file.iter_batches(batch_size=BATCH_ROWS, columns=list(names), use_threads=False)
        except (pa.ArrowInvalid, OSError) as exc:
            raise CohortError(f"{path.name}: is damaged; write or copy it again.") from exc

    facts: dict[str, str | int] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    return Table(name=path.name, format="parquet", columns=columns, stream=stream, facts=facts)
