"""Effects of what can be changed on an outcome, from the cohort's records and a stated graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.evidence.withholding import SMALL
from primum.transparency.causal.columns import Change, changes_of, columns_of, design, missing, outcomes_of
from primum.transparency.causal.graph import CausalGraph, Identified, identify
from primum.transparency.causal.metrics import EFFECT, FAILED, REFUTATION
from primum.transparency.causal.regression import FloatArray, adjusted, refuted

MOST_RECORDS = 20_000
_METHOD = (
    "linear adjustment over records that lack nothing; interval by patients (cluster-robust), for this effect alone"
)
_TESTED = "percentiles over 100 rounds"
_COUNT = "refutation tests that the effect did not stand"


def effect_findings(
    cohort: Cohort, graph: CausalGraph, causes: Sequence[str], *, outcome: str | None = None, seed: int = 7
) -> list[Finding]:
    """Return the effect of each cause on the outcome, and whether it stood three attempts to refute it.

    A cause whose effect cannot be told from what was measured has a finding without a value that says why. All records
    of the cohort count, whatever their split: this is about patients, and no model is asked.

    Args:
        cohort: the records.
        graph: what acts on what.
        causes: columns.
        outcome: a column; None: the target.
        seed: of the tests.
    """
    name = outcome or cohort.roles.target.column
    return [finding for cause in causes for finding in _of_cause(cohort, graph, cause, name, seed)]


def _of_cause(cohort: Cohort, graph: CausalGraph, cause: str, outcome: str, seed: int) -> Iterator[Finding]:
    columns = columns_of(cohort)
    found = identify(graph, cause, outcome)
    versus = {"cause": cause, "outcome": outcome}
    if found.because:
        detail = {"because": found.because, "common_causes": list(found.common_causes)}
        yield _told(EFFECT, None, 0, versus=versus, detail=detail)
        return
    for change in changes_of(columns[cause], cohort.patients):
        for class_, values in outcomes_of(cohort, outcome, columns):
            about = {**versus, "from": change.before, "to": change.after}
            yield from _of_change(cohort, found, change, values, about, class_, seed)


def _of_change(
    cohort: Cohort,
    found: Identified,
    change: Change,
    outcome: FloatArray,
    versus: Mapping[str, str],
    class_: str | None,
    seed: int,
) -> Iterator[Finding]:
    columns = columns_of(cohort)
    others = [columns[name] for name in found.adjust_for]
    rows = change.rows & ~np.isnan(outcome)
    possible = int(rows.sum())
    for column in others:
        rows &= ~missing(column)
    chosen = np.flatnonzero(rows)
    if len(chosen) > MOST_RECORDS:
        chosen = np.sort(np.random.default_rng([seed, 41]).choice(chosen, MOST_RECORDS, replace=False))
        rows = np.isin(np.arange(len(cohort)), chosen)
    names, patients = np.unique(cohort.patients[rows].astype(str), return_inverse=True)
    detail: dict[str, Any] = {"adjusted_for": list(found.adjust_for), "left_out": possible - int(rows.sum())}
    cause, table, truth = change.values[rows], design(others, rows), outcome[rows]
    if len(names) < max(2 * SMALL, table.shape[1] + 3) or np.ptp(cause) == 0:
        yield _told(EFFECT, None, len(names), versus=versus, class_=class_, detail={**detail, "because": "few"})
        return
    effect = adjusted(cause, table, truth, patients, step=change.step)
    plain = adjusted(cause, table[:, :0], truth, patients, step=change.step)
    detail |= {"unadjusted": plain.value, "robustness": effect.robustness}
    figure = (effect.value, effect.low, effect.high)
    yield _told(EFFECT, figure, len(names), versus=versus, class_=class_, detail=detail)
    failed = 0
    for one in refuted(effect, cause, table, truth, patients=patients, step=change.step, seed=seed):
        failed += not one.stood
        about = {**versus, "test": one.test}
        figure = (one.value, one.low, one.high)
        yield _told(REFUTATION, figure, len(names), versus=about, class_=class_, detail={"stood": one.stood})
    yield _told(FAILED, (float(failed), None, None), len(names), versus=versus, class_=class_, detail={})


def _told(
    metric: str,
    figure: tuple[float, float | None, float | None] | None,
    n: int,
    *,
    versus: Mapping[str, str],
    class_: str | None = None,
    detail: Mapping[str, Any],
) -> Finding:
    value, low, high = figure or (None, None, None)
    return Finding(
        pillar="transparency",
        metric=metric,
        value=value,
        low=low,
        high=high,
        level=None if low is None else LEVEL,
        n=n,
        versus=versus,
        class_=class_,
        enough=value is not None and n >= ENOUGH_FOR_A_MEAN,
        method={EFFECT: _METHOD, REFUTATION: _TESTED, FAILED: _COUNT}[metric],
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
