"""Arrow IPC files, as a file (also called feather) or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from primum.cohort.readers.table import READERS, Table
from primum.errors import CohortError
from primum.files import sha256_of


@READERS.register(".arrow")
@READERS.register(".feather")
def open_arrow(path: Path) -> Table:
    """Return an Arrow IPC file as a table.

    Raises:
        CohortError: it is not an Arrow file, or is cut short.
    """
    with _reader(path) as reader:
        columns = tuple(reader.schema.names)

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with _reader(path) as reader:
            for batch in _batches(reader):
                yield batch.select(list(names))

    facts: dict[str, str | int] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    return Table(name=path.name, format="arrow", columns=columns, stream=stream, facts=facts)


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    try:
        with pa.memory_map(str(path)) as source:
            try:
                yield pa.ipc.open_file(source)
            except pa.ArrowInvalid:
                source.seek(0)
                yield pa.ipc.open_stream(source)
    except (pa.ArrowInvalid, OSError) as exc:
        raise CohortError(f"{path.name}: is not a whole Arrow file; write or copy it again.") from exc


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
    else:
        yield from reader
