"""Balanced sampling: every cell of group and class is drawn equally often.

Source: Idrissi et al. 2022, "Simple data balancing achieves competitive worst-group-accuracy", CLeaR, section 3 (RWG
and SUBG; this is the former by drawing instead of weighing).
"""

from __future__ import annotations

import numpy as np

from primum.training.fairness.method import METHODS, FloatArray, Method, Mitigation, Setting
from primum.training.fairness.reweighing import weighted_judge


def cell_chances(setting: Setting) -> FloatArray:
    """Return each record's chance to be drawn relative to a plain draw, shape (n,), mean 1 over the training records.

    A record of a cell with c training records gets c ** -strength: 1 draws every cell equally often, 0 changes
    nothing. A cell unseen in training gets the largest chance of a seen one.
    """
    classes = setting.cohort.target.values.astype(np.int64)
    cells = setting.groups.codes * (classes.max() + 1) + classes  # unseen groups are negative, apart from all others
    names, counts = np.unique(cells[setting.train_rows], return_counts=True)
    count_of = dict(zip(names.tolist(), counts.tolist(), strict=True))
    fewest = int(counts.min())
    chances = np.array([count_of.get(cell, fewest) for cell in cells.tolist()], dtype=np.float64) ** -setting.strength
    chances /= chances[setting.train_rows].mean()
    return chances


def _apply(setting: Setting) -> Mitigation:
    relative = cell_chances(setting)
    chances = relative[setting.train_rows]
    return Mitigation(chances=chances / chances.sum(), judge=weighted_judge(relative))


METHODS.register("balanced_sampling")(Method(apply=_apply, strength=1.0, strongest=1.0, targets=("classes",)))
