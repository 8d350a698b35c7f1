"""Table 1: who the patients are, for all, by split and by site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.columns import coded, is_none
from primum.cohort.records import VitalColumn
from primum.cohort.strata import memberships
from primum.evidence.split_names import in_order

BoolArray = npt.NDArray[np.bool_]
ObjectArray = npt.NDArray[np.object_]

SMALL = 5
"""Fewest patients behind a figure or a name that may be shown."""
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of the table: masks over the records, shape (n,)."""

    splits: dict[str, BoolArray]
    sites: dict[str, BoolArray]

    @classmethod
    def of(cls, cohort: Cohort, split: ObjectArray) -> Columns:
        """Return the splits that hold records, in their usual order, and the sites by name, rare ones pooled."""
        splits = {name: np.asarray(split == name, dtype=bool) for name in in_order(split)}
        if cohort.site is None:
            return cls(splits=splits, sites={})
        return cls(splits=splits, sites=dict(_levels(cohort.site, coded(cohort.patients)[0])))


def table_one(cohort: Cohort, columns: Columns) -> dict[str, Any]:
    """Return the table as plain JSON.

    {"suppressed_below": 5, "all": column, "by_split": {name: column}, "by_site": {name: column}}, and a column is

        records, patients: counts
        target: classes and labels {name: cell}; number {median, q1, q3}
        sensitive: {attribute: {group: cell}}
        vitals: {name: {kind: "number", unit, median, q1, q3, missing: cell, outside_range: cell or null}
                 or {kind: "category", levels: {level: cell}, missing: cell}}

    A cell is {"count": records, "share": of the column's records}; when 1 to 4 patients stand behind it,
    {"count": null, "share": null, "suppressed": true}. Quartiles of fewer than 5 patients are null and suppressed too.
    """
    rows = _Rows(cohort)
    return {
        "suppressed_below": SMALL,
        "all": rows.column(np.ones(len(cohort), dtype=bool)),
        "by_split": {name: rows.column(mask) for name, mask in columns.splits.items()},
        "by_site": {name: rows.column(mask) for name, mask in columns.sites.items()},
    }


class _Rows:
    """The rows of the table, prepared once: which records each of them counts."""

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort
        self._patients = coded(cohort.patients)[0]
        self._members = memberships(cohort.target)
        self._groups = {name: list(_levels(values, self._patients)) for name, values in cohort.sensitive.items()}
        vitals = cohort.records.vitals.values()
        self._categories = {v.name: list(_levels(v.values, self._patients)) for v in vitals if v.kind == "category"}

    def column(self, rows: BoolArray) -> dict[str, Any]:
        return {
            "records": int(rows.sum()),
            "patients": self._n_patients(rows),
            "target": self._target(rows),
            "sensitive": {
                name: {level: self._cell(mask, rows) for level, mask in levels} for name, levels in self._groups.items()
            },
            "vitals": {v.name: self._vital(v, rows) for v in self._cohort.records.vitals.values()},
        }

    def _target(self, rows: BoolArray) -> dict[str, Any]:
        target = self._cohort.target
        if target.kind == "number":
            return self._quartiles(target.values.astype(np.float64), rows)
        return {name: self._cell(self._members[:, code], rows) for code, name in enumerate(target.classes)}

    def _vital(self, vital: VitalColumn, rows: BoolArray) -> dict[str, Any]:
        if vital.kind == "category":
            levels = self._categories[vital.name]
            missing = is_none(np.asarray(vital.values, dtype=object))
            cells = {level: self._cell(mask, rows) for level, mask in levels}
            return {"kind": "category", "levels": cells, "missing": self._cell(missing, rows)}
        values = vital.values.astype(np.float64)
        outside = None
        if vital.range is not None:
            low, high = vital.range
            outside = self._cell((values < low) | (values > high), rows)
        return {
            "kind": "number",
            "unit": vital.unit,
            **self._quartiles(values, rows),
            "missing": self._cell(np.isnan(values), rows),
            "outside_range": outside,
        }

    def _quartiles(self, values: npt.NDArray[np.float64], rows: BoolArray) -> dict[str, Any]:
        present = rows & ~np.isnan(values)
        n = self._n_patients(present)
        if n < SMALL:
            return {"median": None, "q1": None, "q3": None, **({"suppressed": True} if n else {})}
        q1, median, q3 = np.quantile(values[present], [0.25, 0.5, 0.75])
        return {"median": float(median), "q1": float(q1), "q3": float(q3)}

    def _cell(self, mask: BoolArray, rows: BoolArray) -> dict[str, Any]:
        both = mask & rows
        if 0 < self._n_patients(both) < SMALL:
            return {"count": None, "share": None, "suppressed": True}
        count, total = int(both.sum()), int(rows.sum())
        return {"count": count, "share": count / total if total else None}

    def _n_patients(self, rows: BoolArray) -> int:
        return int(np.count_nonzero(np.bincount(self._patients[rows])))


def _levels(values: Any, patients: npt.NDArray[Any]) -> list[tuple[str, BoolArray]]:
    """Return each level's name and records, names sorted; levels of fewer than five patients are pooled at the end.

    Args:
        values: of every record, None where missing.
        patients: each record's patient, coded from 0.
    """
    present = np.flatnonzero(~is_none(values))
    codes, names = coded(values[present])
    n_patients = int(patients.max(initial=0)) + 1
    counts = np.bincount(np.unique(codes.astype(np.int64) * n_patients + patients[present]) // n_patients)
    levels = []
    rare = np.zeros(len(values), dtype=bool)
    for code in sorted(range(len(names)), key=names.__getitem__):
        if counts[code] < SMALL:
            rare[present[codes == code]] = True
        else:
            mask = np.zeros(len(values), dtype=bool)
            mask[present[codes == code]] = True
            levels.append((names[code], mask))
    return [*levels, (OTHER, rare)] if rare.any() else levels
