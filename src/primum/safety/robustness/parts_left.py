"""What of an image decides: the ranking of patients when its rim alone is left, its centre alone, or its corners not.

A model that still ranks well from the rim has learnt markers, burned-in text or the film, and not the disease.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.images import views_of
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, auroc_intervals
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import Predictions
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.later import stats
from primum.safety.robustness.asking import FloatArray, Predictor, answers_of
from primum.safety.robustness.metrics import LEFT_AUROC, LEFT_CHANGE

_AUROC = "one record a patient; DeLong's variance on the logit scale"
_MEAN = "one record a patient; Student's t interval of the mean"


def image_part_findings(
    predictor: Predictor, cohort: Cohort, split: npt.NDArray[np.object_], *, most: int = 120, seed: int = 7
) -> list[Finding]:
    """Return how well the model ranks patients of test by parts of their images, and how far its answers move.

    Nothing for a target of type number, or where no record of test has an image.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        most: patients that are asked about, each by one record; of more, so many are drawn.
        seed: of the draws.
    Source: Zech et al. 2018, PLOS Medicine 15(11); DeGrave et al. 2021, Nature Machine Intelligence 3.
    """
    images = cohort.records.image
    if images is None or cohort.target.kind == "number":
        return []
    rows = np.flatnonzero((split == "test") & np.array([key is not None for key in images.keys.tolist()], dtype=bool))
    rows = np.random.default_rng([seed, 29]).permutation(rows)
    _, first = np.unique(cohort.patients[rows].astype(str), return_index=True)
    rows = np.sort(rows[np.sort(first)][:most])
    if not len(rows):
        return []
    part = take(cohort, rows)
    assert part.records.image is not None
    views = views_of(part.records.image)
    variants = [part.records, *(replace(part.records, image=view) for view in views.values())]
    whole, *others = answers_of(predictor, variants)
    return [one for name, left in zip(views, others, strict=True) for one in _told(part, name, whole, left)]


def _told(part: Cohort, name: str, whole: FloatArray, left: FloatArray) -> Iterator[Finding]:
    areas, n = _areas(part, left), len(part)
    if None in areas:
        value, low, high = areas[None]
        before = _areas(part, whole)[None]
        detail = {"whole": before[0], "whole_low": before[1], "whole_high": before[2]}
        yield _finding(LEFT_AUROC, name, (value, low, high), n, _fewest(part) >= ENOUGH_FOR_A_SHARE, _AUROC, detail)
    rows = np.arange(n)
    moved = np.abs(whole - left).max(1) if part.target.kind == "labels" else _of_answer(whole, left, rows)
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * moved.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    mean = float(moved.mean())
    yield _finding(LEFT_CHANGE, name, (mean, mean - half, mean + half), n, n >= ENOUGH_FOR_A_MEAN, _MEAN, {})


def _of_answer(whole: FloatArray, left: FloatArray, rows: npt.NDArray[np.int64]) -> FloatArray:
    answer = whole.argmax(1)
    return np.asarray(np.abs(whole[rows, answer] - left[rows, answer]), dtype=np.float64)


def _fewest(part: Cohort) -> int:
    values = part.target.values.astype(np.int64)
    if part.target.kind == "labels":
        return int(np.minimum(values.sum(0), len(values) - values.sum(0)).min())
    return int(np.bincount(values, minlength=len(part.target.classes)).min())


def _areas(part: Cohort, answers: FloatArray) -> dict[str | None, tuple[float, float, float]]:
    kind = part.target.kind
    return auroc_intervals(
        Predictions(
            ids=part.ids,
            split=np.full(len(part), "test", dtype=object),
            target_type=kind,
            classes=part.target.classes,
            target=part.target.values,
            predicted=(answers >= 0.5).astype(np.int64) if kind == "labels" else answers.argmax(1).astype(np.int64),
            probabilities=answers,
        )
    )


def _finding(
    metric: str,
    name: str,
    figure: tuple[float, float, float],
    n: int,
    enough: bool,
    method: str,
    detail: dict[str, float],
) -> Finding:
    value, low, high = figure
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=low,
        high=high,
        n=n,
        versus={"left": name},
        split="test",
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
