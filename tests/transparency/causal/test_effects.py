"""Effects beside structural models whose effects are known, and beside statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from primum.transparency.causal import CausalGraph, effect_findings
from primum.transparency.causal.regression import adjusted, refuted
from tests.transparency.formulas import cohort_of

CONFOUNDED = {"z": ("x", "outcome"), "x": ("outcome",)}


def _world(seed, n=800, *, effect=0.5, missing=0.0):
    """z acts on x (1) and on the outcome (2); x acts on the outcome by `effect`."""
    rng = np.random.default_rng([3, seed])
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    y = effect * x + 2 * z + rng.normal(size=n)
    z[rng.random(n) < missing] = np.nan
    return cohort_of(y, x=x, z=z)


def _graph(effects, hidden=()):
    plain = CausalGraph(effects=effects)
    return CausalGraph(effects=effects, measured=plain.nodes() - set(hidden))


def _effect(findings):
    return next(f for f in findings if f.metric == "causal_effect")


def test_adjusted_is_right_where_the_plain_difference_is_wrong():
    """Without z the slope is 0.5 + 2 cov(x, z) / var(x) = 1.5, three times the truth."""
    cohort = _world(1)
    found = _effect(effect_findings(cohort, _graph(CONFOUNDED), ["x"]))
    step = float(found.versus["to"]) - float(found.versus["from"])
    assert found.low < 0.5 * step < found.high
    assert found.detail["adjusted_for"] == ["z"]
    assert found.detail["unadjusted"] == pytest.approx(1.5 * step, rel=0.1)
    assert not found.low < found.detail["unadjusted"] < found.high
    quartiles = np.quantile(cohort.records.vitals["x"].values, [0.25, 0.75])
    assert step == pytest.approx(np.diff(quartiles)[0], rel=0.02)


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = 0
    for seed in range(200):
        found = _effect(effect_findings(_world(seed, n=200), _graph(CONFOUNDED), ["x"]))
        held += found.low <= 0.5 * (float(found.versus["to"]) - float(found.versus["from"])) <= found.high
    assert 182 <= held <= 199  # 190 +- 2.6 standard deviations


def test_error_by_patient_is_statsmodels():
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(60), 5)
    x = np.repeat(rng.normal(size=60), 5) + 0.3 * rng.normal(size=300)
    z = rng.normal(size=(300, 2))
    y = x + z @ [1, -1] + np.repeat(rng.normal(size=60), 5)
    theirs = sm.OLS(y, sm.add_constant(np.column_stack([x, z]))).fit(
        cov_type="cluster", cov_kwds={"groups": patients}, use_t=True
    )
    found = adjusted(x, z, y, patients, step=2.0)
    assert found.value == pytest.approx(2 * theirs.params[1])
    assert (found.low, found.high) == pytest.approx(tuple(2 * theirs.conf_int()[1]))
    alone = adjusted(x, z, y, np.arange(300), step=2.0)
    assert found.high - found.low > 1.3 * (alone.high - alone.low)  # five records of one patient are no five patients


def test_robustness_is_the_share_that_explains_the_effect_away():
    """A common cause that explains so much of what is left of cause and outcome brings the slope to 0."""
    cohort = _world(4, n=5000)
    found = _effect(effect_findings(cohort, _graph({"x": ("outcome",)}), ["x"]))
    x, y = cohort.records.vitals["x"].values, cohort.target.values
    x, y = x - x.mean(), y - y.mean()
    share, rng = found.detail["robustness"], np.random.default_rng(1)
    # Build u with partial R2 = share with x, and with what x leaves of y; signs as bad as can be.
    left = y - x * (x @ y) / (x @ x)
    noise = rng.normal(size=len(x))
    noise -= x * (x @ noise) / (x @ x)
    noise -= left * (left @ noise) / (left @ left)
    x1, l1, n1 = (one / np.linalg.norm(one) for one in (x, left, noise))
    u = np.sqrt(share) * x1 + np.sqrt(1 - share) * (np.sqrt(share) * l1 + np.sqrt(1 - share) * n1)
    slope = np.linalg.lstsq(np.column_stack([x, u]), y, rcond=None)[0][0]
    assert slope / ((x @ y) / (x @ x)) == pytest.approx(0.0, abs=0.02)


def test_an_effect_that_is_there_stands_every_attempt():
    findings = effect_findings(_world(2), _graph(CONFOUNDED), ["x"])
    tests = {f.versus["test"]: f for f in findings if f.metric == "causal_refutation"}
    assert set(tests) == {"placebo", "random_cause", "subset"}
    assert all(f.low <= 0 <= f.high and f.detail["stood"] for f in tests.values())
    assert abs(tests["placebo"].value) < 0.1 * _effect(findings).value
    [failed] = [f for f in findings if f.metric == "causal_tests_failed"]
    assert failed.value == 0.0 and failed.level is None


def test_an_effect_that_hangs_on_one_patient_is_refuted():
    """All of it comes from one patient's hundred records: one round in five leaves that patient out."""
    rng = np.random.default_rng(5)
    patients = np.concatenate([np.zeros(100, int), np.arange(1, 101)])
    x = np.where(patients == 0, 3.0, rng.normal(size=200))
    y = np.where(patients == 0, 9.0, rng.normal(size=200))
    nothing = np.empty((200, 0))
    effect = adjusted(x, nothing, y, patients, step=1.0)
    found = {one.test: one for one in refuted(effect, x, nothing, y, patients=patients, step=1.0, seed=1)}
    assert effect.low > 1 and found["subset"].low < -1.5
    assert {name: one.stood for name, one in found.items()} == {"placebo": True, "random_cause": True, "subset": False}


def test_an_effect_that_chance_reaches_as_well_does_not_stand_the_placebo():
    rng = np.random.default_rng(5)
    x, y, nothing = rng.normal(size=50), rng.normal(size=50), np.empty((50, 0))
    effect = replace(adjusted(x, nothing, y, np.arange(50), step=1.0), value=0.1, low=0.05, high=0.15)
    placebo = next(refuted(effect, x, nothing, y, patients=np.arange(50), step=1.0, seed=1))
    assert placebo.low < 0.1 < placebo.high and not placebo.stood


def test_what_cannot_be_told_is_not():
    found = effect_findings(_world(1), _graph({**CONFOUNDED, "u": ("x", "outcome")}, ["u"]), ["x"])
    assert [(f.metric, f.value, f.enough) for f in found] == [("causal_effect", None, False)]
    assert found[0].detail == {"because": "confounded", "common_causes": ["u"]}
    [nothing] = effect_findings(_world(1), _graph({"z": ("x",), "outcome": ("x",)}), ["x"])
    assert nothing.detail["because"] == "no_path"


def test_records_that_lack_what_is_adjusted_for_are_left_out_and_counted():
    found = _effect(effect_findings(_world(1, missing=0.25), _graph(CONFOUNDED), ["x"]))
    assert found.n + found.detail["left_out"] == 800 and 150 < found.detail["left_out"] < 250
    assert found.low < 0.5 * (float(found.versus["to"]) - float(found.versus["from"])) < found.high


def test_levels_and_classes():
    """A drug lowers the chance of the outcome by 0.2; the sick get it more often, so that it looks harmful."""
    rng = np.random.default_rng(9)
    n = 6000
    sick = np.where(rng.random(n) < 0.5, "sick", "well").astype(object)
    drug = np.where(rng.random(n) < np.where(sick == "sick", 0.8, 0.2), "drug", "none").astype(object)
    drug[:3] = "rare"
    dead = (rng.random(n) < 0.3 + 0.4 * (sick == "sick") - 0.2 * (drug == "drug")).astype(int)
    cohort = cohort_of(dead, classes=("alive", "dead"), sick=sick, drug=drug)
    graph = _graph({"sick": ("drug", "outcome"), "drug": ("outcome",)})
    found = effect_findings(cohort, graph, ["drug"])
    effects = [f for f in found if f.metric == "causal_effect"]
    assert len(effects) == 1 and effects[0].class_ == "dead"  # nothing is said of the three
    sign = 1 if effects[0].versus["to"] == "drug" else -1
    assert (
        sorted((sign * effects[0].low, sign * effects[0].high))[0]
        < -0.2
        < sorted((sign * effects[0].low, sign * effects[0].high))[1]
    )
    assert sign * effects[0].detail["unadjusted"] > 0
    strata = [
        dead[(sick == s) & (drug == "drug")].mean() - dead[(sick == s) & (drug == "none")].mean()
        for s in ("sick", "well")
    ]
    assert sign * effects[0].value == pytest.approx(np.mean(strata), abs=0.02)
