"""One patient in two splits: the same patient id, or the same but for case, blanks, hyphens and leading zeros."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from primum.cohort import Cohort
from primum.cohort.columns import coded
from primum.evidence.finding import Finding
from primum.safety.records.told import told

_METHOD = (
    "exact count of patient ids that stand in more than one split; almost the same: ids compared without case, blanks, "
    "signs and leading zeros"
)
_SIGNS = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def identity_findings(cohort: Cohort, split: np.ndarray[tuple[int], np.dtype[np.object_]]) -> list[Finding]:
    """Return how many patients stand in more than one split: those of the same id, and those spelt almost alike."""
    place, names = coded(cohort.patients)
    codes, _ = coded(split)
    as_given = _divided(place, codes, len(names))
    alike: dict[str, int] = {}
    merged = np.array([alike.setdefault(_spelt(name), len(alike)) for name in names], dtype=np.int64)
    together = _divided(merged[place], codes, len(alike)) if _is_named(cohort) else as_given
    common: dict[str, Any] = {"n": len(names), "method": _METHOD}
    findings = [told("patients_across_splits", as_given, spelling="same", **common)]
    if together > as_given:
        findings.append(told("patients_across_splits", together - as_given, spelling="almost the same", **common))
    return findings


def _is_named(cohort: Cohort) -> bool:
    return cohort.roles.patient is not None or cohort.roles.id is not None


def _spelt(name: str) -> str:
    if len(name) > 40:  # a text that stands for the patient; two texts may differ in a sign
        return name
    return _ZEROS.sub("", _SIGNS.sub("", name.casefold()))


def _divided(
    place: np.ndarray[tuple[int], np.dtype[np.int64]], codes: np.ndarray[tuple[int], np.dtype[np.int64]], n: int
) -> int:
    width = int(codes.max()) + 1
    pairs = np.unique(place * width + codes) // width
    return int((np.bincount(pairs, minlength=n) > 1).sum())
