"""The questions that a place among patients is described by: of vitals, groups, hospital, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.predictions import UNKNOWN
from primum.evidence.slices import SITE
from primum.evidence.withholding import SMALL

BoolArray = npt.NDArray[np.bool_]
TEXT, LENGTH = "text", "text_length"
CUTS = 8
"""Cuts of a number that are tried, at most: its quantiles, rounded to three digits, so that no cut is one patient's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with the answer yes or no."""

    column: str
    """A column of the study, "text" or "text_length" (characters)."""
    yes: str
    """How a yes reads, e.g. "> 120" or "= Male"."""
    no: str
    answers: BoolArray
    """Shape (n,)."""


def questions_of(cohort: Cohort, learnt_on: BoolArray) -> list[Question]:
    """Return every question about the records; cuts and levels are chosen on some of them.

    A number that is missing answers every cut with no, and has a question of its own. A level that fewer than five
    patients have is no question, so that none is told.

    Args:
        cohort: the records.
        learnt_on: those that cuts and levels are chosen on, shape (n,).
    """
    found: list[Question] = []
    for name, vital in cohort.records.vitals.items():
        if vital.kind == "number":
            found += _of_number(name, vital.values.astype(np.float64), learnt_on)
        else:
            names = np.array([UNKNOWN if value is None else str(value) for value in vital.values], dtype=object)
            found += _of_levels(name, names, cohort, learnt_on)
    groups = {**cohort.sensitive, **({} if cohort.site is None else {SITE: cohort.site})}
    for name, levels in groups.items():
        if name not in cohort.records.vitals:
            found += _of_levels(name, levels.astype(object), cohort, learnt_on)
    if cohort.records.text is not None:
        lengths = np.array([len(text or "") for text in cohort.records.text.take(np.arange(len(cohort)))], np.float64)
        found += _of_number(LENGTH, np.where(lengths > 0, lengths, np.nan), learnt_on, missing_as=TEXT)
    return [one for one in found if 0 < one.answers[learnt_on].sum() < learnt_on.sum()]


def _of_number(
    name: str, values: npt.NDArray[np.float64], learnt_on: BoolArray, *, missing_as: str | None = None
) -> Iterator[Question]:
    missing = np.isnan(values)
    known = values[learnt_on & ~missing]
    if len(known):
        quantiles = np.quantile(known, np.linspace(0, 1, CUTS + 2)[1:-1])
        for cut in sorted({float(f"{one:.3g}") for one in quantiles}):
            above = np.where(missing, False, values > cut)
            yield Question(column=name, yes=f"> {cut:g}", no=f"≤ {cut:g}", answers=above)
    yield Question(column=missing_as or name, yes=f"= {UNKNOWN}", no=f"≠ {UNKNOWN}", answers=missing)


def _of_levels(name: str, levels: npt.NDArray[np.object_], cohort: Cohort, learnt_on: BoolArray) -> Iterator[Question]:
    for level in sorted(set(levels[learnt_on].tolist())):
        of_level = np.asarray(levels == level, dtype=bool)
        if len(np.unique(cohort.patients[of_level & learnt_on].astype(str))) >= SMALL:
            yield Question(column=name, yes=f"= {level}", no=f"≠ {level}", answers=of_level)
