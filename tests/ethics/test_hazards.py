"""The hazard table: what is measured, what is not, what is in force, what is left."""

from __future__ import annotations

import pytest

from primum.ethics import judge
from primum.ethics.card import build_card
from primum.ethics.card_markdown import card_markdown
from primum.ethics.hazards import hazard_rows, known_hazards, severity_of
from primum.evidence import METRICS, Finding

STUDY = {"study": "a", "intended_use": {"risk": "medium", "user": "nurses."}}
TRUST = {
    "abstention": {"risk": 0.02, "confidence": 0.95, "threshold": 0.8, "n": 200, "answered": 90, "errors": 1},
    "calibration": {},
    "conformal": {},
    "novelty": {},
}


def _found(metric, value, low, high, **more):
    return Finding(
        pillar="safety", metric=metric, value=value, low=low, high=high, **{"n": 200, "split": "test", **more}
    )


def _rows(findings, *, trust=None, study=STUDY):
    verdict = judge(findings, "default").to_json()
    return {row.hazard.hazard: row for row in hazard_rows(findings, verdict, study=study, trust=trust or {})}


def test_every_hazard_names_known_metrics_once_and_speaks_both_languages():
    hazards = known_hazards()
    assert len({one.hazard for one in hazards}) == len(hazards) >= 16
    for one in hazards:
        assert one.measured and len({m.metric for m in one.measured}) == len(one.measured)
        assert all(m.metric in METRICS for m in one.measured), one.hazard
        assert all(words.en.strip() and words.zh.strip() for words in (one.title, one.harm))
        if one.residual is not None:
            assert one.residual.control in one.controls and one.residual.where.metric in METRICS


def test_nothing_measured_is_said_and_never_a_zero():
    for row in _rows([]).values():
        assert row.measured == () and row.residual is None and row.rules == ()
        assert row.unmeasured == tuple(m.metric for m in row.hazard.measured)
    card = build_card(study=STUDY, cohort={}, findings=[], verdict=judge([], "default").to_json())
    assert {one["likelihood"] for one in card["hazards"]} == {"not measured"}
    assert {one["residual"] for one in card["hazards"]} == {"not known"}


def test_measures_of_another_target_type_are_not_missed():
    row = _rows([_found("accuracy", 0.9, 0.86, 0.94), _found("balanced_accuracy", 0.9, 0.86, 0.94)])["wrong_answer"]
    assert row.measured == (0,) and row.unmeasured == ("sensitivity",)


def test_the_worst_that_is_surely_so_is_shown_whichever_set_it_is_of():
    findings = [
        _found("ece", 0.05, 0.03, 0.08),
        _found("ece", 0.2, 0.01, 0.4, split="external:a"),  # larger, but it may be nothing
        _found("ece", 0.15, 0.1, 0.2, split="external:b"),
        _found("ece", 0.6, 0.5, 0.7, split="external:c", enough=False),
    ]
    assert _rows(findings)["over_confidence"].measured == (2,)
    accuracy = [_found("accuracy", 0.9, 0.86, 0.94), _found("accuracy", 0.8, 0.7, 0.97, split="external")]
    assert _rows(accuracy)["wrong_answer"].measured == (0,)


def test_a_gap_is_harm_to_the_group_that_it_is_about_and_small_groups_have_no_figure():
    def gap(value, **more):
        return _found("tpr_gap", value, value - 0.1, value + 0.1, class_="ill", detail={"role": "headline"}, **more)

    findings = [gap(-0.5, slice={"sex": "M"}), gap(0.2, slice={"sex": "F"}), gap(0.9, slice={"sex": "X"}, n=4)]
    assert _rows(findings)["wrong_in_group"].measured == (1,)


def test_rules_that_judged_it_are_named_the_worst_first():
    findings = [_found("text_in_train", 0.03, 0.02, 0.04), _found("text_in_train", 0.0, 0.0, 0.01, split="external")]
    row = _rows(findings)["leak"]
    assert row.rules == (("safety.some_test_text_in_train", "review"), ("safety.test_text_in_train", "pass"))


def test_what_is_left_is_told_only_of_a_control_in_force():
    findings = [_found("accuracy", 0.9, 0.86, 0.94), _found("answered_error", 0.01, 0.002, 0.04, n=90)]
    assert _rows(findings)["wrong_answer"].residual is None
    row = _rows(findings, trust=TRUST)["wrong_answer"]
    assert row.residual == 1
    in_force = {one.kind: one.in_force for one in row.controls}
    assert in_force == {"abstention": True, "conformal": False, "person": True}
    unattainable = {**TRUST, "abstention": {**TRUST["abstention"], "threshold": None}}
    assert _rows(findings, trust=unattainable)["wrong_answer"].residual is None


def test_severity_is_the_studys_own():
    assert severity_of(STUDY) == "medium" and severity_of({}) is None
    silent = _rows([], study={})["wrong_answer"]
    assert [one.in_force for one in silent.controls if one.kind == "person"] == [False]


def test_the_card_tells_the_table_in_both_forms():
    findings = [
        _found("accuracy", 0.9, 0.86, 0.94),
        _found("sensitivity", 0.7, 0.6, 0.8, class_="ill", split="external:zurich"),
        _found("answered_error", 0.01, 0.002, 0.04, n=90),
    ]
    verdict = judge(findings, "default").to_json()
    card = build_card(study=STUDY, cohort={}, findings=findings, verdict=verdict, trust=TRUST)
    [one] = [one for one in card["hazards"] if one["hazard"] == "wrong_answer"]
    assert one["severity"] == "medium" and one["title"]["zh"] and one["residual"]["high"] == 0.04
    assert [line["metric"] for line in one["likelihood"]] == ["accuracy", "sensitivity"]
    assert [line["split"] for line in one["likelihood"]] == ["test", "external:zurich"]
    text = card_markdown(card)
    assert "Sensitivity (ill, external:zurich) 0.700 (95 % interval 0.600 to 0.800, n = 200)" in text
    assert "answers only when surer than 0.800" in text and "review by nurses" in text


@pytest.mark.parametrize("metric", ["auroc_new_place", "auroc_transport"])
def test_another_hospital_is_measured_by_change_and_by_expectation(metric):
    row = _rows([_found(metric, -0.1, -0.2, 0.0, split="external", detail={"places": 6})])["shift"]
    assert row.measured == (0,)
