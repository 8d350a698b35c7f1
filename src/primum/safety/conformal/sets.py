"""Conformal sets and intervals: what is given with an answer so that it holds the truth as often as promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions, TargetType, TextArray
from primum.evidence.slices import SITE
from primum.files import read_saved
from primum.safety.calibration.scores import BoolArray
from primum.safety.conformal.quantiles import FEWEST, GroupQuantile, fit_quantile
from primum.safety.conformal.scores import SCORES

CONFORMAL_FILE = "conformal.json"
"""Its name in the model's folder."""
CLASS = "class"
"""The factor whose groups are the classes."""
ABSOLUTE = "absolute_residual"
"""The score of numbers: the distance between prediction and truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformal:
    """How sets (of classes, labels) or intervals (of numbers) are cut."""

    target_type: TargetType
    classes: tuple[str, ...]
    coverage: float
    """The promised share of records whose truth is held, in (0, 1)."""
    score: str
    """A name of SCORES; for a number `absolute_residual`."""
    threshold: GroupQuantile
    n: int
    """Calibration records, or pairs of a record and one of its labels."""

    def sets(self, probabilities: FloatArray, slices: Mapping[str, TextArray]) -> BoolArray:
        """Return which classes or labels each record's set holds, shape (n, k).

        Args:
            probabilities: shape (n, k).
            slices: sensitive attribute (or "site") -> each record's level, shape (n,).
        """
        score = SCORES.get(self.score)
        if not self.threshold.offsets:
            return score.included(probabilities, np.asarray(self.threshold.base))
        return score.included(probabilities, self.thresholds(len(probabilities), slices))

    def thresholds(self, n: int, slices: Mapping[str, TextArray]) -> FloatArray:
        """Return the threshold of each record and class, shape (n, k)."""
        k = len(self.classes)
        names = np.array(self.classes, dtype=object)
        own = GroupQuantile(
            base=0.0,
            offsets={CLASS: self.threshold.offsets.get(CLASS, {})},
            pooled={CLASS: self.threshold.pooled.get(CLASS, {})},
        ).of({CLASS: names}, k)
        shared = GroupQuantile(
            base=self.threshold.base,
            offsets={f: one for f, one in self.threshold.offsets.items() if f != CLASS},
            pooled=self.threshold.pooled,
        ).of(slices, n)
        return np.asarray(shared[:, None] + own[None, :])

    def intervals(self, predicted: FloatArray, slices: Mapping[str, TextArray]) -> FloatArray:
        """Return the lower and upper ends around predicted numbers, shape (n, 2)."""
        half = self.threshold.of(slices, len(predicted))
        return np.column_stack([predicted - half, predicted + half])

    def holds(self, predictions: Predictions) -> BoolArray:
        """Return whether each record's truth is held: (n,) for classes and numbers, (n, k) for labels, where it is
        True for a label the record does not have.
        """
        slices = slices_with_site(predictions)
        if predictions.probabilities is None:
            ends = self.intervals(np.asarray(predictions.predicted, dtype=np.float64), slices)
            return np.asarray((ends[:, 0] <= predictions.target) & (predictions.target <= ends[:, 1]))
        sets = self.sets(predictions.probabilities, slices)
        if self.target_type == "labels":
            return np.asarray(sets | (predictions.target == 0))
        return np.asarray(sets[np.arange(len(sets)), predictions.target.astype(np.int64)])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON; an infinite base is null."""
        plain = asdict(self)
        if not np.isfinite(self.threshold.base):
            plain["threshold"]["base"] = None
        return {"format": 1, **plain}

    @classmethod
    def load(cls, model_folder: Path) -> Conformal | None:
        """Return what was saved with a model; None where it has none.

        Raises:
            InputError: the file is damaged.
        """
        return read_saved(model_folder / CONFORMAL_FILE, cls._from, what="conformal sets")

    @classmethod
    def _from(cls, given: dict[str, Any]) -> Conformal:
        threshold = given.pop("threshold")
        base = float("inf") if threshold["base"] is None else float(threshold["base"])
        quantile = GroupQuantile(**{**threshold, "base": base})
        return cls(**{**given, "classes": tuple(given["classes"])}, threshold=quantile)


def fit_conformal(
    held_out: Predictions,
    *,
    coverage: float = 0.9,
    score: str = "lac",
    by_class: bool = True,
    by_slice: bool = True,
    fewest: int = FEWEST,
) -> Conformal | None:
    """Return the sets fitted on calibration records; None without records.

    Args:
        held_out: calibration records with answers that were not fitted on them (`primum.safety.out_of_fold`).
        coverage: the share of records whose truth is to be held.
        score: a name of SCORES; not looked at for a number.
        by_class: whether the coverage is to hold within every class.
        by_slice: whether it is to hold within every level of every sensitive attribute and every site.
        fewest: records of a class or slice for a threshold of its own.
    """
    if not len(held_out):
        return None
    rows, of_class = true_pairs(held_out)
    if held_out.probabilities is None:
        score, scores = ABSOLUTE, np.abs(np.asarray(held_out.target - held_out.predicted, dtype=np.float64))
    else:
        scores = SCORES.get(score).of_true(held_out.probabilities[rows], of_class)
    factors: dict[str, TextArray] = {}
    if by_class and held_out.probabilities is not None:
        factors[CLASS] = np.array(held_out.classes, dtype=object)[of_class]
    if by_slice:
        factors |= {name: levels[rows] for name, levels in slices_with_site(held_out).items()}
    return Conformal(
        target_type=held_out.target_type,
        classes=held_out.classes,
        coverage=coverage,
        score=score,
        threshold=fit_quantile(scores, factors, coverage=coverage, fewest=max(fewest, int(2 / (1 - coverage)))),
        n=len(scores),
    )


def true_pairs(predictions: Predictions) -> tuple[IntArray, IntArray]:
    """Return row and class of everything that is true: each record's class, or each of its labels."""
    if predictions.target_type == "labels":
        rows, of_class = np.nonzero(predictions.target == 1)
        return rows.astype(np.int64), of_class.astype(np.int64)
    everybody = np.arange(len(predictions), dtype=np.int64)
    if predictions.target_type == "number":
        return everybody, np.zeros_like(everybody)
    return everybody, predictions.target.astype(np.int64)


def slices_with_site(predictions: Predictions) -> dict[str, TextArray]:
    """Return every sensitive attribute and the site with each record's level."""
    slices = dict(predictions.groups)
    if predictions.site is not None:
        slices.setdefault(SITE, predictions.site)
    return slices
