"""What is to be predicted, as one column of 0 and 1 for each class, whatever the target's type."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.strata import memberships

FloatArray = npt.NDArray[np.float64]
_THIRDS = ("low third", "middle third", "high third")


def outcome(cohort: Cohort) -> tuple[FloatArray, tuple[str, ...]]:
    """Return which record is of which class, shape (n, k), and the classes' names; a number is cut into thirds."""
    target = cohort.target
    if target.kind != "number":
        return memberships(target).astype(np.float64), target.classes
    edges = np.quantile(target.values, [1 / 3, 2 / 3])
    third = np.searchsorted(edges, target.values, side="left")
    return (third[:, None] == np.arange(3)).astype(np.float64), _THIRDS
