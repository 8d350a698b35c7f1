"""Policies, the gate and the cards."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from primum.errors import PolicyError
from primum.ethics import judge, load_policy, parse_policy, write_cards
from primum.evidence import METRICS, Finding, read_findings, write_findings
from tests.study.report import fabricate

POLICY = """
policy: tried
title: {{en: t, zh: t}}
rules:
  - rule: one
    where: {{metric: auroc}}
    must_be: {{above: 0.5}}
    strength: {strength}
    on_failure: {on_failure}
    if_missing: {missing}
    because: {{en: Why., zh: 理由。}}
"""


def _policy(strength="proven", on_failure="block", missing="review"):
    text = POLICY.format(strength=strength, on_failure=on_failure, missing=missing)
    return parse_policy(text.encode(), source="tried")


def _auroc(value, low, high, *, enough=True, **where):
    given = {"pillar": "safety", "metric": "auroc", "split": "test", "n": 40} | where
    return Finding(value=value, low=low, high=high, enough=enough, **given)


@pytest.mark.parametrize(
    ("finding", "strength", "on_failure", "outcome"),
    [
        (_auroc(0.8, 0.7, 0.9), "proven", "block", "pass"),
        (_auroc(0.4, 0.3, 0.5), "proven", "block", "block"),
        (_auroc(0.4, 0.3, 0.5), "proven", "review", "review"),
        (_auroc(0.4, 0.3, 0.5), "proven", "note", "note"),
        (_auroc(0.6, 0.4, 0.8), "proven", "block", "review"),
        (_auroc(0.6, 0.4, 0.8), "likely", "block", "pass"),
        (_auroc(0.45, 0.3, 0.6), "likely", "block", "review"),
        (_auroc(0.8, 0.5, 0.9), "proven", "block", "review"),
        (_auroc(0.9, 0.8, 1.0, enough=False), "likely", "block", "review"),
        (_auroc(None, None, None), "likely", "block", "review"),
        (_auroc(0.9, None, None), "likely", "block", "review"),
    ],
)
def test_a_rule_weighs_the_interval(finding, strength, on_failure, outcome):
    verdict = judge([finding], _policy(strength, on_failure))
    assert verdict.rules[0].outcome == outcome
    assert verdict.outcome == ("pass" if outcome == "note" else outcome)


@pytest.mark.parametrize("missing", ["review", "pass", "note"])
def test_a_missing_finding_gives_what_the_rule_says(missing):
    others = [_auroc(0.9, 0.8, 1, split="external"), _auroc(0.9, 0.8, 1, slice={"site": "A"})]
    verdict = judge(others, _policy(missing=missing))
    assert verdict.rules[0].outcome == missing and verdict.rules[0].findings == ()


def test_nothing_measured_never_passes_the_default_policy():
    assert judge([], "default").outcome == "review"


def test_the_reason_carries_figures_in_both_languages():
    value = judge([_auroc(0.8125, 0.7, 0.9)], _policy()).to_json("zh")
    assert set(value) == {"verdict", "policy", "policy_sha256", "rules", "needs"} and len(value["policy_sha256"]) == 64
    for figure in ("0.812", "0.700", "0.900", "n = 40"):
        assert figure in value["rules"][0]["sentences"]["en"] and figure in value["rules"][0]["because"]


def test_all_faults_of_a_policy_come_at_once():
    text = POLICY.format(strength="provn", on_failure="block", missing="review").replace("auroc", "aurok")
    text += "    on_failur: block\n" + text[text.index("  - rule: one") :]
    with pytest.raises(PolicyError, match="strength.*on_failur: unknown key.*'on_failure'.*twice.*'auroc'"):
        parse_policy(text.encode(), source="tried")


def test_an_unknown_policy_names_the_nearest():
    with pytest.raises(PolicyError, match="did you mean 'default'"):
        load_policy("defalt")


def test_the_default_policy_speaks_of_known_metrics_in_both_languages():
    rules = load_policy("default").rules
    assert len(rules) >= 12
    assert all(rule.where.metric in METRICS and rule.because.en and rule.because.zh for rule in rules)


def test_cards_say_what_was_measured_and_what_was_not(tmp_path: Path, shared_data: Path):
    findings = [_auroc(0.8125, 0.7, 0.9)]
    write_findings(tmp_path / "findings.jsonl", findings)
    verdict = judge(findings, _policy()).to_json()
    (tmp_path / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    (tmp_path / "study.yaml").write_text("study: heart\nquestion: Is <it> so?\n", encoding="utf-8")
    markdown, as_json, xml = write_cards(tmp_path)
    text = markdown.read_text(encoding="utf-8")
    assert "AUROC: 0.812 (95 % interval 0.700 to 0.900, n = 40)" in text
    assert "## Performance, external split\n\nnot measured" in text
    assert "Is \\<it\\> so?" in text
    assert json.loads(as_json.read_text(encoding="utf-8"))["performance"]["external"] == "not measured"
    _chai_schema(shared_data).assertValid(etree.parse(str(xml)))


@pytest.mark.parametrize(
    "make", [fabricate.binary_run, fabricate.number_run, fabricate.labels_run, fabricate.audit_run]
)
def test_the_xml_of_every_kind_of_run_is_valid_after_chais_schema(make, tmp_path: Path, shared_data: Path):
    _chai_schema(shared_data).assertValid(etree.parse(str(write_cards(make(tmp_path), lang="zh")[2])))


def _figures(markdown: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", re.sub(r"F1|Brier", "", markdown).replace("zh: ", ""))


def test_the_card_says_the_same_figures_in_chinese_and_no_english_of_ours(tmp_path: Path):
    run = fabricate.binary_run(tmp_path)
    english, chinese = (write_cards(run, lang=lang)[0].read_text(encoding="utf-8") for lang in ("en", "zh"))
    assert len(_figures(english)) > 80
    ours = [text.partition("## What the verdict")[0].partition("## 结论的依据")[0] for text in (english, chinese)]
    assert sorted(_figures(ours[0])) == sorted(_figures(ours[1]))
    assert "结论：复核" in chinese and "未声明" in chinese and "未测量" in chinese
    for word in ("interval", "not measured", "not stated", "Likelihood", "split", "too few", "Performance"):
        assert word not in chinese
    assert json.loads((run / "card.json").read_text(encoding="utf-8"))["trust"] == "not measured"


@pytest.mark.parametrize("make", [fabricate.binary_run, fabricate.number_run, fabricate.labels_run])
def test_the_models_folder_gets_a_readme_that_the_hub_understands(make, tmp_path: Path):
    from huggingface_hub import ModelCard

    run = make(tmp_path)
    (run / "model").mkdir()
    write_cards(run)
    card = ModelCard.load(run / "model" / "README.md")
    assert card.text.strip() == (run / "card.md").read_text(encoding="utf-8").strip()
    assert card.data.library_name == "primum" and card.data.license is None
    findings = read_findings(run / "findings.jsonl")
    results = card.data.eval_results
    assert {one.dataset_split for one in results} >= {"test"} and len(results) >= 3
    for one in results:
        finding = findings[one.metric_args["finding"]]
        assert (finding.value, finding.low, finding.n) == (
            one.metric_value,
            one.metric_args["low"],
            one.metric_args["n"],
        )
        assert finding.split == one.dataset_split and not finding.slice and finding.class_ is None
        assert one.metric_name == METRICS.get(finding.metric).title["en"]


def test_a_run_without_a_model_gets_no_readme_and_a_model_without_figures_no_index(tmp_path: Path):
    run = fabricate.audit_run(tmp_path)
    write_cards(run)
    assert not (run / "model").exists()
    (run / "model").mkdir()
    (run / "findings.jsonl").write_text("", encoding="utf-8")
    write_cards(run)
    assert "model-index" not in (run / "model" / "README.md").read_text(encoding="utf-8")


def _chai_schema(shared_data: Path) -> etree.XMLSchema:
    """The published schema without its optional signature, whose own schema is on the network."""
    tree = etree.parse(str(shared_data / "chai_model_card" / "schema.xsd"))
    xs = "{http://www.w3.org/2001/XMLSchema}"
    for element in [*tree.iter(f"{xs}import"), *(e for e in tree.iter(f"{xs}element") if e.get("ref"))]:
        element.getparent().remove(element)
    return etree.XMLSchema(tree)
