"""A Cohort: the records with their roles, read and checked, ready to be split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.cohort.roles import CodedKind, Roles
from primum.evidence.marks import Marking
from primum.evidence.split_names import SPLITS

SPLIT_NAMES = SPLITS
"""The kinds of split; `external` may come several times, as `external:NAME`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be predicted, coded."""

    kind: CodedKind
    """classes, labels or number; of regions the number says how much is marked."""
    classes: tuple[str, ...]
    """Class or label names in the order of the codes; empty for a number."""
    values: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    """classes: index (n,) int64; labels: 0/1 (n, k) int64; number: (n,) float64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The records of a study; every array has one entry a record, in file order."""

    roles: Roles
    records: Records
    """The inputs, and nothing else."""
    ids: npt.NDArray[np.object_]
    """Record ids as strings, unique."""
    patients: npt.NDArray[np.object_]
    """Patient ids as strings; equal to `ids` when the study names no patient column."""
    target: Target
    regions: Marking | None = None
    """What people marked in each picture; None where the target is of another kind."""
    sensitive: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    """Attribute -> group names as strings, binned, "unknown" where missing."""
    quasi_identifiers: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    """Column -> value as a string, binned, "unknown" where missing; empty where the study states none."""
    site: npt.NDArray[np.object_] | None = None
    """Hospital names, "unknown" where missing."""
    time: npt.NDArray[np.object_] | None = None
    """Sortable values: all datetime.datetime (UTC, naive) or all float; None where missing."""
    given_split: npt.NDArray[np.object_] | None = None
    """The split column's values, where the study gives one."""
    outside: npt.NDArray[np.object_] | None = None
    """External set of each record that comes from a file of its own, None of every other; None: there are no such."""
    erased: Mapping[str, int] = field(default_factory=dict)
    """Entry of the list of erased patients -> records that were left out because of it; no entry names a patient."""
    fingerprint: str = ""
    """SHA-256 over the content of every column with a role, in order; the same table in another format agrees."""
    source: Mapping[str, Any] = field(default_factory=dict)
    """How it was read: format, encoding, bytes, sha256 of the file, records read, excluded for want of consent."""

    def __len__(self) -> int:
        return len(self.ids)
