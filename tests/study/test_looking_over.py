"""A run looks at its model as a whole, for places of errors, and for causes by a stated graph; the report says so."""

from __future__ import annotations

import json
import re
import sys
from html import unescape

import pytest

from primum.errors import ExtraMissingError
from primum.study import Study
from primum.study.report import render_report
from tests.study.report import fabricate

STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  inputs: {vitals: [age, rate, ward, sex]}
  target: {column: dx}
  sensitive: [sex]
  split: {by: patient, train: 0.4, validation: 0.1, calibration: 0.1, test: 0.4, seed: 7}
training: {epochs: 6, track: [], optimizer: {head_lr: 0.01}}
knowledge: {rules: []}
assess:
  {baselines: false, inputs_alone: false, counterfactual: false, novelty: false, privacy: false, robustness: false,
   adversarial: false, explanations: false, resamples: 100}
"""
GRAPH = {"age": ["rate", "dx"], "sex": ["rate"], "luck": ["dx", "ward"], "ward": ["dx"], "rate": ["dx"]}


def _study(folder, **assess):
    rows = ["id,age,rate,ward,sex,dx"]
    for i in range(400):
        age, rate = 30 + (i * 7) % 50, 60 + (i * 13) % 60
        sick = (rate + age / 2 + (i * 31) % 40) > 135
        rows.append(f"r{i},{age},{rate},{'ABC'[i % 3] if i > 3 else 'hidden'},{('F', 'M')[i * 5 % 7 > 3]},"
                    f"{('well', 'ill')[sick]}")  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    overrides = [f"assess.{key}={json.dumps(value)}" for key, value in assess.items()]
    return Study.load(folder / "study.yaml", overrides=overrides)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looked")
    causal = {"graph": GRAPH, "unmeasured": ["luck"], "treatment": "rate", "modifiable": ["ward"]}
    return _study(folder, causal=causal).run(out=folder / "run")


def _page(run, lang="en"):
    page = render_report(run, lang=lang).read_text(encoding="utf-8")
    return page, re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_everything_is_measured_in_steps_of_its_own(run):
    metrics = {f.metric for f in run.findings if f.pillar == "transparency"}
    assert {
        "permutation_importance", "accumulated_local_effect", "partial_dependence", "vital_interaction", "error_places",
        "causal_effect", "causal_refutation", "causal_tests_failed", "answer_total_effect", "answer_direct_effect",
        "answer_indirect_effect",
    } <= metrics  # fmt: skip
    seconds = json.loads((run.path / "environment.json").read_text())["seconds"]
    assert {"overall", "errors", "causal"} <= set(seconds)
    important = {f.versus["part"]: f for f in run.findings if f.metric == "permutation_importance"}
    assert important["vital rate"].low > 0
    assert "hidden" not in (run.path / "findings.jsonl").read_text(encoding="utf-8")


def test_causes_are_told_where_the_graph_lets_them(run):
    effects = {f.versus["cause"]: f for f in run.findings if f.metric == "causal_effect"}
    assert effects["rate"].detail["adjusted_for"] == ["age"]
    assert effects["rate"].class_ == "well" and effects["rate"].high < 0  # the faster, the less often well
    assert effects["ward"].value is None and effects["ward"].detail["common_causes"] == ["luck"]


def test_the_policy_judges_and_the_card_and_papers_are_written(run):
    outcomes = {r.rule.name: r.outcome for r in run.verdict.rules}
    assert {"transparency.errors_gather", "transparency.causal_claims"} <= set(outcomes)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_shows_pictures_with_tables_beside_them(run, lang):
    page, words = _page(run.path, lang)
    for section in ("overall", "error_places", "causes"):
        assert f'id="{section}"' in page
    section = page[page.index('id="overall"') : page.index('id="error_places"')]
    assert section.count('<svg class="chart"') == section.count("<details>") >= 2
    assert "hidden<" not in page.replace('class="hidden"', "")
    assert "luck" in words and "rate" in words
    graph_missing = {"en": "No causal graph is stated", "zh": "研究中未给出因果图"}[lang]
    assert graph_missing not in words


def test_without_a_graph_the_report_says_that_reasons_are_no_causes(run, tmp_path):
    folder = fabricate.binary_run(tmp_path)
    _, before = _page(folder)
    assert "No causal graph is stated" not in before and "Causes: no model was asked" in before
    with (folder / "findings.jsonl").open("a", encoding="utf-8") as stream:
        for finding in run.findings:
            if finding.metric == "permutation_importance":
                stream.write(json.dumps(finding.to_json()) + "\n")
    _, after = _page(folder)
    assert "No causal graph is stated" in after and "they are not causes" in after


def test_places_that_were_found_are_told_in_words(tmp_path):
    folder = fabricate.binary_run(tmp_path)
    common = {
        "pillar": "transparency", "level": 0.95, "versus": {}, "class": None, "split": "test", "enough": True,
        "method": "", "reference": "",
    }  # fmt: skip
    count = {**common, "metric": "error_places", "value": 1.0, "low": None, "high": None, "n": 90, "slice": {},
             "level": None, "detail": {"leaves": 4, "errors": True}}  # fmt: skip
    place = {**common, "metric": "error_excess", "value": 0.3, "low": 0.05, "high": 0.5, "n": 25,
             "slice": {"age": "> 60 & ≤ 75", "sex": "= Female", "text": "= unknown", "chol": "≠ unknown"},
             "detail": {"error": 0.4, "rest": 0.1}}  # fmt: skip
    with (folder / "findings.jsonl").open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(one) + "\n" for one in (count, place))
    _, words = _page(folder)
    assert "age > 60 and age ≤ 75 and sex is Female and text not recorded and chol recorded" in words
    assert "40 % there against 10 % elsewhere (25 patients; difference at least 5.0 %)" in words


def test_all_of_it_can_be_switched_off_and_a_graph_names_its_extra(tmp_path, monkeypatch):
    study = _study(tmp_path / "off", overall=False, error_places=False)
    run = study.run(out=tmp_path / "run")
    mine = ("permutation", "accumulated", "partial", "vital_inter", "input_inter", "error_", "causal_", "answer_")
    assert not [f for f in run.findings if f.pillar == "transparency" and f.metric.startswith(mine)]
    assert 'id="overall"' not in (run.path / "report.html").read_text(encoding="utf-8")
    asked = _study(tmp_path / "asked", causal={"graph": {"age": ["dx"]}, "treatment": "age"})
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ExtraMissingError, match=r'pip install "primum\[causal\]"'):
        asked.run(out=tmp_path / "never")
    assert not (tmp_path / "never").exists()
