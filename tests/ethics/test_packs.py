"""Policies that extend another, what they need besides figures, and how often test records were looked at."""

from __future__ import annotations

import itertools

import pytest
import yaml

from primum.errors import PolicyError
from primum.ethics import check_documents, judge, load_policy, looks_finding, parse_policy, policy_names
from primum.ethics.policy_reading import policy_bytes
from primum.evidence import METRICS, Finding

PACKS = ("eu-ai-act", "fda-gmlp", "hti-1", "nmpa", "who-lmm")


def _written(text: str):
    return parse_policy(text.encode(), source="mine")


def _extending(more: str):
    return _written(f"policy: mine\ntitle: {{en: t, zh: 题}}\nextends: default\n{more}")


def _finding(metric="auroc", value=0.9, **where):
    given = {"pillar": "safety", "split": "test", "n": 400, "low": 0.85, "high": 0.95} | where
    return Finding(metric=metric, value=value, **given)


def _pack_of(need: dict, outcome="note"):
    need = {"need": "one", "clause": "X:1", "asks": {"en": "A.", "zh": "甲。"}, "if_open": outcome} | need
    return _written(yaml.safe_dump({**yaml.safe_load(policy_bytes("default")), "policy": "mine", "needs": [need]}))


def test_every_pack_is_built_in():
    assert set(PACKS) < set(policy_names())


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_comes_whole_and_reads_the_same_without_what_it_extends(name):
    policy, default = load_policy(name), load_policy("default")
    again = parse_policy(policy.text.encode(), source="again")
    assert "extends" not in yaml.safe_load(policy.text)
    assert (again.sha256, again.rules, again.needs) == (policy.sha256, policy.rules, policy.needs)
    assert [rule.name for rule in policy.rules] == [rule.name for rule in default.rules]
    changed = set(yaml.safe_load(policy_bytes(name))["change"])
    differing = {mine.name for mine, other in zip(policy.rules, default.rules, strict=True) if mine != other}
    assert differing == changed, "a change that changes nothing, or a rule that changed by itself"


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_says_where_it_comes_from_and_never_passes_what_nobody_measured(name):
    policy = load_policy(name)
    assert policy.source and policy.signatures.roles
    assert judge([], policy).outcome == "review"
    for need in policy.needs:
        assert need.clause and need.asks.en.endswith(".") and need.asks.zh.endswith("。")
    assert any(not need.metrics for need in policy.needs) and any(need.metrics for need in policy.needs)
    for metric in itertools.chain.from_iterable(need.metrics for need in policy.needs):
        assert metric in METRICS


def test_change_and_leave_out_are_what_a_merge_by_hand_gives():
    whole = yaml.safe_load(policy_bytes("default"))
    mine = _extending("change: {safety.learnt: {on_failure: review}}\nleave_out: [safety.shortcut]\n")
    expected = [dict(rule) for rule in whole["rules"] if rule["rule"] != "safety.shortcut"]
    expected[0]["on_failure"] = "review"
    by_hand = _written(yaml.safe_dump({**whole, "policy": "mine", "title": {"en": "t", "zh": "题"}, "rules": expected}))
    assert mine.rules == by_hand.rules
    assert mine.signatures == load_policy("default").signatures
    assert mine.name == "mine"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "change: {safety.learned: {on_failure: note}}",
            r"change: 'safety.learned' is no rule of default \(did you mean",
        ),
        ("leave_out: [safety.shortcuts]", r"leave_out: 'safety.shortcuts' is no rule of default"),
        ("leave_out: safety.shortcut", r"leave_out: expected a list of rules"),
        ("change: [safety.learnt]", r"change: expected rules by name"),
        ("change: {safety.learnt: {on_fail: note}}", r"unknown key \(did you mean 'on_failure'\?\)"),
        (
            "needs: [{need: x1y, clause: C:1, asks: {en: a, zh: b}, metrics: aurocc}]",
            r"need 1.metrics: 'aurocc' is no metric",
        ),
        ("needs: [{need: x1y, clause: C:1, asks: {en: a, zh: b}, metric: auroc}]", r"need 1.metric: unknown key"),
        ("needs: [{need: x1y, clause: C:1, asks: {en: a, zh: b}, split: test}]", "a need without metrics"),
    ],
)
def test_faults_of_an_extension_are_named(more, said):
    with pytest.raises(PolicyError, match=said):
        _extending(more)


def test_only_a_built_in_policy_can_be_extended():
    with pytest.raises(PolicyError, match=r"extends: 'defalt' is not built in \(did you mean 'default'\?\)"):
        _written("policy: mine\ntitle: {en: t, zh: 题}\nextends: defalt\n")


@pytest.mark.parametrize(
    ("finding", "need", "state"),
    [
        (_finding(), {"metrics": ["auroc"]}, "measured"),
        (_finding(), {"metrics": ["auroc"], "split": ["external"]}, "open"),
        (_finding(split="external:Bern"), {"metrics": ["auroc"], "split": ["external"]}, "measured"),
        (_finding(enough=False), {"metrics": ["auroc"]}, "open"),
        (_finding(value=None, low=None, high=None), {"metrics": ["auroc"]}, "open"),
        (_finding(metric="brier"), {"metrics": ["auroc"]}, "open"),
        (_finding(), {}, "open"),
    ],
)
@pytest.mark.parametrize("outcome", ["note", "review"])
def test_a_need_is_answered_by_a_figure_that_tells(finding, need, state, outcome):
    (result,) = judge([finding], _pack_of(need, outcome)).needs
    assert result.state == state
    assert result.outcome == ("pass" if state == "measured" else outcome)
    assert result.findings == ((0,) if state == "measured" else ())


def test_a_document_answers_a_need_and_is_said_to_be_unchecked():
    verdict = judge([], _pack_of({}, "review"), documents={"one": "QMS-014, version 3"})
    assert (verdict.needs[0].state, verdict.needs[0].outcome) == ("stated", "pass")
    assert verdict.to_json()["needs"][0]["document"] == "QMS-014, version 3"


def test_an_open_need_that_asks_for_review_is_never_a_pass():
    rule = {"rule": "r", "where": {"metric": "auroc"}, "must_be": {"above": 0.5}, "because": {"en": "a", "zh": "b"}}
    need = {"need": "one", "clause": "X:1", "asks": {"en": "A.", "zh": "甲。"}}
    for outcome, expected in (("note", "pass"), ("review", "review")):
        content = {
            "policy": "p",
            "title": {"en": "t", "zh": "t"},
            "rules": [rule],
            "needs": [{**need, "if_open": outcome}],
        }
        assert judge([_finding()], _written(yaml.safe_dump(content))).outcome == expected


def test_a_document_for_no_need_is_an_error_with_the_nearest_name():
    policy = load_policy("who-lmm")
    check_documents(policy, {"autonomy": "x"})
    with pytest.raises(PolicyError, match=r"has no need 'autonmy' \(did you mean 'autonomy'\?\)"):
        check_documents(policy, {"autonmy": "x"})


def test_looks_count_different_studies_on_the_same_test_records():
    runs = [
        {"test": "a" * 64, "study_sha256": "1" * 64},
        {"test": "a" * 64, "study_sha256": "2" * 64},
        {"test": "a" * 64, "study_sha256": "2" * 64},
        {"test": "b" * 64, "study_sha256": "3" * 64},
        {"study_sha256": "4" * 64},
    ]
    for study, expected in (("1" * 64, 2.0), ("9" * 64, 3.0)):
        finding = looks_finding(runs, test="a" * 64, study=study, records=100)
        assert (finding.value, finding.level, finding.n) == (expected, None, 100)
