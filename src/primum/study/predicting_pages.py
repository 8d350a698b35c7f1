"""A page in plain words for each patient who was predicted, named by the row's number and never by an id."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from primum.errors import OutputError
from primum.ethics.papers import PatientAnswer, answer_page, read_facts
from primum.files import write_text


def check_folder(folder: Path) -> None:
    """Check that pages can go into a folder, before anything is predicted.

    Raises:
        OutputError: the place is taken.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: the place is taken; choose an empty folder with --patient-pages.")


def write_pages(run: Path, columns: Mapping[str, pa.Array], folder: Path, *, kind: str, lang: str) -> None:
    """Write one page a row, 1.html for the first.

    Args:
        run: folder of the finished run.
        columns: of the predictions, as `predict_run` writes them.
        folder: where to; it is made.
        kind: of the target: classes, labels or number.
        lang: of the pages, en or zh.
    """
    facts = read_facts(run)
    for number, row in enumerate(pa.table(dict(columns)).to_pylist(), start=1):
        write_text(folder / f"{number}.html", answer_page(facts, _answer(row, kind), lang=lang))


def _answer(row: Mapping[str, Any], kind: str) -> PatientAnswer:
    in_set = row.get("set")
    return PatientAnswer(
        chances={name[2:]: float(value) for name, value in row.items() if name.startswith("p:")},
        value=float(row["predicted"]) if kind == "number" else None,
        low=row.get("low"),
        high=row.get("high"),
        answer_set=None if in_set is None else [name for name in in_set.split(";") if name],
        several=kind == "labels",
        abstained=bool(row.get("abstain")),
        novel=bool(row.get("novel")),
        escalated=bool(row.get("escalate")),
    )
