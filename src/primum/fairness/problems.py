"""A table of predictions as yes-or-no problems: one for two classes, one for each of several classes or labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.resampling import units_of
from primum.evidence.slices import Slices, slices_of

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One class against the rest."""

    class_: str
    truth: BoolArray
    """Whether each record is of the class, shape (n,)."""
    said: BoolArray
    """Whether it was predicted as the class."""
    probability: FloatArray | None

    def outcomes(self) -> IntArray:
        """Return truth * 2 + prediction for each record, in 0 to 3."""
        return self.truth.astype(np.int64) * 2 + self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit of one split works on."""

    predictions: Predictions
    slices: Slices
    problems: tuple[Problem, ...]
    """Empty for a number."""
    units: IntArray | None
    """Each record's patient, where patients have several records; None where records are independent."""
    split: str
    seed: int

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return self.predictions.target_type == "classes" and len(self.predictions.classes) == 2

    def design_effect(self, residuals: FloatArray) -> float:
        """Return how much the variance of a mean grows because a patient's records are alike, at least 1.

        Args:
            residuals: each record's deviation, zero for records outside the denominator, shape (n,).
        Source: Kish 1965, Survey Sampling, section 5.4; sums over patients in place of records.
        """
        if self.units is None:
            return 1.0
        alone = float((residuals**2).sum())
        together = float((np.bincount(self.units, weights=residuals) ** 2).sum())
        return max(together / alone, 1.0) if alone > 0 else 1.0


def audited(predictions: Predictions, *, split: str, depth: int, seed: int) -> Audited:
    """Return one split's predictions with their slices and problems."""
    units, n_units = units_of(predictions)
    return Audited(
        predictions=predictions,
        slices=slices_of(predictions, depth=depth),
        problems=problems_of(predictions),
        units=units if n_units < len(predictions) else None,
        split=split,
        seed=seed,
    )


def problems_of(predictions: Predictions) -> tuple[Problem, ...]:
    """Return the problems: of two classes only the second, of more every class, every label, none for a number."""
    if predictions.target_type == "number":
        return ()
    p = predictions.probabilities
    two = predictions.target_type == "classes" and len(predictions.classes) == 2
    chosen = [1] if two else range(len(predictions.classes))
    problems = []
    for code in chosen:
        if predictions.target_type == "labels":
            truth, said = predictions.target[:, code] == 1, predictions.predicted[:, code] == 1
        else:
            truth, said = predictions.target == code, predictions.predicted == code
        score = None if p is None else p[:, code]
        problems.append(Problem(class_=predictions.classes[code], truth=truth, said=said, probability=score))
    return tuple(problems)
