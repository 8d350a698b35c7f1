"""Models that are a formula of vitals and words, and cohorts of any numbers."""

from __future__ import annotations

import numpy as np

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import InputRoles, Roles, TargetRole, VitalRole


class Formula:
    """Answers by a formula of the vitals' values and the texts; counts how often it is asked."""

    def __init__(self, formula):
        self.formula = formula
        self.calls = 0

    def predict(self, records):
        self.calls += 1
        values = {name: column.values for name, column in records.vitals.items()}
        texts = [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
        return np.asarray(self.formula(values, texts), dtype=np.float64)


def column_of(name, values):
    values = np.asarray(values)
    kind = "number" if values.dtype != object else "category"
    return VitalColumn(name=name, kind=kind, values=values.astype(np.float64) if kind == "number" else values)


def cohort_of(target, *, texts=None, patients=None, classes=(), sensitive=None, site=None, **vitals):
    n = len(target)
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    kind = "classes" if classes else "number"
    roles = Roles(
        inputs=InputRoles(text=("note",) if texts else (), vitals=tuple(VitalRole(column=name) for name in vitals)),
        target=TargetRole(column="outcome", kind=kind),
        site="site" if site is not None else None,
    )
    return Cohort(
        roles=roles,
        records=Records(
            n=n,
            text=None if texts is None else TextList(texts),
            vitals={name: column_of(name, values) for name, values in vitals.items()},
        ),
        ids=ids,
        patients=ids if patients is None else np.asarray(patients, dtype=object),
        target=Target(kind=kind, classes=tuple(classes), values=np.asarray(target)),
        sensitive=sensitive or {},
        site=site,
    )
