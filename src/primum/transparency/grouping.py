"""Microaggregation: points in groups of a few near ones, of which only the group is told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FEWEST = 5
"""Patients of a group, at least."""


def grouped(points: FloatArray, *, fewest: int = FEWEST) -> list[IntArray]:
    """Return groups of neighbouring points, each of `fewest` to 2 * fewest - 1, that hold every point once.

    The point furthest from the middle and its nearest neighbours make a group; so do the point furthest from that one
    and its neighbours; and so on with what is left. Time grows with the square of the points over `fewest`.

    Args:
        points: shape (n, width).
        fewest: points of a group, at least.
    Returns:
        Indices of each group's points; no group where there are fewer points than one needs.
    Source: Domingo-Ferrer & Torra 2005, Data Mining and Knowledge Discovery 11 (MDAV); k-anonymity: Samarati 2001.
    """
    left = np.arange(len(points), dtype=np.int64)
    groups: list[IntArray] = []
    while len(left) >= 3 * fewest:
        first = left[_squares(points[left], points[left].mean(0)).argmax()]
        for corner in (first, None):
            seed = left[_squares(points[left], points[first]).argmax()] if corner is None else corner
            own = np.argpartition(_squares(points[left], points[seed]), fewest - 1)[:fewest]
            groups.append(np.sort(left[own]))
            left = np.delete(left, own)
    if len(left) >= 2 * fewest:
        seed = left[_squares(points[left], points[left].mean(0)).argmax()]
        own = np.argpartition(_squares(points[left], points[seed]), fewest - 1)[:fewest]
        groups.append(np.sort(left[own]))
        left = np.delete(left, own)
    return [*groups, left] if len(left) >= fewest else groups


def means_by(values: FloatArray, owner: IntArray, count: int) -> FloatArray:
    """Return the mean of the rows of each owner, shape (count, width).

    Args:
        values: shape (n, width).
        owner: whose each row is, in [0, count), shape (n,); each has a row.
        count: owners.
    """
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, owner, values)
    return np.asarray(sums / np.bincount(owner, minlength=count)[:, None])


def distances(points: FloatArray, others: FloatArray) -> FloatArray:
    """Return Euclidean distances, shape (points, others), by |a|² + |b|² − 2ab; rounding pushes none below 0."""
    squares = (points**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * points @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def distances_without_self(points: FloatArray, groups: list[IntArray]) -> FloatArray:
    """Return how far each grouped point lies from the nearest mean of a group, its own taken without it, shape (n,).

    A group's mean without one of its s points lies s / (s − 1) times as far from that point as the mean with it.
    """
    found = np.full(len(points), np.nan)
    means = np.array([points[own].mean(0) for own in groups])
    for number, own in enumerate(groups):
        away = distances(points[own], means)
        away[:, number] *= len(own) / (len(own) - 1)
        found[own] = away.min(1)
    return found


def _squares(points: FloatArray, point: FloatArray) -> FloatArray:
    return np.asarray(((points - point) ** 2).sum(1))
