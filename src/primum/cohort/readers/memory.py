"""Tables in memory: pyarrow, pandas, polars, anything with the Arrow interface, or a mapping of lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from primum.cohort.readers.table import BATCH_ROWS, Table
from primum.errors import CohortError, ColumnError


def open_memory(source: Any) -> Table:
    """Return a table in memory as a `Table`.

    Raises:
        CohortError: it is no table, or its columns differ in length.
    """
    table = _to_arrow(source)

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return iter(table.select(list(names)).to_batches(max_chunksize=BATCH_ROWS))

    return Table(name="the table", format="memory", columns=tuple(table.column_names), stream=stream)


def _to_arrow(source: Any) -> Any:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, Mapping):
        return _from_lists(source)
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "to_arrow") or hasattr(source, "columns"):
        return _from_frame(source)
    raise CohortError(
        f"the table: expected a path, a pandas, polars or pyarrow table or a mapping of lists, "
        f"got {type(source).__name__}."
    )


def _from_lists(source: Mapping[str, Any]) -> Any:
    columns = {str(name): _array(list(values)) for name, values in source.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        named = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise CohortError(f"the table: all columns need the same number of values, but {named}.")
    return pa.table(columns)


def _from_frame(source: Any) -> Any:
    names = [str(name) for name in getattr(source, "columns", ())]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ColumnError(f"the table: more than one column is called {', '.join(map(repr, repeated))}.")
    try:
        return pa.table(source)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        # A pandas column of mixed types has no Arrow type; its values still have a written form.
        return _from_lists({str(name): source[name].tolist() for name in source.columns})


def _array(values: list[Any]) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None or value != value else str(value) for value in values], pa.string())
