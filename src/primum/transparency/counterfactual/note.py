"""The search for the smallest change of a note: a sentence left out, a finding denied, a denied one affirmed.

What the note tells of the patient's age and sex stays: an edit that would take it away, or deny it, is not made. The
wording is mechanical. Each edit alone comes first, then two and three of the most promising together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from primum.cohort import negation
from primum.cohort.swap_ages import ages_told
from primum.cohort.swap_words import with_other_sex
from primum.transparency.counterfactual.asking import Asker, Told
from primum.transparency.counterfactual.found import Counterfactual, NoteChange, NoteEdit, diverse
from primum.transparency.words import sentences_of

MOST_SENTENCES = 12
"""Sentences of a note that may be left out, the first; clauses are denied or affirmed up to `negation.MOST_CLAUSES`."""
_PROMISING = 5
"""Edits that are tried together, those that bring the answer nearest to a change."""


def search_notes(asker: Asker, *, most: int, most_changes: int) -> list[tuple[Counterfactual, ...]]:
    """Return up to `most` diverse counterfactuals of each record's note, nearest first.

    Args:
        asker: model and records.
        most: counterfactuals of a record.
        most_changes: edits at once.
    """
    n = len(asker.records)
    if asker.records.text is None:
        return [()] * n
    texts = [text or "" for text in asker.records.text.take(np.arange(n))]
    edits = [edits_of(text) for text in texts]
    found: list[list[Counterfactual]] = [[] for _ in texts]
    leads: list[dict[int, float]] = [{} for _ in texts]
    for size in range(1, most_changes + 1):
        made = [
            (row, chosen)
            for row, text in enumerate(texts)
            if not found[row]
            for chosen in _together(text, edits[row], leads[row], size)
        ]
        if not made:
            break
        variants = [with_edits(texts[row], [edits[row][one] for one in chosen]) for row, chosen in made]
        told, _ = asker.ask([row for row, _ in made], texts=variants)
        for place, (row, chosen) in enumerate(made):
            if told.changed[place]:
                found[row].append(_counterfactual(asker, [edits[row][one] for one in chosen], told, (row, place)))
            elif size == 1:
                leads[row][chosen[0]] = float(told.lead[place])
    return [diverse(one, most) for one in found]


def edits_of(text: str) -> list[NoteChange]:
    """Return every edit of a note that may be made: what it tells of age and sex stays, and something is left of it."""
    found = []
    for a, b in sentences_of(text)[:MOST_SENTENCES]:
        change = _edit("left_out", text, (a, b), "")
        if with_edits(text, [change]).strip():
            found.append(change)
    for span in negation.clauses(text):
        found.append(_edit("denied", text, span, _between(text, negation.denied(text, span), span)))
    for span in negation.denied_clauses(text):
        new = negation.affirmed(text, span)
        if new is not None:
            found.append(_edit("affirmed", text, span, _between(text, new, span)))
    return [one for one in found if not _touches_the_patient(text, one)]


def with_edits(text: str, edits: Sequence[NoteChange]) -> str:
    """Return the note with edits that do not overlap."""
    for one in sorted(edits, key=lambda edit: -edit.start):
        text = text[: one.start] + one.after + text[one.end :]
    return text.strip()


def _together(text: str, edits: list[NoteChange], leads: dict[int, float], size: int) -> list[tuple[int, ...]]:
    if size == 1:
        return [(number,) for number in range(len(edits))]
    best = sorted(leads, key=lambda number: (leads[number], number))[:_PROMISING]
    chosen = [tuple(sorted(some)) for some in combinations(best, size)]
    return [some for some in chosen if _apart([edits[i] for i in some]) and _leaves(text, [edits[i] for i in some])]


def _apart(edits: Sequence[NoteChange]) -> bool:
    ordered = sorted(edits, key=lambda edit: edit.start)
    return all(a.end <= b.start for a, b in zip(ordered, ordered[1:], strict=False))


def _leaves(text: str, edits: Sequence[NoteChange]) -> bool:
    """Return whether edits together leave something of the note, and what it tells of the patient."""
    new = with_edits(text, edits)
    return bool(new) and tells_of_patient(new) == tells_of_patient(text)


def tells_of_patient(text: str) -> tuple[frozenset[int], bool]:
    """Return the ages that a text tells, and whether it tells a sex."""
    return ages_told(text), with_other_sex(text) != text


def _touches_the_patient(text: str, edit: NoteChange) -> bool:
    if not _leaves(text, [edit]):
        return True
    if edit.edit == "left_out":
        return False
    # A denial reaches what follows it: no age and no sex may stand there.
    same = next((i for i, (a, b) in enumerate(zip(edit.before, edit.after, strict=False)) if a != b), 0)
    return tells_of_patient(edit.before[same:]) != tells_of_patient("")


def _edit(edit: NoteEdit, text: str, span: tuple[int, int], after: str) -> NoteChange:
    a, b = span
    return NoteChange(edit=edit, start=a, end=b, before=text[a:b], after=after, size=(b - a) / max(len(text), 1))


def _between(text: str, new: str, span: tuple[int, int]) -> str:
    """Return what stands in a changed text where `span` was."""
    return new[span[0] : len(new) - (len(text) - span[1])]


def _counterfactual(asker: Asker, edits: list[NoteChange], told: Told, at: tuple[int, int]) -> Counterfactual:
    row, place = at
    answer = told.answers[place]
    return Counterfactual(changes=tuple(edits), answer=answer, decided=asker.decision(answer, row))
