"""Taking a patient's rows out of what a run stores; the run stays readable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from primum.errors import InputError
from primum.files import atomic_path
from primum.training.names import SHARDS

_WORK = ("checkpoints", "twins", "model", SHARDS)
"""Where a stopped run keeps models in the making."""


def cleared(path: Path, records: frozenset[str]) -> list[str]:
    """Delete these records from every parquet table of a folder that has a column `id`; return the tables changed.

    Raises:
        InputError: a table is damaged.
        OutputError: the disk is full, or the folder cannot be written to; each table is whole, old or new.
    """
    changed = []
    gone = pa.array(sorted(records), pa.string())
    for file in sorted(path.rglob("*.parquet")):
        try:
            table = pq.read_table(file)
        except (pa.ArrowInvalid, OSError) as exc:
            raise InputError(f"{file}: cannot be read as a table; was it written by primum?") from exc
        if "id" not in table.column_names:
            continue
        left = table.filter(pc.invert(pc.is_in(table.column("id").cast(pa.string()), gone)))
        if len(left) < len(table):
            with atomic_path(file) as temporary:
                pq.write_table(left, temporary, compression="zstd")
            changed.append(str(file.relative_to(path)))
    return changed


def unfinished_work(path: Path) -> list[str]:
    """Delete what a stopped run would go on from, so that it begins anew without the patient; return what was there."""
    found = [name for name in _WORK if (path / name).is_dir()]
    for name in found:
        shutil.rmtree(path / name)
    return found
