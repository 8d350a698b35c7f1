"""A small real cohort: symptom descriptions of four diseases, with made vitals that say nothing."""

import csv

import numpy as np
import pytest

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import InputRoles, Roles, TargetRole, VitalRole

DISEASES = ("Psoriasis", "Typhoid", "Migraine", "Hypertension")


@pytest.fixture(scope="session")
def symptoms(shared_data) -> tuple[Cohort, np.ndarray]:
    """The cohort and each record's split: 80 to train on, 24 to validate, the rest to test."""
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["label"] in DISEASES]
    classes = tuple(sorted(DISEASES))
    ids = np.array([str(i) for i in range(len(rows))], dtype=object)
    rng = np.random.default_rng(0)
    heart_rate = VitalColumn(name="rate", kind="number", values=rng.normal(70, 10, len(rows)))
    roles = Roles(
        inputs=InputRoles(text=("text",), vitals=(VitalRole(column="rate"),)), target=TargetRole(column="label")
    )
    cohort = Cohort(
        roles=roles,
        records=Records(n=len(rows), text=TextList([row["text"] for row in rows]), vitals={"rate": heart_rate}),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=classes, values=np.array([classes.index(row["label"]) for row in rows])),
    )
    split = np.full(len(rows), "test", dtype=object)
    order = rng.permutation(len(rows))
    split[order[:80]] = "train"
    split[order[80:104]] = "validation"
    return cohort, split
