"""Which of a model's marks are hits: each truth is found once, by the best-scored mark that covers it well enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.marks.marking import Mark, Marking
from primum.evidence.marks.runs import overlap, pixels

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MOST_MARKS = 100
"""Best-scored marks of a picture and label that count, as in COCO's protocol."""
IOU = 0.5
"""Overlap over union from which a mark covers a truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A model's marks held against the truth of the same n pictures."""

    labels: tuple[str, ...]
    image: IntArray
    """Picture of each of the model's marks, shape (d,)."""
    label: IntArray
    """Its label as an index, shape (d,)."""
    score: FloatArray
    """Its score, shape (d,)."""
    hit: npt.NDArray[np.bool_]
    """Whether it found a truth that no better-scored mark had found, shape (d,)."""
    truths: FloatArray
    """How many true marks of each label a picture has, shape (n, labels)."""
    inside: FloatArray
    """Masks: pixels in both, in the truth and in the model's marks, by picture and label, shape (n, labels, 3)."""


def compare(truth: Marking, found: Marking, *, iou: float = IOU) -> Compared:
    """Return how a model's marks stand to the truth, label by label and picture by picture.

    A mark goes to the truth of its label that it overlaps most among those still free, if overlap over union reaches
    `iou`; marks choose in the order of their scores. Where that is met by several, COCO's own code agrees to the mark.
    Source: Everingham et al. 2010, IJCV 88(2), section 4.2; Lin et al. 2014 for the order.
    """
    n, k = len(truth), len(truth.labels)
    code = {name: place for place, name in enumerate(truth.labels)}
    truths, inside = np.zeros((n, k)), np.zeros((n, k, 3))
    told: list[tuple[int, int, float, bool]] = []
    for row in range(n):
        for name, place in code.items():
            true = [mark for mark in truth.marks[row] if mark.label == name]
            said = sorted((m for m in found.marks[row] if m.label == name), key=lambda m: -(m.score or 0.0))
            truths[row, place] = len(true)
            tables = _tables(true, said)
            hits = _hits(tables.iou[:, :MOST_MARKS], iou)
            told += [(row, place, mark.score or 0.0, hit) for mark, hit in zip(said, hits, strict=False)]
            if truth.kind == "masks":
                inside[row, place] = tables.both.sum(), tables.true.sum(), tables.said.sum()
    return Compared(
        labels=truth.labels,
        image=np.array([image for image, _, _, _ in told], np.int64),
        label=np.array([label for _, label, _, _ in told], np.int64),
        score=np.array([score for _, _, score, _ in told], np.float64),
        hit=np.array([hit for _, _, _, hit in told], bool),
        truths=truths,
        inside=inside,
    )


def best_threshold(compared: Compared, *, otherwise: float) -> float:
    """Return the score from which marks are worth showing: where the F1 over all labels is greatest.

    Args:
        compared: on records that the model neither learnt from nor is judged on.
        otherwise: what to return where nothing was marked, or nothing was to be.
    """
    total = compared.truths.sum()
    if not len(compared.score) or not total:
        return otherwise
    order = np.argsort(-compared.score, kind="stable")
    hits = np.cumsum(compared.hit[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + total)
    score = compared.score[order]
    ends = np.append(score[1:] != score[:-1], True)  # equal scores are shown together or not at all
    return float(score[ends][f1[ends].argmax()])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    iou: FloatArray
    """Overlap over union of each truth with each of the model's marks, shape (t, d)."""
    both: FloatArray
    true: FloatArray
    said: FloatArray


def _tables(true: list[Mark], said: list[Mark]) -> _Tables:
    if any(mark.runs is not None for mark in (*true, *said)):
        areas = [np.array([0 if m.runs is None else pixels(m.runs) for m in marks], float) for marks in (true, said)]
        both = np.array([[_shared(t, s) for s in said] for t in true], float).reshape(len(true), len(said))
    else:
        a, b = (np.array([mark.box for mark in marks], float).reshape(-1, 4) for marks in (true, said))
        corners = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
        both = np.clip(corners, 0.0, None).prod(2)
        areas = [(c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b)]
    union = areas[0][:, None] + areas[1][None, :] - both
    with np.errstate(divide="ignore", invalid="ignore"):
        iou = np.where(union > 0, both / union, 0.0)
    return _Tables(iou=iou, both=both, true=areas[0], said=areas[1])


def _shared(true: Mark, said: Mark) -> int:
    apart = true.box[2] <= said.box[0] or said.box[2] <= true.box[0]
    apart = apart or true.box[3] <= said.box[1] or said.box[3] <= true.box[1]
    if apart or true.runs is None or said.runs is None:
        return 0
    return overlap(true.runs, said.runs)


def _hits(iou: FloatArray, least: float) -> list[bool]:
    free = np.ones(len(iou), bool)
    hits = []
    for column in iou.T:
        open_to = np.where(free, column, -1.0)
        best = int(open_to.argmax()) if len(open_to) else -1
        hit = best >= 0 and bool(open_to[best] >= least - 1e-10)
        if hit:
            free[best] = False
        hits.append(hit)
    return hits
