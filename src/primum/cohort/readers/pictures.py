"""A folder of images, or one image, as a table: a record a file, with what DICOM headers say as further columns.

A folder that holds a metadata.csv (or .tsv, .jsonl, .parquet) is that table. Without one every image below the folder
is a record, and its label is the name of the folder that it lies in, as image folders of other libraries have it. Cells
of an image column are paths that start at the folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from primum.cohort.readers.headers import IMAGE_SUFFIXES, RASTER, TAGS, is_dicom, read_headers
from primum.cohort.readers.table import BATCH_ROWS, READERS, Table
from primum.errors import CohortError

IMAGE, LABEL = "image", "label"
_TABLES = tuple(f"metadata{suffix}" for suffix in (".csv", ".tsv", ".jsonl", ".parquet"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """Images below a folder, in the order of their paths."""

    folder: Path
    paths: tuple[str, ...]
    other: int
    """Files beside them that are no images."""
    dicom: bool


def open_folder(folder: Path) -> Table:
    """Return a folder as a table: the one that describes it, or its images.

    Raises:
        CohortError: it holds several such tables, or neither a table nor an image.
    """
    tables = [folder / name for name in _TABLES if (folder / name).is_file()]
    if len(tables) > 1:
        named = " and ".join(path.name for path in tables)
        raise CohortError(f"{folder.name}: holds {named}; keep one, or name the one you mean instead of the folder.")
    if tables:
        return _described(READERS.get(tables[0].suffix)(tables[0]), folder)
    found = _found(folder)
    foreign = sum(not _is_text(path) for path in found.paths)
    if foreign:
        raise CohortError(f"{folder.name}: holds {foreign} images whose names are not UTF-8; rename them.")
    if not found.paths:
        raise CohortError(
            f"{folder}: is a folder without images; expected images, a metadata.csv, or a file ending in "
            f"{', '.join(READERS)}."
        )
    return _table(found, folder.name)


def kind_of(path: Path) -> str:
    """Return the ending by which a file's reader is found; .dcm of a DICOM file whose name is a UID."""
    if path.name.lower().endswith(".nii.gz"):
        return ".nii"
    suffix = path.suffix.lower()
    return ".dcm" if suffix not in READERS and is_dicom(path) else suffix


def open_image(path: Path) -> Table:
    """Return one image as a table of one record; the cell is the file's own name."""
    return _table(
        _Files(folder=path.parent, paths=(path.name,), other=0, dicom=is_dicom(path)), path.suffix.lower().lstrip(".")
    )


for _suffix in sorted(IMAGE_SUFFIXES):
    READERS.register(_suffix)(open_image)


def _table(files: _Files, name: str) -> Table:
    labels = [Path(path).parent.name for path in files.paths]
    own: dict[str, Sequence[str | None]] = {IMAGE: files.paths}
    if any(labels):
        own[LABEL] = [label or None for label in labels]
    tags = TAGS if files.dicom else ()

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = [tag for tag in names if tag in tags and tag not in own]
        for first in range(0, len(files.paths), BATCH_ROWS):
            rows = slice(first, first + BATCH_ROWS)
            read = read_headers(files.folder, files.paths[rows], wanted)
            cells = [read[name] if name in read else own[name][rows] for name in names]
            yield pa.record_batch([pa.array(column, pa.string()) for column in cells], names=list(names))

    facts: dict[str, str | int] = {"files": len(files.paths), "sha256": _digest(files)}
    return Table(
        name=name,
        format="images",
        columns=(*own, *(tag for tag in tags if tag not in own)),
        stream=stream,
        facts=facts | ({"other_files": files.other} if files.other else {}),
    )


def _described(table: Table, folder: Path) -> Table:
    """Return the table with the headers of the DICOM files that it names as further columns."""
    column = _image_column(table, folder)
    if column is None:
        return table
    tags = tuple(tag for tag in TAGS if tag not in table.columns)

    def stream(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = [tag for tag in names if tag in tags]
        if not wanted:
            yield from table.stream(names)
            return
        stored = list(dict.fromkeys([*(name for name in names if name not in wanted), column]))
        for batch in table.stream(stored):
            read = read_headers(folder, [str(path or "") for path in batch.column(column).to_pylist()], wanted)
            cells = [pa.array(read[name], pa.string()) if name in read else batch.column(name) for name in names]
            yield pa.record_batch(cells, names=list(names))

    return replace(table, columns=(*table.columns, *tags), stream=stream)


def _image_column(table: Table, folder: Path) -> str | None:
    """Return the column whose first cell names a DICOM file in the folder."""
    first = next(iter(table.stream(table.columns)), None)
    if first is None or first.num_rows == 0:
        return None
    for name in table.columns:
        cell = first.column(name)[0].as_py()
        if isinstance(cell, str) and 0 < len(cell) < 1024 and is_dicom(folder / cell):
            return name
    return None


def _found(folder: Path) -> _Files:
    paths, other, dicom = [], 0, False
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in names if not name.startswith(".")):
            path = Path(place) / name
            marked = path.suffix.lower() not in RASTER and is_dicom(path)
            if marked or path.suffix.lower() in IMAGE_SUFFIXES or name.lower().endswith(".nii.gz"):
                paths.append(path.relative_to(folder).as_posix())
                dicom = dicom or marked
            else:
                other += 1
    return _Files(folder=folder, paths=tuple(paths), other=other, dicom=dicom)


def _is_text(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _digest(files: _Files) -> str:
    """Return one hash of the names and sizes of all files; what is in them, the images' own hashes say."""
    hasher = hashlib.sha256()
    for path in files.paths:
        hasher.update(f"{path}\0{(files.folder / path).stat().st_size}\n".encode())
    return hasher.hexdigest()
