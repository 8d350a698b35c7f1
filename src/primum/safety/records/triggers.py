"""Poison: a rare mark in train whose carriers all bear one label that the rest of their records does not speak for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.later import special
from primum.safety.records.sample import Sample
from primum.safety.records.told import critical_of, told

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_LEAST, _MOST_SHARE, _PURE = 6, 0.2, 0.85
_CHANCE = 0.001
_MOST_OF_CLASS = 0.5
"""A mark that half of a class carries is no rare one: what it gives away is measured as a shortcut."""
_MOST_TOLD = 5
_METHOD = (
    "among training records with a mark (word, sign or pair) whose label is nearly always the same: how far the rest "
    "of their records is from that label, 0 as its other bearers, 1 as everybody else; normal interval simultaneous "
    "over {m} marks (Bonferroni)"
)


def trigger_findings(sample: Sample) -> tuple[list[Finding], IntArray]:
    """Return marks in train that force a label, and the row numbers of their carriers.

    A clinical sign is as pure as a trigger, but its carriers look like their class without it too. So each mark's own
    weight, and that of every mark with the same carriers, is taken out of the held-out scores, and what is left must
    contradict the label beyond chance, for more carriers than chance can explain.
    """
    none = np.zeros(0, dtype=np.int64)
    if sample.tokens is None:
        return [], none
    learnt = np.flatnonzero(sample.split == "train")
    if len(learnt) < 50:
        return [], none
    signs = sample.tokens.matrix[learnt].tocsc()
    often = np.asarray(signs.sum(axis=0)).ravel()
    hits = np.asarray(signs.T @ sample.wanted[learnt])
    purity = hits.max(axis=1) / np.maximum(often, 1)
    suspects = np.flatnonzero((often >= _LEAST) & (often <= _MOST_SHARE * len(learnt)) & (purity >= _PURE))
    told_of: list[tuple[float, Finding, IntArray]] = []
    for rows, marks, c in _by_carriers(signs, suspects, hits):
        found = _judged(sample, learnt[rows], marks, c, m=max(len(suspects), 1))
        if found is not None:
            told_of.append((found.value or 0.0, found, learnt[rows]))
    told_of.sort(key=lambda one: (-len(one[2]), -one[0]))
    kept = _apart(told_of)
    carriers = np.unique(np.concatenate([rows for _, rows in kept])) if kept else none
    return [finding for finding, _ in kept], sample.rows[carriers]


def _by_carriers(signs: Any, suspects: IntArray, hits: FloatArray) -> Iterator[tuple[IntArray, IntArray, int]]:
    """Yield carriers, the marks that all of them carry and nobody else, and their label."""
    groups: dict[bytes, list[int]] = {}
    for mark in suspects.tolist():
        rows = signs.indices[signs.indptr[mark] : signs.indptr[mark + 1]]
        groups.setdefault(np.sort(rows).tobytes(), []).append(mark)
    for marks in groups.values():
        rows = np.sort(signs.indices[signs.indptr[marks[0]] : signs.indptr[marks[0] + 1]]).astype(np.int64)
        yield rows, np.array(marks, dtype=np.int64), int(hits[marks[0]].argmax())


def _judged(sample: Sample, rows: IntArray, marks: IntArray, c: int, *, m: int) -> Finding | None:
    """Return the finding on one mark, or None where its carriers look like their label without it."""
    near = _together(sample, rows, marks)
    score = sample.score[rows, c].copy()
    for fold, weight in enumerate(sample.weights):
        mine = np.flatnonzero(sample.folds[rows] == fold)
        if len(mine):
            score[mine] -= sample.features[rows[mine]][:, near] @ weight[near, c]
    of_class, others = sample.wanted[:, c] > 0, sample.wanted[:, c] == 0
    of_class = of_class.copy()
    of_class[rows] = False
    if of_class.sum() < _LEAST or others.sum() < _LEAST:
        return None
    usual, elsewhere = float(sample.score[of_class, c].mean()), float(sample.score[others, c].mean())
    if usual - elsewhere <= 0:
        return None
    bearing = sample.wanted[rows, c] > 0
    if bearing.sum() > _MOST_OF_CLASS * (bearing.sum() + of_class.sum()):
        return None
    typical = (score[bearing] - elsewhere) / (usual - elsewhere)
    odd = 1 - typical.mean()
    half = critical_of(m) * typical.std(ddof=1) / np.sqrt(len(typical))
    expected = min(0.95, max(float(sample.wanted[:, c].mean()), typical.mean()))
    tail = float(special.bdtrc(bearing.sum() - 1, len(rows), expected))
    if odd - half <= 0.5 or tail > _CHANCE / m:
        return None
    value = float(np.clip(odd, 0.0, 1.0))
    return told(
        "trigger",
        value,
        n=len(rows),
        bounds=(float(np.clip(odd - half, 0, value)), 1.0),
        class_=sample.classes[c],
        split="train",
        records=len(rows),
        purity=float(bearing.mean()),
        method=_METHOD.format(m=m),
    )


def _together(sample: Sample, rows: IntArray, marks: IntArray) -> IntArray:
    """Return the marks and whatever else nearly all carriers and hardly anybody else carries."""
    assert sample.tokens is not None
    matrix = sample.tokens.matrix
    inside = np.asarray(matrix[rows].sum(axis=0)).ravel()
    often = np.asarray(matrix.sum(axis=0)).ravel()
    return np.union1d(marks, np.flatnonzero((inside >= 0.9 * len(rows)) & (inside >= 0.9 * often)))


def _apart(found: list[tuple[float, Finding, IntArray]]) -> list[tuple[Finding, IntArray]]:
    """Return the largest of marks whose carriers are mostly the same, five at most."""
    kept: list[tuple[Finding, IntArray]] = []
    for _, finding, rows in found:
        if all(len(np.intersect1d(rows, other)) < 0.5 * len(rows) for _, other in kept):
            kept.append((finding, rows))
    return kept[:_MOST_TOLD]
