"""Reweighing: records weigh so that group and class are independent in the training data.

Source: Kamiran and Calders 2012, "Data preprocessing techniques for classification without discrimination", Knowledge
and Information Systems 33(1), section 5.3. We differ in the exponent, by which a study may ask for less than that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.training.fairness.method import METHODS, FloatArray, IntArray, Judge, Method, Mitigation, Setting


def cell_weights(groups: npt.NDArray[np.int64], classes: npt.NDArray[np.int64]) -> FloatArray:
    """Return P(group) P(class) / P(group, class) for each cell, shape (groups, classes); 1 for an empty cell.

    Args:
        groups: code of each training record's group, shape (n,).
        classes: its class, shape (n,).
    """
    table = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(table, (groups, classes), 1.0)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / len(groups)
    weights = np.ones_like(table)
    np.divide(expected, table, out=weights, where=table > 0)
    return weights


def record_weights(setting: Setting) -> FloatArray:
    """Return each record's weight, mean 1 over the training records; 1 for a group or class unseen in training."""
    groups, classes = setting.groups.codes, setting.cohort.target.values.astype(np.int64)
    cells = cell_weights(groups[setting.train_rows], classes[setting.train_rows]) ** setting.strength
    known = (groups >= 0) & (classes < cells.shape[1])
    weights = np.ones(len(groups))
    weights[known] = cells[groups[known], classes[known]]
    weights /= weights[setting.train_rows].mean()
    return weights


def weighted_judge(weights: FloatArray) -> Judge:
    """Return the weighted mean loss as the validation figure."""

    def judge(rows: IntArray, losses: FloatArray, answers: FloatArray) -> float:
        return float(np.average(losses, weights=weights[rows]))

    return judge


def _apply(setting: Setting) -> Mitigation:
    weights = record_weights(setting)
    return Mitigation(weights=weights, judge=weighted_judge(weights))


METHODS.register("reweighing")(Method(apply=_apply, strength=1.0, strongest=1.0, targets=("classes",)))
