"""Whether reasons hang on what the model learnt: a model whose weights were shuffled must get others.

A method that answers alike for a trained and an untrained network, such as one that finds edges, tells about the record
and not about the model. Source: Adebayo et al. 2018, NeurIPS, "Sanity checks for saliency maps", section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np

from primum.transparency.asking import Subject
from primum.transparency.methods import METHODS
from primum.transparency.parts import FloatArray, Predictor
from primum.transparency.trust import stability

MOST_ALIKE = 0.5
"""Mean rank correlation above which reasons are taken for the same, and withheld: the bar of stability."""
PARTS = ("head", "whole")
"""What of the network is shuffled: its last layer, or every layer."""
RECORDS = 10


class Randomisable(Predictor, Protocol):
    """A model that can be asked for one like itself that has learnt nothing."""

    def randomised(self, *, part: str, seed: int) -> Predictor:
        """Return a copy whose weights are shuffled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanity:
    """How like the reasons of shuffled models are to the model's own."""

    alike: Mapping[str, FloatArray]
    """Part -> rank correlation of each record's reason with that of a model of which this part is shuffled, shape (n,).
    NaN where a reason has fewer than three parts."""

    def similar(self) -> bool:
        """Return whether the reasons ignore what the model learnt: on average alike whatever was shuffled."""
        means = [float(np.nanmean(one)) for one in self.alike.values() if np.isfinite(one).any()]
        return any(mean > MOST_ALIKE for mean in means)


def sanity_of(subject: Subject, found: list[FloatArray], *, method: str, seed: int = 7) -> Sanity | None:
    """Return how like the reasons of shuffled models are; None where the model cannot be shuffled.

    Each record meets a shuffled model of its own, so that no single draw decides.

    Args:
        subject: the records and what is asked.
        found: their reasons.
        method: a name from METHODS.
        seed: of the shuffles.
    """
    if getattr(subject.predictor, "randomised", None) is None:
        return None
    rows = np.arange(min(len(found), RECORDS))
    alike = {part: np.array(list(_alike(subject, found, part, rows, method, seed))) for part in PARTS}
    return Sanity(alike=alike)


def _alike(subject: Subject, found: list[FloatArray], part: str, rows: Any, method: str, seed: int) -> Iterator[float]:
    for row in rows.tolist():
        one = subject.chosen(np.array([row]))
        other = cast(Randomisable, subject.predictor).randomised(part=part, seed=seed + row)
        answers = np.asarray(other.predict_prepared(one.prepared), dtype=np.float64)
        again = METHODS.get(method)(replace(one, predictor=other, answers=answers), seed).parts
        yield float(stability([found[row]], one.parts, again, one.parts)[0])
