"""Decisions by slice: one threshold for each slice, chosen on the calibration split, never by chance.

Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning", reach equalised odds with randomised
thresholds; a patient must not be decided on by a coin, so here the gap that can be closed without one is closed and the
rest is measured. A slice with too few patients keeps the common threshold. Afterwards probabilities are calibrated
again within each slice by a map that keeps their order, so that no decision changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from primum.errors import SplitError
from primum.evidence.predictions import FloatArray, IntArray, Predictions, TextArray
from primum.fairness.recalibration import Recalibration, fit_recalibration
from primum.fairness.threshold_search import choose_offsets, choose_thresholds
from primum.files import read_saved

Criterion = Literal["equal_opportunity", "equalised_odds", "demographic_parity"]
DECISIONS_FILE = "decisions.json"
"""Its name in the model's folder."""
FEWEST = 10
"""Calibration records a slice needs with a class and without it, to get a threshold of its own."""
_EDGE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRule:
    """How the records of one slice are decided and their probabilities corrected."""

    offsets: tuple[float, ...]
    """classes: added to the log probabilities before the largest is taken; labels: to the log odds, before the sign."""
    recalibration: Recalibration


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDecisions:
    """How a model decides by slice."""

    attribute: str
    """The sensitive attribute."""
    criterion: Criterion
    kind: Literal["classes", "labels"]
    classes: tuple[str, ...]
    common: SliceRule
    """For slices without a rule of their own, and levels never seen."""
    slices: Mapping[str, SliceRule]
    """Level -> its own rule."""
    too_few: Mapping[str, int] = field(default_factory=dict)
    """Levels that keep the common rule -> their calibration records."""
    slack: float | None = None
    """The gap that was allowed on the calibration split in the end; None where offsets only approach it."""

    def decide(self, probabilities: FloatArray, levels: TextArray) -> tuple[IntArray, FloatArray]:
        """Return what is decided, coded as `Predictions.predicted`, and the recalibrated probabilities.

        Args:
            probabilities: the model's, shape (n, k).
            levels: each record's level of the attribute, shape (n,).
        """
        scores = evidence_of(probabilities, self.kind)
        decided = np.zeros(len(scores) if self.kind == "classes" else scores.shape, dtype=np.int64)
        corrected = np.array(probabilities, dtype=np.float64)
        for level in np.unique(levels.astype(str)):
            rows = levels.astype(str) == level
            rule = self.slices.get(str(level), self.common)
            shifted = scores[rows] + np.array(rule.offsets)
            decided[rows] = shifted.argmax(1) if self.kind == "classes" else shifted > 0
            corrected[rows] = rule.recalibration.apply(probabilities[rows], self.kind)
        return decided, corrected

    def thresholds(self) -> dict[str, dict[str, float]]:
        """Return the probability from which each class is decided, by level; empty for more than two classes."""
        if self.kind == "classes" and len(self.classes) > 2:
            return {}
        named = {"common": self.common, **self.slices}
        places = [1] if self.kind == "classes" else range(len(self.classes))
        return {
            level: {self.classes[c]: float(1 / (1 + np.exp(rule.offsets[c]))) for c in places}
            for level, rule in named.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return the decisions as plain JSON, thresholds written out for a reader."""
        return {"format": 1, **asdict(self), "thresholds": self.thresholds()}

    @classmethod
    def load(cls, model_folder: Path) -> SliceDecisions | None:
        """Return the decisions saved with a model; None where it decides by the largest probability.

        Raises:
            InputError: the file is damaged.
        """
        return read_saved(model_folder / DECISIONS_FILE, cls._from, what="decisions")

    @classmethod
    def _from(cls, given: dict[str, Any]) -> SliceDecisions:
        given.pop("thresholds")
        given["common"] = _rule(given["common"])
        given["slices"] = {level: _rule(rule) for level, rule in given["slices"].items()}
        return cls(**{**given, "classes": tuple(given["classes"])})


def evidence_of(probabilities: FloatArray, kind: str) -> FloatArray:
    """Return log probabilities for classes, log odds for labels, finite."""
    p = np.clip(probabilities, _EDGE, 1 - _EDGE)
    scores: FloatArray = np.log(p) if kind == "classes" else np.log(p) - np.log1p(-p)
    return scores


def choose_decisions(
    predictions: Predictions, attribute: str, criterion: Criterion, *, slack: float, cost: float
) -> SliceDecisions:
    """Return the decisions that even out a rate over the slices of an attribute on the calibration split.

    Args:
        predictions: with probabilities; only the split calibration is looked at.
        attribute: one of `predictions.groups`.
        criterion: what is evened out.
        slack: largest gap that may remain. It is doubled until the next condition holds.
        cost: most balanced accuracy, on the calibration split, that may be lost against common thresholds.
    Raises:
        SplitError: there is no calibration record.
    """
    table = predictions.of_split("calibration")
    if not len(table) or table.probabilities is None or table.target_type == "number":
        raise SplitError(
            "training.objective.fairness.thresholds: no record is in the split calibration; give it a larger share."
        )
    kind: Literal["classes", "labels"] = "classes" if table.target_type == "classes" else "labels"
    levels = table.groups[attribute].astype(str)
    truth = np.eye(len(table.classes), dtype=bool)[table.target] if kind == "classes" else table.target == 1
    large = {str(level) for level in np.unique(levels) if _enough(truth[levels == level], kind)}
    scores = evidence_of(table.probabilities, kind)
    if kind == "classes" and len(table.classes) > 2:
        common, own = choose_offsets(scores, truth, levels, sorted(large), criterion=criterion, slack=slack)
        allowed = None
    else:
        answers = [1] if kind == "classes" else list(range(len(table.classes)))
        common, own, allowed = choose_thresholds(
            scores[:, 1:] - scores[:, :1] if kind == "classes" else scores,
            truth[:, answers],
            levels,
            sorted(large),
            criterion=criterion,
            slack=slack,
            cost=cost,
        )
        if kind == "classes":
            common, own = np.append(0.0, common), {level: np.append(0.0, one) for level, one in own.items()}
    pooled = fit_recalibration(table.probabilities, truth, kind)
    return SliceDecisions(
        attribute=attribute,
        criterion=criterion,
        kind=kind,
        classes=table.classes,
        common=SliceRule(offsets=tuple(map(float, common)), recalibration=pooled),
        slices={
            level: SliceRule(
                offsets=tuple(map(float, offsets)),
                recalibration=fit_recalibration(
                    table.probabilities[levels == level], truth[levels == level], kind, otherwise=pooled
                ),
            )
            for level, offsets in own.items()
        },
        too_few={str(v): int((levels == v).sum()) for v in np.unique(levels) if str(v) not in large},
        slack=allowed,
    )


def _enough(truth: npt.NDArray[np.bool_], kind: str) -> bool:
    """Return whether a slice has records enough: with and without some label, or in two classes."""
    with_it, without = truth.sum(0), (~truth).sum(0)
    enough = np.minimum(with_it, without) >= FEWEST
    return bool(enough.sum() >= (2 if kind == "classes" else 1))


def _rule(value: Mapping[str, Any]) -> SliceRule:
    calibration = {name: tuple(v) for name, v in value["recalibration"].items()}
    return SliceRule(offsets=tuple(value["offsets"]), recalibration=Recalibration(**calibration))
