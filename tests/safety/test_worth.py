"""Risk-coverage, net benefit and transport, solved by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.evidence import Predictions, performance_findings
from primum.safety import (
    aurc,
    choose_abstention,
    decision_curve,
    net_benefit_findings,
    probability_findings,
    risk_coverage,
    transport_findings,
)


def test_the_curve_of_four_answers():
    share, risk = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, True, False, True]))
    np.testing.assert_allclose(share, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 2])
    area, excess = aurc(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, True, False, True]))
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert excess == pytest.approx(area - (0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_ties_stand_for_their_mean_in_whatever_order():
    sure, wrong = np.array([0.9, 0.5, 0.5, 0.5]), np.array([False, True, False, False])
    _, first = risk_coverage(sure, wrong)
    _, second = risk_coverage(sure, wrong[[0, 3, 2, 1]])
    np.testing.assert_allclose(first, second)
    assert first[-1] == 0.25


def test_net_benefit_of_a_known_table():
    p = np.array([0.9, 0.6, 0.4, 0.2, 0.05])
    came = np.array([True, False, True, False, False])
    curve = decision_curve(p, came, [0.1, 0.5])
    np.testing.assert_allclose(curve.model, [2 / 5 - 2 / 5 / 9, 1 / 5 - 1 / 5])
    np.testing.assert_allclose(curve.everybody, [2 / 5 - 3 / 5 / 9, 2 / 5 - 3 / 5])


def test_the_interval_of_net_benefit_covers_what_repeats_show(made):
    values = [net_benefit_findings(made(300, split="test", seed=seed)) for seed in range(120)]
    of = [[f for f in one if f.metric == "net_benefit_advantage" and f.detail["threshold"] == 0.5][0] for one in values]
    truth = np.mean([f.value for f in of])
    assert np.mean([f.low <= truth <= f.high for f in of]) >= 0.88


def test_transport_is_the_difference_with_newcombes_interval(made):
    home, away = made(400, split="test"), made(300, split="external", heat=3.0, seed=2)
    findings = performance_findings(_both(home, away), n_resamples=100)
    at = {(f.metric, f.split): f for f in findings if not f.slice and f.class_ is None}
    moved = {f.metric: f for f in transport_findings(findings)}
    here, there, change = at["auroc", "test"], at["auroc", "external"], moved["auroc_transport"]
    assert change.value == pytest.approx(there.value - here.value)
    low = change.value - np.sqrt((there.value - there.low) ** 2 + (here.high - here.value) ** 2)
    assert change.low == pytest.approx(low)
    assert change.versus == {"split": "test"} and change.detail["versus_n"] == 400


def test_every_external_hospital_is_compared(made):
    table = _both(made(400, split="test"), made(300, split="external", seed=2))
    table = replace(table, site=np.array(["A"] * 400 + ["B"] * 150 + ["C"] * 150, dtype=object))
    moved = transport_findings(performance_findings(table, n_resamples=100))
    assert {f.slice.get("site") for f in moved if f.metric == "auroc_transport"} == {None, "B", "C"}


def test_what_abstention_keeps_is_measured_on_test(made):
    chosen = choose_abstention(made(800, heat=1.2), risk=0.1)
    found = {f.metric: f for f in probability_findings(made(800, split="test", seed=3), abstention=chosen)}
    assert 0 < found["answered_share"].value < 1
    assert found["answered_error_excess"].value == pytest.approx(found["answered_error"].value - 0.1)
    assert found["aurc"].low < found["aurc"].value < found["aurc"].high
    assert found["e_aurc"].low < found["e_aurc"].value < found["e_aurc"].high


def test_a_number_has_no_probabilities_to_speak_of():
    table = Predictions(
        ids=np.array(["a", "b"], dtype=object),
        split=np.array(["test", "test"], dtype=object),
        target_type="number",
        classes=(),
        target=np.array([1.0, 2.0]),
        predicted=np.array([1.0, 2.0]),
        probabilities=None,
    )
    assert probability_findings(table) == []


def _both(home: Predictions, away: Predictions) -> Predictions:
    from primum.safety.folds import joined

    return joined([home, away])
