"""The groups of patients that a mitigation evens out: intersections of sensitive attributes, as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.errors import StudyError, nearest

IntArray = npt.NDArray[np.int64]
FEWEST = 10
"""Groups with fewer training records are joined into one: nothing can be learnt about them one by one."""
THE_REST = "too few, joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Which group every record is in."""

    codes: IntArray
    """Shape (n,); -1 for a record of a group that has no training record."""
    names: tuple[str, ...]
    """By code, e.g. "sex=F, age=45-65"."""
    counts: IntArray
    """Training records of each group, shape (number of groups,), all above 0."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Each group's share of the training records."""
        shares: npt.NDArray[np.float64] = self.counts / self.counts.sum()
        return shares


def groups_of(
    sensitive: Mapping[str, npt.NDArray[np.object_]], attributes: Sequence[str], train_rows: IntArray
) -> Groups:
    """Return the groups that these attributes (all, when none is named) and their intersections make.

    Raises:
        StudyError: an attribute is not known, or all training records are in one group.
    """
    for name in attributes:
        if name not in sensitive:
            raise StudyError(
                f"training.objective.fairness.attributes: {name!r} is not among cohort.sensitive"
                f"{nearest(name, sensitive)}."
            )
    chosen = tuple(attributes) or tuple(sensitive)
    if not chosen:
        raise StudyError("training.objective.fairness: cohort.sensitive names no attribute to even out.")
    rows = zip(*(sensitive[name] for name in chosen), strict=True)
    named = np.array([", ".join(f"{a}={v}" for a, v in zip(chosen, row, strict=True)) for row in rows], dtype=object)
    names, counts = np.unique(named[train_rows].astype(str), return_counts=True)
    large = [str(name) for name in names[counts >= FEWEST]]
    small = {str(name) for name in names[counts < FEWEST]}
    code_of = {name: code for code, name in enumerate(large)} | dict.fromkeys(small, len(large))
    codes = np.array([code_of.get(name, -1) for name in named], dtype=np.int64)
    if len(set(code_of.values())) < 2:
        raise StudyError(
            f"training.objective.fairness: all training records are in one group of {', '.join(chosen)}; "
            "there is nothing to even out."
        )
    kept = (*large, THE_REST) if small else tuple(large)
    return Groups(codes=codes, names=kept, counts=np.bincount(codes[train_rows], minlength=len(kept)))
