"""Who is among the patients, and who is too rare against the population that a study says it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.errors import ColumnError, nearest
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import UNKNOWN
from primum.later import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
EVERYONE_ELSE = "everyone else"
_SHARE = "share of the patients whose group is known; Wilson's interval, simultaneous over {m} groups (Bonferroni)"
_SHORTFALL = "1 - share / stated share, with the ends of the share's interval; the stated share counts as exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The groups of one attribute, or the sites, and which of them each record belongs to."""

    attribute: str
    levels: tuple[str, ...]
    codes: IntArray
    """Each record's group, shape (n,)."""
    records: FloatArray
    """Records of each group."""
    patients: FloatArray
    """Patients of each group; one who changes groups counts in each."""
    all_patients: int

    @classmethod
    def of(cls, attribute: str, codes: IntArray, levels: tuple[str, ...], *, patients: IntArray) -> Axis:
        """Return the axis of an attribute; `patients` is each record's patient as an index, shape (n,)."""
        k, n_patients = len(levels), int(patients.max(initial=-1)) + 1
        pairs = np.unique(patients * k + codes) if n_patients < len(codes) else codes
        return cls(
            attribute=attribute,
            levels=levels,
            codes=codes,
            records=np.bincount(codes, minlength=k).astype(np.float64),
            patients=np.bincount(pairs % k, minlength=k).astype(np.float64),
            all_patients=n_patients,
        )

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return the sum of the records' weights in each group, shape (groups,)."""
        return np.bincount(self.codes, weights=weights, minlength=len(self.levels)).astype(np.float64, copy=False)

    def versus(self, place: int) -> dict[str, str]:
        """Return whom a group is compared with: of two groups the other one, else everyone else."""
        if len(self.levels) == 2:
            return {self.attribute: self.levels[1 - place]}
        return {"group": EVERYONE_ELSE}


def representation_findings(axes: Sequence[Axis], *, reference: Mapping[str, Mapping[str, float]]) -> list[Finding]:
    """Return each group's share of the patients and, where its share of the population is stated, its shortfall.

    Args:
        axes: the sensitive attributes.
        reference: attribute -> group -> stated share.
    Raises:
        ColumnError: the reference names no attribute, or spells a group otherwise than the records do.
    """
    for attribute in reference:
        known = [axis.attribute for axis in axes]
        if attribute not in known:
            raise ColumnError(f"cohort.reference: {attribute!r} is no sensitive attribute{nearest(attribute, known)}.")
    stated = {axis.attribute: _stated(axis, reference.get(axis.attribute, {})) for axis in axes}
    m = sum(len(_groups(axis, stated[axis.attribute])) for axis in axes)
    return [finding for axis in axes for finding in _of_axis(axis, stated[axis.attribute], m=m)]


def _groups(axis: Axis, stated: Mapping[str, float]) -> list[str]:
    return [
        *(level for level in axis.levels if level != UNKNOWN),
        *(name for name in stated if name not in axis.levels),
    ]


def _stated(axis: Axis, reference: Mapping[str, float]) -> Mapping[str, float]:
    """Return the stated shares, once it is sure that none is of a group that the records spell otherwise."""
    by_spelling = {level.casefold().strip(): level for level in axis.levels}
    for group in reference:
        spelt = by_spelling.get(group.casefold().strip())
        if group not in axis.levels and spelt is not None:
            raise ColumnError(
                f"cohort.reference.{axis.attribute}: no record is of {group!r}; the records spell it {spelt!r}."
            )
        if group == UNKNOWN:
            raise ColumnError(
                f"cohort.reference.{axis.attribute}: {UNKNOWN!r} stands for missing values, whose share "
                f"of a population cannot be stated; leave it out."
            )
    return reference


def _of_axis(axis: Axis, stated: Mapping[str, float], *, m: int) -> list[Finding]:
    counts = dict(zip(axis.levels, axis.patients.tolist(), strict=True))
    unknown = counts.pop(UNKNOWN, 0.0)
    groups = _groups(axis, stated)
    total = sum(counts.values())
    if not total:
        return []
    hits = np.array([counts.get(group, 0.0) for group in groups])
    critical = float(stats.norm.isf((1 - LEVEL) / 2 / m))
    lows, highs = wilson_bounds(hits, np.full(len(hits), total), critical=critical)
    findings = []
    for group, count, low, high in zip(groups, hits.tolist(), lows.tolist(), highs.tolist(), strict=True):
        detail: dict[str, float] = {"patients": int(count), "unknown": int(unknown)}
        common = {"slice": {axis.attribute: group}, "n": int(total)}
        findings.append(_finding("representation", count / total, low, high, _SHARE.format(m=m), common, detail))
        if share := stated.get(group, 0.0):
            common["versus"] = {"population": "the stated population"}
            detail = {**detail, "share": count / total, "stated": share}
            method = f"{_SHORTFALL}; {_SHARE.format(m=m)}"
            ends = (1 - high / share, 1 - low / share)
            findings.append(_finding("representation_gap", 1 - count / total / share, *ends, method, common, detail))
    return findings


def _finding(
    metric: str,
    value: float,
    low: float,
    high: float,
    method: str,
    common: Mapping[str, object],
    detail: Mapping[str, object],
) -> Finding:
    return Finding(
        pillar="fairness",
        metric=metric,
        value=value,
        low=low,
        high=high,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=dict(detail),
        **common,  # type: ignore[arg-type]
    )
