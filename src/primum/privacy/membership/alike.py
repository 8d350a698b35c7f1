"""Whether members and non-members are of one population: if not, telling them apart is no sign of memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.slices import SITE, coded
from primum.later import stats
from primum.privacy.membership.figures import area
from primum.privacy.membership.patients import Patients

BoolArray = npt.NDArray[np.bool_]
ALPHA = 0.001
"""How often a split at random may be called unalike, over all that is compared."""
TRUTH, DIFFICULTY = "target", "difficulty"
_STRONG = 0.1
"""Smallest Cramér's V (and difference of distributions, for a number) that matters: Cohen's small effect."""
_FAR = 0.05
"""Smallest distance from 0.5 that matters, of the area by what heads say that saw nobody of the two."""


def unalike(table: Predictions, patients: Patients, *, difficulty: FloatArray | None) -> tuple[str, ...]:
    """Return in what members and non-members differ more than chance and by enough to matter: names of attributes.

    Compared are the truth ("target"), every sensitive attribute and the site, by the first record of each patient, with
    a chi-square test and Cramér's V; and how hard the records are to heads that saw none of them ("difficulty").

    Args:
        table: records of both.
        patients: whose they are.
        difficulty: what heads say of each record that was hidden from them, shape (n,); None where there are none.
    """
    first = patients.first
    member = patients.member
    columns = list(_columns(table.take(first)))
    alpha = ALPHA / (len(columns) + 1)
    found = [name for name, codes in columns if _differs(codes, member, alpha)]
    if table.target_type == "number" and _shifted(table.target[first].astype(np.float64), member, alpha):
        found.append(TRUTH)
    if difficulty is not None:
        told = area(*patients.sides(difficulty), critical=float(stats.norm.isf(alpha / 2)))
        if abs(told.value - 0.5) > _FAR and (told.low > 0.5 or (told.high or 1.0) < 0.5):
            found.append(DIFFICULTY)
    return tuple(found)


def _columns(table: Predictions) -> Iterator[tuple[str, IntArray]]:
    if table.target_type == "classes":
        yield TRUTH, table.target.astype(np.int64)
    elif table.target_type == "labels":
        for place, name in enumerate(table.classes):
            yield f"{TRUTH}: {name}", table.target[:, place].astype(np.int64)
    for name, values in table.groups.items():
        yield name, coded(values)[0]
    if table.site is not None and SITE not in table.groups:
        yield SITE, coded(table.site)[0]


def _differs(codes: IntArray, member: BoolArray, alpha: float) -> bool:
    counts = np.stack([np.bincount(codes[member == bool(side)], minlength=int(codes.max()) + 1) for side in (0, 1)])
    counts = counts[:, counts.sum(0) > 0].astype(np.float64)
    if counts.shape[1] < 2:
        return False
    n = counts.sum()
    expected = np.outer(counts.sum(1), counts.sum(0)) / n
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    return bool(np.sqrt(chi2 / n) > _STRONG and stats.chi2.sf(chi2, counts.shape[1] - 1) < alpha)


def _shifted(values: FloatArray, member: BoolArray, alpha: float) -> bool:
    test = stats.ks_2samp(values[member], values[~member])
    return bool(test.statistic > _STRONG and test.pvalue < alpha)
