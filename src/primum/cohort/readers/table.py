"""What every reader gives: named columns and a stream of batches whose cells are all strings.

Strings keep what a column says (an id such as 007, a class called 1) whatever the file format; numbers are read
from them only where a role asks for a number. A reader registers itself under the suffixes it understands.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from primum.errors import CohortError, ColumnError, nearest
from primum.registry import Registry

BATCH_ROWS = 10_000
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A source that is open for reading, once or several times."""

    name: str
    """What to call it in a message: the file's name, or "the table"."""
    format: str
    """csv, tsv, parquet, jsonl, arrow, images or memory."""
    columns: tuple[str, ...]
    """Names of all columns, in order."""
    stream: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    """Yields batches of the named columns, with the reader's own types."""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """How it was read: encoding, bytes, sha256 of the file."""

    def require(self, names: Sequence[str]) -> None:
        """Check that the named columns are there.

        Raises:
            ColumnError: some are not; one message names all of them, each with the nearest column.
        """
        missing = [name for name in dict.fromkeys(names) if name not in self.columns]
        if missing:
            named = ", ".join(f"{name!r}{nearest(name, self.columns)}" for name in missing)
            have = ", ".join(self.columns[:30]) + (", ..." if len(self.columns) > 30 else "")
            word = "column" if len(missing) == 1 else "columns"
            raise ColumnError(f"{self.name}: no {word} {named}; the columns are {have}.")

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches of the named columns, every cell a string or null."""
        self.require(names)
        for batch in self.stream(names):
            arrays = [as_strings(batch.column(name), column=name, source=self.name) for name in names]
            yield pa.record_batch(arrays, names=list(names))


Reader = Callable[[Path], Table]
READERS: Registry[Reader] = Registry("file format")
_FORMATS = ("delimited", "parquet", "jsonl", "arrow")


def open_table(source: Any) -> Table:
    """Return a path, or a table in memory, as a `Table`.

    Args:
        source: a path to csv, tsv, parquet, jsonl, arrow or feather, to an image or a folder of images; a pyarrow,
            pandas or polars table; anything with the Arrow interface; or a mapping of column names to lists.
    Raises:
        CohortError: the file is missing, empty, of unknown format, or cannot be read.
        ColumnError: two columns bear the same name.
    """
    table = _open_file(Path(source)) if isinstance(source, str | Path) else _open_memory(source)
    return _checked(table)


def as_strings(values: Any, *, column: str, source: str) -> Any:
    """Return an Arrow array as strings: whole floats without ".0", booleans as True/False, lists joined with ";".

    Raises:
        ColumnError: the column holds objects or bytes.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_strings(values.dictionary_decode(), column=column, source=source)
    if pa.types.is_boolean(kind):
        return pc.if_else(values, "True", "False")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pc.binary_join(pc.cast(values, pa.list_(pa.string())), ";")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ColumnError(f"{source}: column {column!r} holds {kind}; expected text, numbers, dates or true/false.")
    return pc.cast(values, pa.string())


def _open_file(path: Path) -> Table:
    for module in _FORMATS:
        importlib.import_module(f"primum.cohort.readers.{module}")
    from primum.cohort.readers.pictures import kind_of, open_folder

    if path.is_dir():
        return open_folder(path)
    if not path.is_file():
        raise CohortError(f"{path}: no such file{_sibling(path)}.")
    suffix = kind_of(path)
    if suffix not in READERS:
        raise CohortError(
            f"{path.name}: files ending in {path.suffix.lower()!r} cannot be read; expected {', '.join(READERS)}."
        )
    if path.stat().st_size == 0:
        raise CohortError(f"{path.name}: the file is empty; expected a header and at least one record.")
    try:
        return READERS.get(suffix)(path)
    except PermissionError as exc:
        raise CohortError(f"{path.name}: reading is not permitted; change its permissions or copy it.") from exc


def _open_memory(source: Any) -> Table:
    from primum.cohort.readers.memory import open_memory

    return open_memory(source)


def _checked(table: Table) -> Table:
    repeated = sorted({name for name in table.columns if table.columns.count(name) > 1})
    if repeated:
        named = ", ".join(repr(name) for name in repeated)
        raise ColumnError(f"{table.name}: more than one column is called {named}; give each column its own name.")
    return table


def _sibling(path: Path) -> str:
    if not path.parent.is_dir():
        return "; its folder does not exist either"
    return nearest(path.name, (other.name for other in path.parent.iterdir()))
