"""What can be said of a model's reasons over a split: how many hold, how faithful they are, what matters, and where."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.augment import synonym_places
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.evidence.withholding import SMALL
from primum.later import stats
from primum.transparency.explaining import DEFAULT_METHOD, Reasons, explain
from primum.transparency.methods import vital_falls
from primum.transparency.metrics import (
    COMPREHENSIVE,
    EXCESS,
    GAP,
    HOLD,
    IMPORTANCE,
    NOTE_SHARE,
    STABILITY,
    SUFFICIENT,
    WORD,
    WORST,
)
from primum.transparency.parts import NOTE, VITALS, FloatArray, IntArray, Predictor, parts_of
from primum.transparency.trust import DRAWS

logger = logging.getLogger(__name__)

MOST_WORDS = 12
"""Words told of each class: those that move it most, in either direction."""
_MEAN = "mean over patients; Student's t interval, for this figure alone"
_SHARE = "share of patients; Wilson's score interval (Wilson 1927)"


def explanation_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    may_be_name: Callable[[str], bool],
    most: int = 30,
    method: str = DEFAULT_METHOD,
    draws: int = DRAWS,
    seed: int = 7,
) -> list[Finding]:
    """Return what the reasons for answers on test are worth, which input mattered, and which vitals and words did.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        may_be_name: whether a word stands on a list of persons' names; such a word is never told.
        most: test records that reasons are asked for, since each costs many answers; of more, so many are drawn.
        method: a name from METHODS.
        draws: random reasons that each is compared with.
        seed: of the draw.
    """
    rows = np.flatnonzero(split == "test")
    if not len(rows):
        logger.info("explanation_none reason=no records on the split test")
        return []
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 17]).choice(rows, most, replace=False))
    part = take(cohort, rows)
    if not any(map(len, parts_of(predictor, part.records, predictor.prepare(part.records)))):
        logger.info("explanation_none reason=does not apply: reasons are given of words and vitals")
        return []
    reasons = explain(predictor, part.records, method=method, draws=draws, seed=seed)
    patients = np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64)
    return [*_of_trust(reasons, patients), *_of_inputs(reasons, patients), *_of_words(reasons, patients, may_be_name)]


def _of_trust(reasons: Reasons, patients: IntArray) -> Iterator[Finding]:
    about: dict[str, Any] = {"method": reasons.method}
    holding = _means(reasons.holds().astype(np.float64), patients)
    n, hits = len(holding), float(holding.sum())
    why = {name: int(sum(name in one for one in reasons.withheld)) for name in ("gap", "chance", "unstable")}
    detail = {**about, "withheld": why, "asked": len(reasons)}
    yield _told(HOLD, hits / n, wilson(hits, n), n, enough=n >= ENOUGH_FOR_A_SHARE, method=_SHARE, detail=detail)
    faithful = reasons.faithful
    excess = faithful.comprehensiveness - faithful.random_comprehensiveness
    for metric, values, by_chance in (
        (COMPREHENSIVE, faithful.comprehensiveness, faithful.random_comprehensiveness),
        (SUFFICIENT, faithful.sufficiency, faithful.random_sufficiency),
        (EXCESS, excess, None),
        (GAP, reasons.gap, None),
        (STABILITY, reasons.stable, None),
        (WORST, reasons.worst, None),
    ):
        more = {} if by_chance is None else {"random": float(by_chance.mean())}
        yield from _mean(metric, values, patients, detail={**about, **more})


def _of_inputs(reasons: Reasons, patients: IntArray) -> Iterator[Finding]:
    """Yield the note's share, how far each input and vital moves the score."""
    note, vitals = np.abs(reasons.inputs.note), np.abs(reasons.inputs.vitals)
    both = np.isfinite(note) & np.isfinite(vitals) & (note + vitals > 0)
    share = np.where(both, note / np.where(both, note + vitals, 1.0), np.nan)
    mattered = np.select([~both, share >= 2 / 3, share <= 1 / 3], ["", "note", "vitals"], default="both")
    counts = {name: int((mattered == name).sum()) for name in ("note", "vitals", "both")}
    yield from _mean(NOTE_SHARE, share, patients, detail={"records": counts})
    moved: dict[str, FloatArray] = {NOTE: note, VITALS: vitals}
    for row, (parts, falls) in enumerate(zip(reasons.parts, vital_falls(reasons.subject), strict=True)):
        for name, fall in zip(parts.names, falls.tolist(), strict=True):
            moved.setdefault(f"vital {name}", np.full(len(reasons), np.nan))[row] = abs(fall)
    for name, values in moved.items():
        if len(np.unique(patients[np.isfinite(values)])) >= SMALL:
            yield from _mean(IMPORTANCE, values, patients, versus={"part": name}, detail={})


def _of_words(reasons: Reasons, patients: IntArray, may_be_name: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield what common words add to the class answered; a word of fewer than five patients is never told.

    Nor is a word that neither the pretrained vocabulary knows as one token nor a table of this package lists: what is
    common in these notes alone may be a name. What stands on a list of names is not told even if it is a common word,
    unless a table of this package lists it as a clinical one.
    """
    if not reasons.classes:
        return
    by_class: dict[int, dict[str, dict[int, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row, (parts, found) in enumerate(zip(reasons.parts, reasons.found, strict=True)):
        single = np.bincount(parts.token_word[parts.token_word >= 0], minlength=len(parts.words)) == 1
        for word, one, value in zip(parts.words, single.tolist(), found[: len(parts.words)].tolist(), strict=True):
            told = word.text.lower()
            if (one or _listed(told)) and not any(c.isdigit() for c in told):
                by_class[int(reasons.question.about[row])][told][int(patients[row])].append(value)
    for about, words in sorted(by_class.items()):
        means = {name: np.array([sum(v) / len(v) for v in own.values()]) for name, own in words.items()}
        common = {
            name: own for name, own in means.items() if len(own) >= SMALL and (_listed(name) or not may_be_name(name))
        }
        for name in sorted(common, key=lambda w: -abs(float(common[w].mean())))[:MOST_WORDS]:
            values = common[name]
            low, high = _ends(values)
            yield _told(
                WORD,
                float(values.mean()),
                (low, high),
                len(values),
                enough=len(values) >= ENOUGH_FOR_A_MEAN,
                method=_MEAN,
                versus={"word": name},
                class_=reasons.classes[about],
                detail={"method": reasons.method},
            )


def _listed(word: str) -> bool:
    return any(end - start == len(word) for start, end, _ in synonym_places(word))


def _mean(
    metric: str,
    values: FloatArray,
    patients: IntArray,
    *,
    versus: Mapping[str, str] | None = None,
    detail: Mapping[str, Any],
) -> Iterator[Finding]:
    there = np.isfinite(values)
    if not there.any():
        return
    own = _means(values[there], np.unique(patients[there], return_inverse=True)[1].astype(np.int64))
    enough = len(own) >= ENOUGH_FOR_A_MEAN
    yield _told(
        metric, float(own.mean()), _ends(own), len(own), enough=enough, method=_MEAN, versus=versus, detail=detail
    )


def _means(values: FloatArray, patients: IntArray) -> FloatArray:
    return np.asarray(np.bincount(patients, weights=values) / np.bincount(patients), dtype=np.float64)


def _ends(values: FloatArray) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def _told(
    metric: str,
    value: float,
    ends: tuple[float | None, float | None],
    n: int,
    *,
    enough: bool,
    method: str,
    versus: Mapping[str, str] | None = None,
    class_: str | None = None,
    detail: Mapping[str, Any],
) -> Finding:
    return Finding(
        pillar="transparency",
        metric=metric,
        value=value,
        low=ends[0],
        high=ends[1],
        level=None if ends[0] is None else LEVEL,
        n=n,
        versus=versus or {},
        class_=class_,
        split="test",
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
