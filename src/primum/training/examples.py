"""What a training learns from: labels, weights and groups of the records, and which of them are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.cohort import Cohort
from primum.training.fairness import Mitigation

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The cohort's records, followed by the copies that a mitigation made of some."""

    labels: torch.Tensor
    weights: torch.Tensor | None
    """Of each record's loss; None where all weigh the same."""
    groups: torch.Tensor | None
    """Code of each record's group; None where nobody asks for it."""
    rows: Rows
    """Which of them are trained on."""


def examples_of(cohort: Cohort, train_rows: Rows, mitigation: Mitigation, *, balanced: bool) -> Examples:
    """Return the examples of a training.

    Args:
        cohort: the records.
        train_rows: those of the split train.
        mitigation: what is changed for fairness.
        balanced: classes weigh alike, as they are drawn.
    """
    source = np.arange(len(cohort))
    rows = train_rows
    if mitigation.copies is not None:
        source = np.concatenate([source, mitigation.copies.rows])
        rows = np.concatenate([train_rows, len(cohort) + np.arange(len(mitigation.copies.rows))])
    labels = cohort.target.values[source]
    weights = None if mitigation.weights is None else mitigation.weights[source]
    if balanced and cohort.target.kind == "classes":
        of_classes = _class_weights(labels.astype(np.int64), len(cohort.target.classes), rows, mitigation.chances)
        weights = of_classes if weights is None else weights * of_classes
    groups = None
    if mitigation.objective is not None and mitigation.groups is not None:
        groups = torch.from_numpy(mitigation.groups.codes[source])
    return Examples(
        labels=torch.from_numpy(np.ascontiguousarray(labels)),
        weights=None if weights is None else torch.from_numpy(weights.astype(np.float32)),
        groups=groups,
        rows=rows,
    )


def _class_weights(
    labels: Rows, classes: int, rows: Rows, chances: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.float64]:
    """Return each example's weight, one over its class's share among the drawn, over the number of classes."""
    drawn = None if chances is None else chances * len(rows)
    counts = np.bincount(labels[rows], weights=drawn, minlength=classes)
    weights: npt.NDArray[np.float64] = len(rows) / (classes * np.maximum(counts, 1))
    return weights[labels]
