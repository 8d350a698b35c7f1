"""Counterfactuals of records: the smallest plausible changes after which a model answers otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from primum.cohort.records import Records
from primum.transparency.counterfactual.asking import Asked, Asker, Decide
from primum.transparency.counterfactual.found import Counterfactual
from primum.transparency.counterfactual.note import search_notes
from primum.transparency.counterfactual.terrain import Terrain
from primum.transparency.counterfactual.vitals import search_vitals
from primum.transparency.grouping import FloatArray, IntArray

MOST, MOST_CHANGES, BUDGET = 3, 3, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactuals:
    """What was found for n records: a statement about the model, and no advice about any patient."""

    of_vitals: tuple[tuple[Counterfactual, ...], ...]
    """Of each record, nearest first; empty where none was found."""
    of_note: tuple[tuple[Counterfactual, ...], ...]
    answers: FloatArray
    """On the records as they are, shape (n, k), or (n,) for a number."""
    decided: IntArray
    """What is decided of them, coded; empty for a number."""
    calls: int
    """How often the model was called for all records together."""
    asked: int
    """Variants of records that it was asked about."""

    def __len__(self) -> int:
        return len(self.of_vitals)


def counterfactuals(
    predictor: Asked,
    records: Records,
    terrain: Terrain,
    *,
    decide: Decide | None,
    most: int = MOST,
    most_changes: int = MOST_CHANGES,
    budget: int = BUDGET,
) -> Counterfactuals:
    """Return the smallest plausible changes of vitals, and of the note, after which a model answers otherwise.

    Another answer is another decision, or a number further away than `terrain.margin`. Vitals keep to the ranges,
    directions, steps and levels of the terrain and lie as near to training records as these do to each other; what the
    note tells of age and sex stays. Vitals and note are changed apart: a note may go on saying what a vital said.

    Args:
        predictor: any model.
        records: what it is asked about.
        terrain: what may change, and what is plausible.
        decide: how probabilities become decisions; None for a model that answers with numbers.
        most: counterfactuals of a record, of vitals and of the note each.
        most_changes: changes at once.
        budget: variants of a record that are asked about for each number of changed vitals, beyond one.
    Source: Wachter, Mittelstadt & Russell 2018, Harv. J. Law Technol. 31(2); Guidotti 2022, Data Min. Knowl. Discov.
    """
    asker = Asker(predictor=predictor, records=records, decide=decide, margin=terrain.margin)
    of_vitals = search_vitals(asker, terrain, most=most, most_changes=most_changes, budget=budget)
    of_note = search_notes(asker, most=most, most_changes=most_changes)
    return Counterfactuals(
        of_vitals=tuple(of_vitals),
        of_note=tuple(of_note),
        answers=asker.own,
        decided=asker.decided,
        calls=asker.calls,
        asked=asker.asked,
    )
