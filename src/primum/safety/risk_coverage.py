"""Answering the surest first: the risk-coverage curve, its area, and what abstention keeps of its promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from primum.evidence import Finding, Predictions
from primum.evidence.intervals import LEVEL, clopper_pearson, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.resampling import percentile_interval, units_of
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.safety.abstention import Abstention, sureness_of, wrong_of
from primum.safety.calibration.scores import BoolArray

ENOUGH = 30
"""Answered patients from which on the error among them says something."""
_MOST = 20_000
"""Records whose curve is resampled; of more, so many are drawn."""
_BOOTSTRAP = "mean of the error over every share answered; percentile bootstrap over patients, {n} resamples"


def risk_coverage(sureness: FloatArray, wrong: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the share answered and the error among the answered, the surest first, shapes (n,).

    Records that are equally sure are answered in no order: each stands for the mean of its ties.

    Args:
        sureness: shape (n,).
        wrong: shape (n,).
    Source: El-Yaniv & Wiener 2010, JMLR 11.
    """
    order = np.argsort(-sureness, kind="stable")
    losses = _ties_shared(sureness[order], wrong[order].astype(np.float64))
    count = np.arange(1, len(sureness) + 1)
    return count / len(sureness), np.cumsum(losses) / count


def aurc(sureness: FloatArray, wrong: BoolArray) -> tuple[float, float]:
    """Return the area under the risk-coverage curve, and its excess over that of the best order.

    Source: Geifman, Uziel & El-Yaniv 2019, ICLR, section 3.
    """
    _, risk = risk_coverage(sureness, wrong)
    n, count = len(wrong), np.arange(1, len(wrong) + 1)
    best = np.maximum(count - (n - int(wrong.sum())), 0) / count
    return float(risk.mean()), float(risk.mean() - best.mean())


def risk_findings(
    predictions: Predictions, abstention: Abstention | None = None, *, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return the area under the risk-coverage curve on test and external and, with a threshold, what it keeps.

    Args:
        predictions: with probabilities; without them there is no finding.
        abstention: the threshold in use.
        n_resamples: of the bootstrap over patients.
        seed: of the bootstrap.
    """
    findings: list[Finding] = []
    for split in measured_splits(predictions.split) if predictions.probabilities is not None else ():
        part = predictions.of_split(split)
        if len(part):
            findings += _areas(part, split, n_resamples=n_resamples, seed=seed)
            findings += [] if abstention is None else list(_kept(part, split, abstention))
    return findings


def _areas(part: Predictions, split: str, *, n_resamples: int, seed: int) -> list[Finding]:
    sureness, wrong = _of(part)
    units, n = units_of(part)
    value = aurc(sureness, wrong)
    generator = np.random.default_rng(seed)
    if len(part) > _MOST:
        rows = generator.choice(len(part), _MOST, replace=False)
        sureness, wrong, units = sureness[rows], wrong[rows], np.unique(units[rows], return_inverse=True)[1]
    again = _resampled(sureness, wrong, units, n_resamples, generator)
    scale = np.sqrt(min(1.0, _MOST / len(part)))
    return [
        _finding(
            metric,
            split,
            value[place],
            None if ends is None else tuple(value[place] + scale * (end - value[place]) for end in ends),
            n=len(part),
            enough=n >= ENOUGH_FOR_A_MEAN,
            method=_BOOTSTRAP.format(n=n_resamples),
        )
        for place, metric in enumerate(("aurc", "e_aurc"))
        for ends in [percentile_interval(again[:, place])]
    ]


def _resampled(
    sureness: FloatArray, wrong: BoolArray, units: IntArray, n_resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Return area and excess in every resample of patients, shape (n_resamples, 2)."""
    order = np.argsort(-sureness, kind="stable")
    losses, of = _ties_shared(sureness[order], wrong[order].astype(np.float64)), units[order].astype(np.int64)
    n_units = int(of.max()) + 1
    found = np.empty((n_resamples, 2))
    for row in range(n_resamples):
        weight = np.bincount(generator.integers(n_units, size=n_units), minlength=n_units)[of].astype(np.float64)
        total, failed = np.cumsum(weight), np.cumsum(weight * losses)
        risk = failed / np.maximum(total, 1.0)
        area = float((weight * risk).sum() / total[-1])
        right = total[-1] - failed[-1]
        share = right / total[-1]
        best = 1 - share + share * np.log(share) if share > 0 else 1.0
        found[row] = area, area - best
    return found


def _kept(part: Predictions, split: str, abstention: Abstention) -> Iterator[Finding]:
    """Yield the share answered and, where any patient is, the error among the answered and its excess."""
    sureness, wrong = _of(part)
    units, n = units_of(part)
    answered = abstention.answers(sureness)
    given = len(np.unique(units[answered]))
    detail = {"threshold": abstention.threshold, "risk": abstention.risk, "confidence": abstention.confidence,
              "attainable": abstention.attainable, "lowest": abstention.lowest}  # fmt: skip
    ends = wilson(given, n)
    yield _finding(
        "answered_share", split, given / n, ends, n=n, enough=n >= ENOUGH, method=_share_method(wilson), detail=detail
    )
    if not given:
        return
    failed = len(np.unique(units[answered & wrong]))
    low, high = clopper_pearson(failed, given)
    for metric, shift in (("answered_error", 0.0), ("answered_error_excess", abstention.risk)):
        yield _finding(
            metric,
            split,
            failed / given - shift,
            (low - shift, high - shift),
            n=given,
            enough=given >= ENOUGH,
            method=_share_method(clopper_pearson),
            detail=detail,
        )


def _share_method(interval: Callable[..., object]) -> str:
    return f"share of patients; {'exact binomial' if interval is clopper_pearson else 'Wilson'} interval"


def _of(part: Predictions) -> tuple[FloatArray, BoolArray]:
    if part.probabilities is None:
        raise ValueError("predictions without probabilities have no sureness")
    return sureness_of(part.probabilities, np.asarray(part.predicted)), wrong_of(part)


def _ties_shared(sureness: FloatArray, losses: FloatArray) -> FloatArray:
    """Return each loss as the mean of those that are equally sure; `sureness` is sorted."""
    group = np.cumsum(np.append(0, np.diff(sureness) != 0)).astype(np.int64)
    return (np.bincount(group, losses) / np.bincount(group))[group]


def _finding(
    metric: str,
    split: str,
    value: float,
    ends: tuple[float, ...] | None,
    *,
    n: int,
    enough: bool,
    method: str,
    detail: Mapping[str, object] | None = None,
) -> Finding:
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        level=LEVEL if ends else None,
        n=n,
        split=split,
        enough=enough and ends is not None,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail or {},
    )
