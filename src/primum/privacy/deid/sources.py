"""Files and folders without identifiers: text, tables, lines of JSON, FHIR; written whole or not at all."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from primum.cohort.readers import Table, open_table
from primum.cohort.readers.encoding import detect
from primum.errors import CohortError, ColumnError, InputError, OutputError
from primum.files import atomic_path
from primum.privacy.deid.crew import Crew, workers_for
from primum.privacy.deid.deidentifier import Deidentifier
from primum.privacy.deid.engine import find
from primum.privacy.deid.values import cleaned, cleaned_fhir, is_fhir, patient_of
from primum.progress import Progress, Silent

_TEXTS = (".txt", ".md", ".text")
_TABLES = (".csv", ".tsv", ".parquet")
_LINES = (".jsonl", ".ndjson")
_WHOLE = (*_TEXTS, ".json")
_ROWS = 500
"""Rows or lines of one piece of work."""
SUFFIXES = (*_TEXTS, *_TABLES, *_LINES, ".json")
"""What can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of a table is read, and which column says whose record it is."""

    columns: Sequence[str] = ()
    """Columns to de-identify; none: every column of text but those of `keep`."""
    keep: Sequence[str] = ()
    """Columns left as they are."""
    patient: str | None = None
    """The column of the patient, for surrogates and moved dates; replaced by a code itself where it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every kind of file is read with."""

    crew: Crew
    choice: Choice
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was done, in counts."""

    files: int
    """Files written."""
    records: int
    """Texts, rows or resources in them."""
    found: Mapping[str, int]
    """Identifiers replaced, by kind."""
    skipped: int
    """Files of a folder that cannot be read, and were not copied."""


def deidentify(
    source: Path,
    out: Path,
    deid: Deidentifier,
    *,
    choice: Choice | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Cleaned:
    """De-identify a file, or every file of a folder, into `out`.

    Args:
        source: one of SUFFIXES, or a folder.
        out: a file of the same kind, or a folder that does not exist yet; never the source.
        deid: what replaces and counts.
        choice: the columns of tables.
        progress: told of each file.
        workers: processes; None: one for each core where there is much to read. What is written is the same.
    Raises:
        InputError: a file that cannot be read, a column that is not there.
        OutputError: `out` is the source, or a folder that is not empty.
    """
    choice, progress = choice or Choice(), progress or Silent()
    _check(source, out)
    with Crew(deid, workers=workers_for(workers, _size(source))) as crew:
        if source.is_dir():
            return _folder(source, out, deid, _Work(crew=crew, choice=choice, progress=progress))
        progress.step("deid", source.name)
        with atomic_path(out) as temporary:
            records = _file(source, temporary, _Work(crew=crew, choice=choice, progress=progress))
    return Cleaned(files=1, records=records, found=_found(deid), skipped=0)


def _size(source: Path) -> int:
    """Return how many bytes there are to read."""
    files = source.rglob("*") if source.is_dir() else [source]
    return sum(path.stat().st_size for path in files if path.is_file() and path.suffix.lower() in SUFFIXES)


def _check(source: Path, out: Path) -> None:
    if not source.exists():
        raise CohortError(f"{source}: no such file or folder.")
    if source.resolve() == out.resolve() or source.is_dir() and source.resolve() in out.resolve().parents:
        raise OutputError(f"{out}: is the input itself or inside it; choose another place with --out.")
    if source.is_dir():
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise OutputError(f"{out}: exists already; choose a new folder with --out.")
        return
    if source.suffix.lower() not in SUFFIXES:
        raise CohortError(
            f"{source.name}: files ending in {source.suffix!r} cannot be read; expected {', '.join(SUFFIXES)}."
        )
    if out.suffix.lower() != source.suffix.lower():
        raise OutputError(f"{out.name}: the output is written in the input's format; name it *{source.suffix.lower()}.")


def _folder(source: Path, out: Path, deid: Deidentifier, work: _Work) -> Cleaned:
    """Write a folder beside its place and move it there when every file is done."""
    progress = work.progress
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    wanted = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if not wanted:
        raise CohortError(f"{source}: holds no file that can be read; expected {', '.join(SUFFIXES)}.")
    progress.step("deid", source.name)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as exc:
        raise OutputError(f"{out}: cannot be written: {exc.strerror}; choose another folder with --out.") from exc
    records = 0
    try:
        pairs = [(path, partial / _named(path.relative_to(source), n)) for n, path in enumerate(wanted, start=1)]
        for done, count in enumerate(_every(pairs, replace(work, progress=Silent())), start=1):
            records += count
            progress.advance(done, len(wanted))
        partial.chmod(0o755)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Cleaned(files=len(wanted), records=records, found=_found(deid), skipped=len(paths) - len(wanted))


def _every(pairs: Sequence[tuple[Path, Path]], work: _Work) -> Iterator[int]:
    """Write each file to its place and yield how many records it held; short files are shared out whole."""
    for whole, group in groupby(pairs, key=lambda pair: pair[0].suffix.lower() in _WHOLE):
        if whole:
            yield from work.crew.map(_whole, ((source, target, work.choice) for source, target in group))
            continue
        for source, target in group:
            with atomic_path(target) as temporary:
                yield _file(source, temporary, work)


def _named(path: Path, number: int) -> Path:
    """Return where a file goes: file and folder names that hold an identifier become numbers."""
    parts = []
    for part in path.parts:
        stem, suffix = (Path(part).stem, Path(part).suffix) if part == path.name else (part, "")
        plain = stem.replace("_", " ").replace("-", " ").title()
        same = not find(plain) and not find(stem)
        parts.append(part if same else f"file{number:06}{suffix}")
    return Path(*parts)


def _file(source: Path, out: Path, work: _Work) -> int:
    suffix = source.suffix.lower()
    if suffix in _WHOLE:
        return sum(work.crew.map(_whole, [(source, out, work.choice)]))
    return _table(source, out, work) if suffix in _TABLES else _lines(source, out, work)


def _whole(deid: Deidentifier, job: tuple[Path, Path, Choice]) -> int:
    """Write a text or a JSON file and return how many records it held."""
    source, out, choice = job
    with atomic_path(out) as temporary:
        return (_json if source.suffix.lower() == ".json" else _text)(source, temporary, deid, choice)


def _text(source: Path, out: Path, deid: Deidentifier, choice: Choice) -> int:
    text = source.read_text(encoding=detect(source).encoding)
    out.write_text(deid.text(text, patient=source.stem), encoding="utf-8")
    return 1


def _table(source: Path, out: Path, work: _Work) -> int:
    table = open_table(source)
    chosen = _chosen(table, work.choice)
    if source.suffix.lower() == ".parquet":
        return _parquet(source, out, work, chosen)
    delimiter = "\t" if source.suffix.lower() == ".tsv" else ","
    rows = 0
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(table.columns)
        for columns in work.crew.map(_columns, _jobs(table.batches(list(table.columns)), work.choice, chosen)):
            writer.writerows(zip(*columns, strict=True))
            rows += len(columns[0]) if columns else 0
            work.progress.advance(rows, rows)
    return rows


def _parquet(source: Path, out: Path, work: _Work, chosen: set[str]) -> int:
    rows = 0
    with parquet.ParquetFile(source) as file:
        schema = file.schema_arrow.remove_metadata()
        texts = [field.name for field in schema if _is_text(field.type)]
        changed = chosen & set(texts)
        kept: deque[pa.RecordBatch] = deque()

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                kept.append(batch)
                yield batch.select([name for name in batch.schema.names if name in changed or name == owner])

        owner = work.choice.patient
        with parquet.ParquetWriter(out, schema) as writer:
            for made in work.crew.map(_columns, _jobs(batches(), work.choice, changed)):
                batch = kept.popleft()
                names = [name for name in batch.schema.names if name in changed or name == owner]
                new = dict(zip(names, made, strict=True))
                arrays = [
                    pa.array(new[name], schema.field(name).type) if name in changed else batch.column(name)
                    for name in batch.schema.names
                ]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
                rows += batch.num_rows
    return rows


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _chosen(table: Table, choice: Choice) -> set[str]:
    named = [*choice.columns, *choice.keep, *([choice.patient] if choice.patient else [])]
    table.require(named)
    both = sorted(set(choice.columns) & set(choice.keep))
    if both:
        raise ColumnError(f"{table.name}: column {both[0]!r} is both to be read and to be kept; name it once.")
    return set(choice.columns) or set(table.columns) - set(choice.keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows of a table for one piece of work."""

    columns: Mapping[str, list[Any]]
    """Their cells, by column."""
    first: int
    """Which row of the table the first is."""
    rows: int
    """How many there are."""
    choice: Choice
    chosen: frozenset[str]
    """Columns to read."""


def _jobs(batches: Iterable[pa.RecordBatch], choice: Choice, chosen: set[str]) -> Iterator[_Rows]:
    first = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS):
            part = batch.slice(start, _ROWS)
            columns = {name: part.column(name).to_pylist() for name in part.schema.names}
            yield _Rows(columns=columns, first=first, rows=part.num_rows, choice=choice, chosen=frozenset(chosen))
            first += part.num_rows


def _columns(deid: Deidentifier, job: _Rows) -> list[list[Any]]:
    """Return the cells of each column, those of the chosen ones without identifiers."""
    patient = job.choice.patient
    owners = (
        [str(one) for one in job.columns[patient]]
        if patient
        else [str(job.first + number) for number in range(job.rows)]
    )
    made = []
    for name, values in job.columns.items():
        if name == patient and name in job.chosen:
            made.append([None if one is None else _coded(str(one), deid) for one in values])
        elif name in job.chosen:
            made.append(
                [
                    deid.cell(one, column=name, patient=owner) if isinstance(one, str) else one
                    for one, owner in zip(values, owners, strict=True)
                ]
            )
        else:
            made.append(values)
    return made


def _coded(patient: str, deid: Deidentifier) -> str:
    """Return a code for a patient: the same in every file under one key, without a key nobody's in another run."""
    deid.counts["record_number"] += 1
    return deid.code("patient", patient)


def _lines(source: Path, out: Path, work: _Work) -> int:
    rows = 0
    with out.open("w", encoding="utf-8") as stream:
        for lines in work.crew.map(_records, _pieces(_values(source), source.name, work.choice)):
            stream.writelines(lines)
            rows += len(lines)
    if not rows:
        raise CohortError(f"{source.name}: the file is empty; expected one record a line.")
    return rows


_Piece = tuple[list[tuple[int, dict[str, Any]]], str, Choice]


def _pieces(values: Iterator[tuple[int, dict[str, Any]]], name: str, choice: Choice) -> Iterator[_Piece]:
    """Yield records in pieces; what was read before a faulty line comes first, as in one process."""
    while piece := list(islice(values, _ROWS)):
        yield piece, name, choice


def _records(deid: Deidentifier, job: _Piece) -> list[str]:
    records, name, choice = job
    made = (_record(value, deid, choice, owner=str(number), name=name) for number, value in records)
    return [json.dumps(one, ensure_ascii=False) + "\n" for one in made]


def _values(source: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with source.open(encoding=detect(source).encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            if not isinstance(value, dict):
                raise CohortError(f"{source.name}, line {number}: is not a JSON object; expected one record a line.")
            yield number, value


def _record(value: dict[str, Any], deid: Deidentifier, choice: Choice, *, owner: str, name: str) -> dict[str, Any]:
    if is_fhir(value):
        made: dict[str, Any] = cleaned_fhir(value, deid, patient=patient_of(value) or owner)
        return made
    if choice.patient:
        if choice.patient not in value:
            raise ColumnError(f"{name}: a record has no {choice.patient!r}, which should say whose it is.")
        owner = str(value[choice.patient])
    made = {}
    for key, inner in value.items():
        wanted = key in choice.columns if choice.columns else key not in choice.keep
        if key == choice.patient and wanted:
            made[key] = _coded(owner, deid)
        else:
            made[key] = cleaned(inner, deid, patient=owner, key=str(key)) if wanted else inner
    return made


def _json(source: Path, out: Path, deid: Deidentifier, choice: Choice) -> int:
    try:
        value = json.loads(source.read_text(encoding=detect(source).encoding))
    except ValueError as exc:
        if isinstance(exc, InputError):
            raise
        raise CohortError(f"{source.name}: is not JSON; write or copy it again.") from exc
    records = value if isinstance(value, list) else [value]
    made = [
        _record(one, deid, choice, owner=str(number), name=source.name)
        if isinstance(one, dict)
        else cleaned(one, deid, patient=str(number))
        for number, one in enumerate(records)
    ]
    out.write_text(
        json.dumps(made if isinstance(value, list) else made[0], ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    inside = value.get("entry") if isinstance(value, dict) else None
    return len(inside) if isinstance(inside, list) else len(made)


def _found(deid: Deidentifier) -> dict[str, int]:
    return dict(sorted(deid.counts.items()))
