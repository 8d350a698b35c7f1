"""Reasons on demand: which words and vitals speak for an answer, checked, and withheld where they do not hold.

A serving process has no gradients, so the methods are those that only ask the model again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from primum.privacy.deid import mask_texts
from primum.serve.engine import OpenedRelease, Row
from primum.serve.engine.rows import records_of
from primum.study.explaining import told_of
from primum.transparency import explain

if TYPE_CHECKING:
    from primum.study.opened import AskedModel

METHOD = "occlusion"
"""Of pictures the run's own default method is the same: how much the score falls without each cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The reason for one answer."""

    method: str
    about: str | None
    """The class asked about; None for a number."""
    holds: bool
    withheld_because: tuple[str, ...]
    """gap, chance, unstable, randomised; empty where it holds."""
    comprehensiveness: float | None
    """Fall of the probability without the reason; against `comprehensiveness_of_chance`, that of as much at random."""
    comprehensiveness_of_chance: float | None
    sufficiency: float | None
    stability: float | None
    text: str
    """The note in the form the model read; empty where the reason is withheld."""
    words: tuple[dict[str, Any], ...]
    """word, start, end in `text`, sentence and what it adds to the score."""
    vitals: tuple[dict[str, Any], ...]
    """vital, value and what it adds."""
    cells: tuple[dict[str, Any], ...] = ()
    """row, column and what it adds, of a grid over the square that the model sees of the image."""
    grid: int = 0
    """Rows of that grid, and columns; 0 without an image."""


def explained(release: OpenedRelease, row: Row) -> Explanation:
    """Return the reason for what a Release says of a row: for its likeliest class, before calibration."""
    deid = release.run.spec.cohort.deid
    texts = [row.text] if deid is None else mask_texts([row.text], deid.keep, models=deid.ner or ())
    records = records_of([row], release.roles, texts)
    reasons = explain(
        cast("AskedModel", release.run.model),
        records,
        method=METHOD,
        ignores_model=release.reasons_ignore_model,
        seed=release.run.spec.training.seed,
    )
    told = told_of(reasons, 0, "", records)
    return Explanation(
        method=METHOD,
        about=told["about"],
        holds=told["holds"],
        withheld_because=tuple(told["withheld_because"]),
        comprehensiveness=told["comprehensiveness"],
        comprehensiveness_of_chance=told["comprehensiveness_of_chance"],
        sufficiency=told["sufficiency"],
        stability=told["stability"],
        text=told.get("text", ""),
        words=tuple(told.get("words", ())),
        vitals=tuple(told.get("vitals", ())),
        cells=tuple(told.get("cells", ())),
        grid=told.get("grid", 0),
    )
