"""What can be said of a model's reasons over a split: how many hold, how faithful they are, what matters, and where."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
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
from primum.transparency.explaining import DEFAULT_METHOD, Reasons, explain
from primum.transparency.grouping import means_by
from primum.transparency.means import ends_of_mean, mean_by
from primum.transparency.methods import part_falls
from primum.transparency.metrics import (
    COMPREHENSIVE,
    EXCESS,
    GAP,
    HOLD,
    IMAGE_SHARE,
    IMPORTANCE,
    NOTE_SHARE,
    RANDOMISED,
    STABILITY,
    SUFFICIENT,
    WORD,
    WORST,
)
from primum.transparency.parts import IMAGE, NOTE, VITALS, FloatArray, IntArray, Predictor, parts_of
from primum.transparency.sanity import Sanity, sanity_of
from primum.transparency.trust import DRAWS, RANDOM

logger = logging.getLogger(__name__)

FEWEST_IN_HEAT = 20
"""Patients of a mean heat map, at least."""
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
        logger.info("explanation_none reason=does not apply: reasons are given of words, vitals and pictures")
        return []
    reasons = explain(predictor, part.records, method=method, draws=draws, seed=seed)
    sanity = sanity_of(reasons.subject, list(reasons.found), method=method, seed=seed)
    if sanity is not None and sanity.similar():
        reasons = replace(reasons, withheld=[(*why, RANDOM) for why in reasons.withheld])
    patients = np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64)
    return [
        *_of_trust(reasons, patients),
        *_of_sanity(sanity, patients, method),
        *_of_inputs(reasons, patients),
        *_of_words(reasons, patients, may_be_name),
    ]


def _of_trust(reasons: Reasons, patients: IntArray) -> Iterator[Finding]:
    about: dict[str, Any] = {"method": reasons.method}
    holding = mean_by(reasons.holds().astype(np.float64), patients)
    n, hits = len(holding), float(holding.sum())
    why = {name: int(sum(name in one for one in reasons.withheld)) for name in ("gap", "chance", "unstable", RANDOM)}
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


def _of_sanity(sanity: Sanity | None, patients: IntArray, method: str) -> Iterator[Finding]:
    """Yield how like the reasons of shuffled models are; enough from ten patients on, for a mean of ten draws."""
    for part, alike in ({} if sanity is None else sanity.alike).items():
        detail = {"method": method, "similar": bool(sanity is not None and sanity.similar())}
        for one in _mean(RANDOMISED, alike, patients[: len(alike)], versus={"randomised": part}, detail=detail):
            yield replace(one, enough=one.n >= ENOUGH_FOR_A_SHARE)


def _of_inputs(reasons: Reasons, patients: IntArray) -> Iterator[Finding]:
    """Yield the note's and the image's share, and how far each input and vital moves the score."""
    moved: dict[str, FloatArray] = {
        NOTE: np.abs(reasons.inputs.note), VITALS: np.abs(reasons.inputs.vitals), IMAGE: np.abs(reasons.inputs.image)
    }  # fmt: skip
    total = np.nansum(list(moved.values()), axis=0)
    several = (np.isfinite(list(moved.values())).sum(0) > 1) & (total > 0)
    shares = {name: np.where(several, own / np.where(several, total, 1.0), np.nan) for name, own in moved.items()}
    for metric, name in ((NOTE_SHARE, NOTE), (IMAGE_SHARE, IMAGE)):
        yield from _mean(metric, shares[name], patients, detail={"records": _most_by(shares)})
    for row, (parts, falls) in enumerate(zip(reasons.parts, part_falls(reasons.subject, of_cells=False), strict=True)):
        for name, fall in zip(parts.names, falls.tolist(), strict=True):
            moved.setdefault(f"vital {name}", np.full(len(reasons), np.nan))[row] = abs(fall)
    for name, values in moved.items():
        if len(np.unique(patients[np.isfinite(values)])) >= SMALL:
            detail = _heat(reasons, patients) if name == IMAGE else {}
            yield from _mean(IMPORTANCE, values, patients, versus={"part": name}, detail=detail)


def _most_by(shares: Mapping[str, FloatArray]) -> dict[str, int]:
    """Return of how many records each input makes two thirds or more, and of how many none does."""
    table = np.nan_to_num(np.array(list(shares.values())))
    counts = {name: int((own >= 2 / 3).sum()) for name, own in zip(shares, table, strict=True)}
    return {**counts, "both": int((table.any(0) & ~(table >= 2 / 3).any(0)).sum())}


def _heat(reasons: Reasons, patients: IntArray) -> dict[str, Any]:
    """Return the mean over patients of the share of each cell in what speaks for the answer, of reasons that hold.

    Nothing of fewer patients than FEWEST_IN_HEAT: a mean of a few would show where one of them is ill.
    """
    maps = []
    for row in np.flatnonzero(reasons.holds()).tolist():
        parts, found = reasons.parts[row], np.clip(reasons.found[row], 0.0, None)
        if len(parts.cells) and found[parts.of_cells].sum() > 0:
            maps.append((row, found[parts.of_cells] / found[parts.of_cells].sum()))
    rows = np.array([row for row, _ in maps], dtype=np.int64)
    if len(np.unique(patients[rows])) < FEWEST_IN_HEAT:
        return {}
    owner = np.unique(patients[rows], return_inverse=True)[1]
    by_patient = means_by(np.array([one for _, one in maps]), owner, int(owner.max()) + 1)
    grid = max(parts.grid for parts in reasons.parts)
    return {"cells": by_patient.mean(0).round(4).tolist(), "grid": grid, "patients": len(by_patient)}


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
            low, high = ends_of_mean(values)
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
    own = mean_by(values[there], np.unique(patients[there], return_inverse=True)[1].astype(np.int64))
    enough = len(own) >= ENOUGH_FOR_A_MEAN
    ends = ends_of_mean(own)
    yield _told(metric, float(own.mean()), ends, len(own), enough=enough, method=_MEAN, versus=versus, detail=detail)


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
