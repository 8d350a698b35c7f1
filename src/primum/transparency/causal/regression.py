"""Least squares with errors by patient, and what is tried to refute an effect that it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import LEVEL
from primum.later import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TESTS = ("placebo", "random_cause", "subset")
ROUNDS, SUBSET = 100, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What changes in the outcome when the cause changes by its step."""

    value: float
    low: float
    high: float
    robustness: float
    """Share of what is left of cause and of outcome that an unmeasured common cause would have to explain to bring the
    value to 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """One attempt to refute an effect."""

    test: str
    """A name from TESTS."""
    value: float
    """Placebo: the mean effect of a cause that is none. Else by how much the effect changes, on average."""
    low: float
    """Ends between which 95 % of the rounds lie."""
    high: float
    stood: bool
    """Placebo: whether it does nothing, and an effect that is told from 0 lies beyond what it does by chance. Else:
    whether 95 % of the rounds leave the effect inside its own interval."""


def adjusted(cause: FloatArray, others: FloatArray, outcome: FloatArray, patients: IntArray, *, step: float) -> Effect:
    """Return the effect of a cause by linear adjustment, with an interval that patients, not records, answer for.

    Args:
        cause: shape (n,).
        others: what is adjusted for, shape (n, p).
        outcome: shape (n,).
        patients: code of each record's patient, shape (n,).
        step: by how much the cause changes.
    Source: Liang & Zeger 1986, Biometrika 73(1), with the small-sample factor of Cameron & Miller 2015, J. Human
        Resources 50(2), equation 12; robustness value: Cinelli & Hazlett 2020, J. R. Stat. Soc. B 82(1), equation 19.
    """
    table = np.column_stack([np.ones(len(cause)), cause, others])
    coefficients = np.linalg.lstsq(table, outcome, rcond=None)[0]
    left = outcome - table @ coefficients
    n, p = table.shape
    groups = int(patients.max()) + 1
    scores = np.zeros((groups, p))
    np.add.at(scores, patients, table * left[:, None])
    bread = np.linalg.pinv(table.T @ table)
    factor = groups / (groups - 1) * (n - 1) / max(n - p, 1)
    error = float(np.sqrt((bread @ (scores.T @ scores) @ bread)[1, 1] * factor))
    half = float(stats.t.ppf((1 + LEVEL) / 2, groups - 1)) * error
    value = float(coefficients[1])
    low, high = sorted(((value - half) * step, (value + half) * step))
    f2 = (value / error) ** 2 / max(n - p, 1) if error > 0 else 0.0
    return Effect(value=value * step, low=low, high=high, robustness=float(0.5 * (np.sqrt(f2**2 + 4 * f2) - f2)))


def refuted(
    effect: Effect,
    cause: FloatArray,
    others: FloatArray,
    outcome: FloatArray,
    *,
    patients: IntArray,
    step: float,
    seed: int,
) -> Iterator[Refutation]:
    """Yield what a placebo, a random common cause and four fifths of the patients do to an effect, 100 times each.

    The cause of the placebo is dealt out anew among the records; the random cause is normal and has nothing to do with
    anything. Arguments are those of `adjusted`, and what it returned.
    Source: Sharma & Kiciman 2020, arXiv:2011.04216 (DoWhy), section 4; what it takes to stand is stricter here.
    """
    generator = np.random.default_rng([seed, 37])
    placebo = [_slope(generator.permutation(cause), others, outcome) * step for _ in range(ROUNDS)]
    low, high = _ends(placebo)
    told = effect.low > 0 or effect.high < 0
    stood = low <= 0 <= high and not (told and low <= effect.value <= high)
    yield Refutation(test="placebo", value=float(np.mean(placebo)), low=low, high=high, stood=stood)
    noisy = [
        _slope(cause, np.column_stack([others, generator.normal(size=len(cause))]), outcome) * step
        for _ in range(ROUNDS)
    ]
    yield _change("random_cause", noisy, effect)
    fewer = []
    groups = int(patients.max()) + 1
    for _ in range(ROUNDS):
        kept = np.isin(patients, generator.permutation(groups)[: max(round(SUBSET * groups), 2)])
        fewer.append(_slope(cause[kept], others[kept], outcome[kept]) * step)
    yield _change("subset", fewer, effect)


def _change(test: str, effects: Sequence[float], effect: Effect) -> Refutation:
    low, high = _ends(effects)
    stood = effect.low <= low and high <= effect.high
    by = float(np.mean(effects)) - effect.value
    return Refutation(test=test, value=by, low=low - effect.value, high=high - effect.value, stood=stood)


def _ends(effects: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(effects, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _slope(cause: FloatArray, others: FloatArray, outcome: FloatArray) -> float:
    """Return the coefficient of the cause, by normal equations, which are cheap to solve again and again."""
    table = np.column_stack([cause - cause.mean(), np.ones(len(cause)), others])
    return float(np.linalg.lstsq(table.T @ table, table.T @ outcome, rcond=None)[0][0])
