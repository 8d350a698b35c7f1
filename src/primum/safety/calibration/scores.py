"""Probabilities as scores and back: log probabilities where classes exclude each other, log odds where they do not."""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]
Kind = Literal["classes", "labels"]
Table = TypeVar("Table", FloatArray, BoolArray)
EDGE = 1e-12
"""Probabilities nearer to 0 or 1 than this count as this near: their scores stay finite."""


def as_columns(table: Table, kind: Kind) -> Table:
    """Return the columns that are calibrated one by one: of two classes the second's, else every class's or label's.

    Args:
        table: probabilities or truth, shape (n, k).
        kind: classes or labels.
    """
    return table[:, 1:] if kind == "classes" and table.shape[1] == 2 else table


def from_columns(columns: FloatArray, kind: Kind) -> FloatArray:
    """Return the probabilities of all classes from those that were calibrated one by one, shape (n, k).

    Of more than two classes each is calibrated against the rest and the rows are then made to sum to 1
    (Zadrozny & Elkan 2002, KDD, section 4).
    """
    if kind == "labels":
        return columns
    if columns.shape[1] == 1:
        return np.column_stack([1 - columns[:, 0], columns[:, 0]])
    total = columns.sum(1, keepdims=True)
    shares: FloatArray = columns / np.where(total > 0, total, 1.0)
    return np.where(total > 0, shares, 1.0 / columns.shape[1])


def truth_of(target: IntArray, kind: Kind, k: int) -> BoolArray:
    """Return whether each record has each class or label, shape (n, k)."""
    return np.asarray(target == 1) if kind == "labels" else np.asarray(target[:, None] == np.arange(k))


def log_odds(probabilities: FloatArray) -> FloatArray:
    """Return finite log odds."""
    p = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.asarray(np.log(p) - np.log1p(-p))


def log_shares(probabilities: FloatArray) -> FloatArray:
    """Return finite log probabilities."""
    return np.log(np.clip(probabilities, EDGE, 1.0))


def sigmoid(value: FloatArray) -> FloatArray:
    """Return the logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * value)))


def softmax(scores: FloatArray) -> FloatArray:
    """Return rows that sum to 1, shape (n, k)."""
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def losses(probabilities: FloatArray, truth: BoolArray, kind: Kind) -> FloatArray:
    """Return each record's log loss, shape (n,); of labels the mean over labels."""
    if kind == "classes":
        return np.asarray(-np.log(np.clip(probabilities[truth], EDGE, 1.0)))
    p = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.asarray(-np.where(truth, np.log(p), np.log1p(-p)).mean(1))
