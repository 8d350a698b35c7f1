"""erasures.json in a run's folder: which erasures it learnt from, so that nobody releases it in ignorance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from primum.errors import InputError
from primum.files import write_json

_NAME = "erasures.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One patient who was erased after a run had used them."""

    entry: str
    """The patient as the study's list has them: a keyed hash."""
    asked: str
    """When, in UTC."""
    splits: Sequence[str]
    """Where the patient's records had been."""
    learnt: bool
    """Whether the model, its probabilities or its thresholds were learnt from them."""


def read_marks(path: Path) -> list[Mark]:
    """Return the marks of a folder; none where nobody was erased.

    Raises:
        InputError: the file is damaged.
    """
    file = path / _NAME
    if not file.is_file():
        return []
    try:
        return [Mark(**one) for one in json.loads(file.read_text(encoding="utf-8"))["erasures"]]
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{file}: not a file of erasures that primum wrote; restore it.") from exc


def add_mark(path: Path, mark: Mark) -> None:
    """Add a mark to a folder; of the same patient's earlier mark, what it learnt is kept."""
    before = {one.entry: one for one in read_marks(path)}
    earlier = before.get(mark.entry)
    if earlier is not None:
        splits = sorted({*earlier.splits, *mark.splits})
        mark = Mark(entry=mark.entry, asked=earlier.asked, splits=splits, learnt=earlier.learnt or mark.learnt)
    write_json(path / _NAME, {"format": 1, "erasures": [asdict(one) for one in {**before, mark.entry: mark}.values()]})


def must_rebuild(path: Path) -> bool:
    """Return whether a run's model learnt from a patient who was erased since, and so must not be released."""
    return any(mark.learnt for mark in read_marks(path))
