"""Figures of marks, for one weighting of the pictures or for many at once, as the bootstrap asks for them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from primum.evidence.marks.marking import MarkKind
from primum.evidence.marks.matching import Compared

FloatArray = npt.NDArray[np.float64]
Key = tuple[str, str | None]
"""Metric and class, None for all labels together."""
Figures = dict[Key, FloatArray]
FALSE_MARKS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks a picture at which sensitivity is read: those of LUNA16 and CAMELYON16."""
_RECALLS = np.linspace(0.0, 1.0, 101)
KINDS: Mapping[MarkKind, str] = {"boxes": "map50", "masks": "dice"}
"""The figure that says first how well a model of each kind does."""


def point_figures(compared: Compared, kind: MarkKind, *, threshold: float) -> dict[Key, float | None]:
    """Return every figure of all pictures together, None where it is not defined."""
    found = figures_of(compared, kind, np.ones((len(compared.truths), 1)), threshold=threshold)
    return {key: float(values[0]) if np.isfinite(values[0]) else None for key, values in found.items()}


def figures_of(compared: Compared, kind: MarkKind, weights: FloatArray, *, threshold: float) -> Figures:
    """Return every figure for several weightings of the pictures.

    Args:
        compared: the model's marks held against the truth.
        kind: boxes or masks.
        weights: how often each picture counts, shape (n, r).
        threshold: the score from which a mark is shown.
    Returns:
        metric and class -> values of shape (r,), NaN where undefined.
    """
    found: Figures = {}
    areas = [_average_precision(compared, place, weights) for place in range(len(compared.labels))]
    found["map50", None] = _mean(areas)
    found |= {("ap50", name): area for name, area in zip(compared.labels, areas, strict=True)}
    found["froc", None] = froc(compared, weights).mean(0)
    found |= _shown(compared, weights, threshold)
    if kind == "masks":
        found |= _overlaps(compared, weights)
    return found


def froc(compared: Compared, weights: FloatArray) -> FloatArray:
    """Return the sensitivity at each of FALSE_MARKS, all labels together, shape (7, r).

    At the lowest score at which no more false marks a picture are shown; nothing is drawn between two scores.
    Source: Setio et al. 2017, Medical Image Analysis 42 (LUNA16); Bandi et al. 2019, IEEE TMI 38(2).
    """
    n, r = weights.shape
    order = np.argsort(-compared.score, kind="stable")
    of_marks = weights[compared.image[order]]
    hit = compared.hit[order][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        false = np.cumsum(of_marks * ~hit, axis=0) / weights.sum(0)
        sensitivity = np.cumsum(of_marks * hit, axis=0) / (weights.T @ compared.truths).sum(1)
    score = compared.score[order]
    ends = np.append(score[1:] != score[:-1], np.ones(min(len(score), 1), bool)).astype(bool)
    false, sensitivity = false[ends], sensitivity[ends]
    whole = (weights.T @ compared.truths).sum(1)
    padded = np.vstack([np.where(whole > 0, 0.0, np.nan)[None, :], sensitivity])
    return np.stack([padded[(false <= most + 1e-12).sum(0), np.arange(r)] for most in FALSE_MARKS])


def _average_precision(compared: Compared, place: int, weights: FloatArray) -> FloatArray:
    """Return COCO's average precision of one label: precision at 101 recalls, each the best at that recall or above."""
    chosen = np.flatnonzero(compared.label == place)
    chosen = chosen[np.argsort(-compared.score[chosen], kind="stable")]
    total = weights.T @ compared.truths[:, place]
    if not len(chosen):
        return np.where(total > 0, 0.0, np.nan)
    of_marks, hit = weights[compared.image[chosen]], compared.hit[chosen][:, None]
    right, wrong = np.cumsum(of_marks * hit, axis=0), np.cumsum(of_marks * ~hit, axis=0)
    precision = right / np.maximum(right + wrong, np.finfo(float).eps)
    best = np.vstack([np.maximum.accumulate(precision[::-1], axis=0)[::-1], np.zeros(weights.shape[1])])
    areas = np.full(weights.shape[1], np.nan)
    for column in np.flatnonzero(total > 0):
        at = np.searchsorted(right[:, column] / total[column], _RECALLS - 1e-12, side="left")
        areas[column] = best[at, column].mean()
    return areas


def _shown(compared: Compared, weights: FloatArray, threshold: float) -> Figures:
    """Return what holds of the marks that are shown: sensitivity, PPV, false marks a picture."""
    shown = compared.score >= threshold
    found: Figures = {}
    pairs: list[tuple[str | None, npt.NDArray[np.bool_], FloatArray]] = [(None, shown, compared.truths.sum(1))]
    pairs += [(n, shown & (compared.label == c), compared.truths[:, c]) for c, n in enumerate(compared.labels)]
    for name, chosen, truths in pairs:
        of_marks = weights[compared.image[chosen]]
        hits, marks = compared.hit[chosen] @ of_marks, of_marks.sum(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found["region_sensitivity", name] = hits / (weights.T @ truths)
            found["region_ppv", name] = hits / marks
            found["false_regions", name] = (marks - hits) / weights.sum(0)
    return found


def _overlaps(compared: Compared, weights: FloatArray) -> Figures:
    """Return the mean Dice and IoU over the pictures in which people marked the label."""
    found: Figures = {}
    for metric, values in (("dice", picture_dice(compared)), ("iou", picture_iou(compared))):
        means = []
        for place, name in enumerate(compared.labels):
            known = ~np.isnan(values[:, place])
            with np.errstate(divide="ignore", invalid="ignore"):
                means.append((values[known, place] @ weights[known]) / weights[known].sum(0))
            found[metric, name] = means[-1]
        found[metric, None] = _mean(means)
    return found


def picture_dice(compared: Compared) -> FloatArray:
    """Return twice the overlap over both areas, by picture and label, NaN where nobody marked it, shape (n, labels).

    Source: Dice 1945, Ecology 26(3).
    """
    both, true, said = (compared.inside[..., place] for place in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(true > 0, 2 * both / (true + said), np.nan)


def picture_iou(compared: Compared) -> FloatArray:
    """Return overlap over union, by picture and label, NaN where nobody marked it, shape (n, labels)."""
    both, true, said = (compared.inside[..., place] for place in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(true > 0, both / (true + said - both), np.nan)


def picture_sensitivity(compared: Compared, *, threshold: float) -> FloatArray:
    """Return the share of a picture's true marks that are found, all labels, NaN where there is none, shape (n,)."""
    shown = compared.hit & (compared.score >= threshold)
    hits = np.bincount(compared.image[shown], minlength=len(compared.truths))
    truths = compared.truths.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(truths > 0, hits / truths, np.nan)


def _mean(parts: list[FloatArray]) -> FloatArray:
    """Return the mean over the labels that are defined; NaN where none is."""
    stacked = np.stack(parts)
    known = ~np.isnan(stacked)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(known, stacked, 0.0).sum(0) / known.sum(0), dtype=np.float64)
