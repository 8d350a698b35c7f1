"""What a run says of its counterfactuals: counts that can be counted by hand, and lies that are found out."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort.cohort import Cohort, Target
from primum.cohort.roles import InputRoles, Roles, TargetRole, VitalRole
from primum.transparency.counterfactual import fit_terrain, most_probable, smallest_change_findings


@pytest.fixture
def cohort(table):
    generator = np.random.default_rng(9)
    n = 200
    columns = {"age": np.round(generator.normal(60, 9, n)), "rate": np.round(generator.normal(80, 10, n))}
    ids = np.arange(n).astype(str).astype(object)
    roles = Roles(inputs=InputRoles(vitals=(VitalRole(column="rate"),)), target=TargetRole(column="y"))
    target = Target(kind="classes", classes=("no", "yes"), values=(columns["rate"] > 80).astype(np.int64))
    split = np.array(["test" if i < 40 else "train" for i in range(n)], dtype=object)
    return Cohort(roles=roles, records=table(**columns), ids=ids, patients=ids, target=target), split


def _terrain(cohort, split, **directions):
    rows = np.flatnonzero(split == "train")
    vitals = {name: type(v)(name=name, kind=v.kind, values=v.values[rows]) for name, v in cohort.records.vitals.items()}
    return fit_terrain(vitals, cohort.patients[rows], directions=directions)


def _by_metric(findings):
    return {(f.metric, *f.versus.values()): f for f in findings}


def test_found_valid_plausible_and_within_bounds(rule, cohort):
    whole, split = cohort
    found = _by_metric(
        smallest_change_findings(
            rule(lambda v, _: (v["rate"] - 80.5) / 4), whole, split, _terrain(whole, split, age="never"),
            decide=most_probable, most=40,
        )
    )  # fmt: skip
    covered = found["counterfactual_coverage", "vitals"]
    assert covered.n == 40 and covered.value > 0.8 and covered.low < covered.value < covered.high
    assert found["counterfactual_validity", "vitals"].value == 1.0
    assert found["counterfactual_validity", "vitals"].low < 1.0
    breaches = found["counterfactual_breaches", "vitals"]
    assert breaches.value == 0 and breaches.detail["fixed"] == ["age"] and breaches.low is None
    assert found["counterfactual_plausibility", "vitals"].value > 0.8
    assert found["counterfactual_names_vital", "rate"].value == 1.0
    assert ("counterfactual_names_vital", "age") not in found


def test_the_share_and_the_distance_are_those_counted_by_hand(rule, cohort):
    whole, split = cohort
    terrain = _terrain(whole, split, age="never")
    found = _by_metric(
        smallest_change_findings(
            rule(lambda v, _: (v["rate"] - 80.5) / 4), whole, split, terrain, decide=most_probable, most=40
        )
    )
    rate = whole.records.vitals["rate"].values[:40]
    away = np.where(rate > 80, rate - 80, 81 - rate) / terrain.of("rate").scale + 1
    # With one movable vital the nearest change crosses 80.5, unless that is implausible at this age.
    assert found["counterfactual_distance", "vitals"].value == pytest.approx(away.mean(), abs=0.15)


def test_answers_that_hang_on_their_batch_are_found_out(cohort):
    class Moody:
        """Says something else of a record that is asked about by itself."""

        def predict(self, records):
            yes = np.where(np.asarray(records.vitals["rate"].values) > 80, 0.9, 0.1)
            if len(records) == 1:
                yes = 0.5 + 0.4 * np.where(np.asarray(records.vitals["rate"].values) > 80, -1, 1)
            return np.column_stack([1 - yes, yes])

    whole, split = cohort
    found = _by_metric(
        smallest_change_findings(Moody(), whole, split, _terrain(whole, split), decide=most_probable, most=30)
    )
    assert found["counterfactual_validity", "vitals"].value == 0.0


def test_broken_promises_are_counted(rule, cohort):
    from primum.transparency.counterfactual import Counterfactual, VitalChange
    from primum.transparency.counterfactual.findings import breaches

    whole, split = cohort
    terrain = _terrain(whole, split, age="never", rate="up")
    made = [
        VitalChange(vital="age", before=60.0, after=61.0, size=0.1),
        VitalChange(vital="rate", before=80.0, after=70.0, size=1.0),
        VitalChange(vital="rate", before=80.0, after=900.0, size=9.0),
        VitalChange(vital="rate", before=80.0, after=80.5, size=0.1),
    ]
    one = Counterfactual(changes=tuple(made), answer=np.array([0.5, 0.5]), decided=(1,))
    assert dict(breaches(terrain, whole.records, [(one,)])) == {
        "immutable": 1, "direction": 1, "range": 1, "step": 1, "level": 0,
    }  # fmt: skip
