"""Abstention: answer only where the promised risk is kept, with the promised confidence, or say that it cannot be.

The surer an answer, the sooner it is given. Thresholds are tested one after the other, from few answers to many: at
each, the hypothesis "more than the allowed share of answered patients get a wrong answer" must be rejected by the exact
binomial test, and the testing stops at the first that is not (fixed-sequence testing; Angelopoulos et al. 2025, Learn
then Test, section 3.1). Where it begins depends on counts alone, never on what was right or wrong.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.resampling import units_of
from primum.files import read_saved
from primum.later import stats
from primum.safety.calibration.scores import BoolArray

ABSTENTION_FILE = "abstention.json"
"""Its name in the model's folder."""
FORGIVEN = 2
"""Errors that the first test forgives, so that an early mistake does not end it all; of 0 to 5, two answered most."""
RISKS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Risks that are tried, to tell what could be asked for, where the risk asked for cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """From which sureness on a model answers."""

    risk: float
    """Largest allowed share of answered patients with a wrong answer."""
    confidence: float
    """How sure that is to be."""
    threshold: float | None
    """Answers surer than this are given; None where no threshold keeps the risk with the confidence."""
    answered: int
    """Calibration patients that are answered."""
    errors: int
    """Those of them with a wrong answer."""
    n: int
    """Calibration patients."""
    lowest: float | None
    """The risk, or where it cannot be kept the lowest of RISKS that could have been asked for; None for none."""

    @property
    def attainable(self) -> bool:
        """Whether some threshold keeps the risk."""
        return self.threshold is not None

    def answers(self, sureness: FloatArray) -> BoolArray:
        """Return which records are answered, shape (n,); none where the risk cannot be kept."""
        if self.threshold is None:
            return np.zeros(len(sureness), dtype=bool)
        return np.asarray(sureness > self.threshold)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"format": 1, **asdict(self)}

    @classmethod
    def load(cls, model_folder: Path) -> Abstention | None:
        """Return what was saved with a model; None where it always answers.

        Raises:
            InputError: the file is damaged.
        """
        return read_saved(model_folder / ABSTENTION_FILE, lambda given: cls(**given), what="an abstention")


def sureness_of(probabilities: FloatArray, decided: IntArray) -> FloatArray:
    """Return how sure each record's decision is, shape (n,).

    Args:
        probabilities: shape (n, k).
        decided: classes: class index (n,): the probability of the decided class. Labels: 0/1 (n, k): the probability of
            the decision about the least sure label.
    """
    if decided.ndim == 1:
        return np.asarray(probabilities[np.arange(len(decided)), decided.astype(np.int64)])
    return np.asarray(np.where(decided == 1, probabilities, 1 - probabilities).min(1))


def wrong_of(predictions: Predictions) -> BoolArray:
    """Return whether each record is answered wrongly, shape (n,); of labels, whether any is."""
    wrong = np.asarray(predictions.predicted != predictions.target)
    return wrong if wrong.ndim == 1 else np.asarray(wrong.any(1))


def choose_abstention(held_out: Predictions, *, risk: float, confidence: float = 0.95) -> Abstention:
    """Return the threshold that answers most while the risk among the answered is kept with the wanted confidence.

    A patient with several records counts once: answered when any record is, wrong when any answered record is.

    Args:
        held_out: calibration records with answers that were not fitted on them, decided; with probabilities.
        risk: largest allowed share of answered patients with a wrong answer, in (0, 1).
        confidence: in (0, 1): in at most 1 - confidence of all calibration splits is the true risk larger.
    """
    if held_out.probabilities is None:
        raise ValueError("predictions without probabilities have no sureness to abstain by")
    sureness = sureness_of(held_out.probabilities, np.asarray(held_out.predicted))
    best, worst = _by_patient(held_out, sureness)
    order = np.sort(best)[::-1]
    mistakes = np.sort(worst[worst > -np.inf])[::-1]
    cuts = np.unique(order)[::-1]  # answering what is surer than a cut: strictly, so that ties fall together
    answered = np.searchsorted(-order, -cuts, side="left")
    errors = np.searchsorted(-mistakes, -cuts, side="left")
    cuts, answered, errors = (
        np.append(a, end) for a, end in ((cuts, 0.0), (answered, len(best)), (errors, len(mistakes)))
    )
    place = _sequence(answered, errors, risk, 1 - confidence)
    lowest = risk if place is not None else _lowest(answered, errors, 1 - confidence)
    return Abstention(
        risk=risk,
        confidence=confidence,
        threshold=None if place is None else float(cuts[place]),
        answered=0 if place is None else int(answered[place]),
        errors=0 if place is None else int(errors[place]),
        n=len(best),
        lowest=lowest,
    )


def _lowest(answered: IntArray, errors: IntArray, allowed: float) -> float | None:
    """Return the lowest risk of RISKS that could have been asked for, or None."""
    return next((risk for risk in RISKS if _sequence(answered, errors, risk, allowed) is not None), None)


def _by_patient(table: Predictions, sureness: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each patient's surest answer, and surest wrong answer (minus infinity without one)."""
    units, n = units_of(table)
    best, worst = np.full(n, -np.inf), np.full(n, -np.inf)
    np.maximum.at(best, units, sureness)
    wrong = wrong_of(table)
    np.maximum.at(worst, units[wrong], sureness[wrong])
    return best, worst


def _sequence(answered: IntArray, errors: IntArray, risk: float, allowed: float) -> int | None:
    """Return the place of the last threshold that is reached by rejection after rejection."""
    start = _start(int(answered[-1]), risk, allowed)
    if start is None:
        return None
    rejected = stats.binom.cdf(errors, answered, risk) <= allowed
    first = int(np.searchsorted(answered, start))
    stopped = np.flatnonzero(~rejected[first:])
    last = first + (int(stopped[0]) if len(stopped) else len(rejected) - first) - 1
    return last if last >= first else None


def _start(total: int, risk: float, allowed: float) -> int | None:
    """Return how many answers the first test looks at: so many that FORGIVEN errors among them still reject.

    Where the split is too small for that, fewer errors are forgiven; None where not even faultless answers reject.
    """
    counts = np.arange(1, total + 1)
    for errors in range(FORGIVEN, -1, -1):
        enough = counts[stats.binom.cdf(errors, counts, risk) <= allowed]
        if len(enough) and enough[0] <= (total if errors == 0 else total // 2):
            return int(enough[0])
    return None
