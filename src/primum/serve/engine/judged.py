"""What a Release says of one record, in plain values: the model's answer and everything that guards it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.evidence.marks import Mark
from primum.knowledge.rules import ClinicalRule
from primum.privacy.deid import mask_texts
from primum.serve.engine.opening import OpenedRelease
from primum.serve.engine.rows import Row, RowLevels, records_of
from primum.study.opened import Said
from primum.transparency.similar import SimilarPatients, patients_like


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The guarded answer on one record."""

    probabilities: tuple[float, ...]
    """Calibrated, in the order of the classes; empty for a number."""
    intervals: tuple[tuple[float, float], ...] | None
    """Of each class's true share; None where the Release tells none."""
    decided: tuple[int, ...]
    """Places of the decided classes; empty for a number."""
    number: float | None
    ends: tuple[float, float] | None
    """Conformal interval of a number."""
    in_set: tuple[int, ...] | None
    """Places of the classes in the conformal set; None where the run has none."""
    abstained: bool
    novel: tuple[str, ...]
    """Scores by which the record is unlike the training records, the most surprising first; empty for none."""
    outside: tuple[str, ...]
    """Vitals outside what training saw, the furthest first."""
    disagreement: float | None
    rules: tuple[ClinicalRule, ...]
    """That speak of the record."""
    similar: SimilarPatients | None
    """How it went with training patients like this one; None where the Release keeps no groups of them."""
    marks: tuple[Mark, ...] | None
    """Places that the model shows in the image, in its pixels as it was sent; None of a model that marks none."""


def judge_rows(release: OpenedRelease, rows: Sequence[Row]) -> list[Judged]:
    """Return what a Release says of rows, each as if it had been asked about alone.

    Texts lose their identifiers first where the study says so. Rows that came with other attributes are judged apart.
    """
    deid = release.run.spec.cohort.deid
    found: list[Judged | None] = [None] * len(rows)
    groups: dict[frozenset[str], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(frozenset(row.levels), []).append(place)
    for places in groups.values():
        some = [rows[place] for place in places]
        texts = [row.text for row in some]
        texts = texts if deid is None else mask_texts(texts, deid.keep, models=deid.ner or ())
        shapes = np.array([row.shape or (0, 0) for row in some], dtype=np.int64)
        said = release.run.say(records_of(some, release.roles, texts), RowLevels(some), shapes=shapes)
        for place, judged in zip(places, _each(release, said, len(some)), strict=True):
            found[place] = judged
    return [one for one in found if one is not None]


def _each(release: OpenedRelease, said: Said, n: int) -> list[Judged]:
    flagged = np.zeros(n, dtype=bool) if said.novel is None else said.novel.flagged
    is_number = release.run.kind == "number"
    spoken = said.spoken
    like = None if release.run.similar is None else patients_like(release.run.similar, said.features)
    return [
        Judged(
            probabilities=() if is_number else tuple(said.answers[row].tolist()),
            intervals=None
            if said.intervals is None
            else tuple((low, high) for low, high in said.intervals[row].tolist()),
            decided=() if is_number else _decided(said.coded[row]),
            number=float(said.answers[row]) if is_number else None,
            ends=None if said.ends is None else (float(said.ends[row, 0]), float(said.ends[row, 1])),
            in_set=None if said.sets is None else tuple(np.flatnonzero(said.sets[row]).tolist()),
            abstained=said.given is not None and not said.given[row],
            novel=tuple(said.novel.reasons(row)) if said.novel is not None and flagged[row] else (),
            outside=tuple(said.novel.vitals_outside(row)) if said.novel is not None and flagged[row] else (),
            disagreement=None if said.disagreement is None else float(said.disagreement.shown[row]),
            rules=()
            if spoken is None
            else tuple(spoken.rules[place] for place in np.flatnonzero(spoken.yes[:, row]).tolist()),
            similar=None if like is None else like[row],
            marks=None if said.marking is None else said.marking.marks[row],
        )
        for row in range(n)
    ]


def _decided(coded: Any) -> tuple[int, ...]:
    return (int(coded),) if np.ndim(coded) == 0 else tuple(np.flatnonzero(np.asarray(coded) == 1).tolist())
