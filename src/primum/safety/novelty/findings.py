"""What the novelty flag is worth: false alarms on known records, by group, and how well it ranks what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.table1 import SMALL
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, area_interval, delong, mover, wilson, wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.slices import SITE
from primum.evidence.split_names import is_external, measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.later import stats
from primum.model.inside import Inside
from primum.safety.novelty.detector import Insider, Judged, Novelty
from primum.safety.novelty.metrics import FLAG_EXCESS, FLAG_GAP, FLAG_RATE, NOVELTY_AUROC
from primum.safety.novelty.others import WITHOUT_TEXT, others

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_RATE = "share of records; Wilson's interval on the number of patients"
_EXCESS = (
    "share of test records flagged minus the share promised; interval from the test records and from the calibration "
    "records that set the threshold"
)
_GAP = "difference of two shares; Newcombe's interval from Wilson's, simultaneous over {m} groups (Bonferroni)"
_AREA = "Mann-Whitney; DeLong's variance on the logit scale (DeLong et al. 1988)"
BIN, BINS = 0.125, 24
"""Width and number of the bins in `detail.histogram`: the combined score over the threshold, the last bin open."""


def novelty_findings(
    novelty: Novelty, insider: Insider, cohort: Cohort, split: npt.NDArray[np.object_], inside: Inside, *, seed: int
) -> list[Finding]:
    """Return false alarms on test, flags on external, their differences between groups, and the ranking of new records.

    Groups of fewer than five patients are left out.

    Args:
        novelty: the fitted detector.
        insider: its model, which is asked about records made to be new.
        cohort: the records.
        split: name of each record's split, shape (n,).
        inside: what the model computed of the whole cohort.
        seed: of the records made to be new.
    """
    findings: list[Finding] = []
    judged: dict[str, Judged] = {}
    for name in measured_splits(split):
        rows = np.flatnonzero(split == name)
        if not len(rows):
            continue
        part = take(cohort, rows)
        judged[name] = novelty.judge(part.records, inside.take(rows))
        findings += _of_split(part, judged[name], name, novelty)
    if "test" in judged:
        findings += _rankings(novelty, insider, cohort, np.flatnonzero(split == "test"), judged, seed=seed)
    return findings


def _of_split(part: Cohort, judged: Judged, split: str, novelty: Novelty) -> Iterator[Finding]:
    flagged = judged.flagged
    rate = _rate(part, judged, np.ones(len(part), dtype=bool), split=split, slice_={})
    yield rate
    if split == "test":
        yield _excess(rate, novelty)
    axes = dict(part.sensitive)
    if part.site is not None and part.roles.site not in axes:
        axes[SITE] = part.site
    groups = [(name, level, values == level) for name, values in axes.items() for level in sorted(set(values.tolist()))]
    shown = [group for group in groups if _patients(part, group[2]) >= SMALL and not group[2].all()]
    for name, level, mine in shown:
        yield _rate(part, judged, mine, split=split, slice_={name: level})
        if _patients(part, ~mine) >= SMALL:
            yield _gap(part, flagged, mine, split=split, slice_={name: level}, m=len(shown))


def _patients(part: Cohort, mine: BoolArray) -> int:
    return len(set(part.patients[mine].tolist()))


def _rate(part: Cohort, judged: Judged, mine: BoolArray, *, split: str, slice_: Mapping[str, str]) -> Finding:
    n, value = _patients(part, mine), float(judged.flagged[mine].mean())
    low, high = wilson(value * n, n)
    return Finding(
        pillar="safety",
        metric=FLAG_RATE,
        value=value,
        low=low,
        high=high,
        n=int(mine.sum()),
        slice=slice_,
        split=split,
        enough=n >= ENOUGH_FOR_A_SHARE,
        method=_RATE,
        reference=METRICS.get(FLAG_RATE).reference,
        detail={} if slice_ else {"histogram": _histogram(judged), "reasons": _reasons(judged)},
    )


def _histogram(judged: Judged) -> list[int]:
    """Return how many records have a combined score in each bin of BIN times the threshold, the last bin open."""
    ratio = judged.combined / max(judged.threshold, 1e-12)
    counts = np.bincount(np.minimum(ratio / BIN, BINS - 1).astype(np.int64), minlength=BINS)
    return [int(n) for n in counts]


def _reasons(judged: Judged) -> dict[str, int]:
    """Return how many flagged records have each score for their first reason."""
    first = judged.surprise[judged.flagged].argmax(1)
    counts = np.bincount(first, minlength=len(judged.names))
    return {name: int(n) for name, n in zip(judged.names, counts, strict=True) if n}


def _excess(rate: Finding, novelty: Novelty) -> Finding:
    """Return the rate minus the promise; that the threshold is itself estimated widens the interval.

    Given the calibration records, the true rate has the distribution Beta(k, n + 1 - k) around k / (n + 1) (Vovk 2012,
    ACML), which is independent of the test records.
    """
    assert rate.value is not None and rate.low is not None and rate.high is not None
    n = novelty.calibration
    k = round(novelty.promised * (n + 1))
    ends = stats.beta.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], k, n + 1 - k)
    first = np.array([rate.value])
    own = np.array([rate.low]), np.array([rate.high])
    low, high = mover(first, own, np.array([novelty.promised]), (ends[:1], ends[1:]))
    return Finding(
        pillar="safety",
        metric=FLAG_EXCESS,
        value=rate.value - novelty.promised,
        low=float(low[0]),
        high=float(high[0]),
        n=rate.n,
        split="test",
        enough=rate.enough,
        method=_EXCESS,
        reference=METRICS.get(FLAG_EXCESS).reference,
        detail={"asked": novelty.asked, "promised": novelty.promised, "calibration": n},
    )


def _gap(
    part: Cohort, flagged: BoolArray, mine: BoolArray, *, split: str, slice_: Mapping[str, str], m: int
) -> Finding:
    critical = float(stats.norm.isf((1 - LEVEL) / 2 / max(m, 1)))
    sizes = np.array([[_patients(part, mine)], [_patients(part, ~mine)]], dtype=np.float64)
    shares = np.array([[flagged[mine].mean()], [flagged[~mine].mean()]])
    own, other = (wilson_bounds(shares[i] * sizes[i], sizes[i], critical=critical) for i in (0, 1))
    low, high = mover(shares[0], own, shares[1], other)
    common = max(float(flagged.mean()), 1.0 / len(flagged))
    spread = np.sqrt(common * (1 - common) * (1 / sizes[0, 0] + 1 / sizes[1, 0]))
    return Finding(
        pillar="safety",
        metric=FLAG_GAP,
        value=float(shares[0, 0] - shares[1, 0]),
        low=float(low[0]),
        high=float(high[0]),
        n=int(sizes[0, 0]),
        slice=slice_,
        versus={"group": "everybody else"},
        split=split,
        enough=bool(sizes.min() >= ENOUGH_FOR_A_SHARE),
        method=_GAP.format(m=m),
        reference=METRICS.get(FLAG_GAP).reference,
        detail={"versus_n": int(sizes[1, 0]), "detectable": float(critical * spread)},
    )


def _rankings(
    novelty: Novelty, insider: Insider, cohort: Cohort, rows: IntArray, judged: Mapping[str, Judged], *, seed: int
) -> Iterator[Finding]:
    known = judged["test"].combined
    for kind, unusual in judge_others(novelty, insider, take(cohort, _some(rows, seed)), seed=seed):
        yield _ranking(known, unusual, {"records": kind})
    for name in judged:
        if is_external(name):
            yield _ranking(known, judged[name], {"records": name})


MOST_MADE = 60
"""Test records that each kind of new record is made from: each costs an answer, and an AUROC near 1 needs no more."""


def _some(rows: IntArray, seed: int) -> IntArray:
    return rows if len(rows) <= MOST_MADE else np.random.default_rng(seed).choice(rows, MOST_MADE, replace=False)


def judge_others(novelty: Novelty, insider: Insider, part: Cohort, *, seed: int) -> Iterator[tuple[str, Judged]]:
    """Yield what the detector says of each kind of record made to be new from these; records without a text are out."""
    for kind, records in others(part.records, seed=seed):
        if kind not in WITHOUT_TEXT and records.text is not None:
            texts = records.text.take(np.arange(len(records)))
            rows = np.array([place for place, text in enumerate(texts) if text], dtype=np.int64)
        else:
            rows = np.arange(len(records))
        if len(rows):
            chosen = take(replace(part, records=records), rows).records
            yield kind, novelty.judge(chosen, insider.inside(chosen))


def _ranking(known: FloatArray, new: Judged, versus: Mapping[str, str]) -> Finding:
    score = np.concatenate([known, new.combined])
    positive = np.arange(len(score)) >= len(known)
    low, high = _area_ends(score, positive)
    fewest = min(len(known), len(new.combined))
    return Finding(
        pillar="safety",
        metric=NOVELTY_AUROC,
        value=delong(score, positive)[0],
        low=low,
        high=high,
        n=len(score),
        versus=versus,
        split="test",
        enough=fewest >= ENOUGH_FOR_A_SHARE,
        method=_AREA,
        reference=METRICS.get(NOVELTY_AUROC).reference,
        detail={"flagged": float(new.flagged.mean()), "made": len(new.combined), "histogram": _histogram(new)},
    )


def _area_ends(score: FloatArray, positive: BoolArray) -> tuple[float, float]:
    area, influence = delong(score, positive)
    error = float(np.sqrt((influence**2).sum()))
    fewest = int(min(positive.sum(), (~positive).sum()))
    _, low, high = area_interval(area, error, fewest)
    return low, high
