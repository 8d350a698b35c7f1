"""Privacy in runs, checks and audits: what is measured arrives in verdict, report and card, and no small cell does."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from primum.evidence import read_findings, write_predictions
from primum.privacy import REIDENTIFICATION_METRICS
from primum.study import Study
from primum.study.assess import assess_file
from primum.study.checking import check_study
from primum.study.leaking import shadow_features
from tests.privacy.making import make

SPEC = {"study": "audit", "cohort": {"target": {"column": "target"}, "sensitive": ["sex"]}}


def _audit(table, folder, lang="en"):
    write_predictions(folder / "predictions.parquet", table)
    spec = {**SPEC, "cohort": {**SPEC["cohort"], **({} if table.site is None else {"site": "site"})}}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return assess_file(folder / "predictions.parquet", folder / "spec.yaml", out=folder / "out", lang=lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_audit_with_rows_of_train_tells_who_was_trained_on(tmp_path, lang):
    run = _audit(make(400, remembers=9.0, seed=2), tmp_path, lang)
    outcomes = {one.rule.name: one.outcome for one in run.verdict.rules}
    assert outcomes["privacy.membership_certain"] == "block"
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert {"en": "By the loss", "zh": "按损失"}[lang] in page
    assert re.search(r'<section id="privacy".*?<svg class="chart".*?0\.001.*?</svg>', page, re.S)
    card = json.loads((run.path / "card.json").read_text(encoding="utf-8"))
    assert card["privacy"][0].startswith("Membership inference, strongest attack (loss threshold): area 1 (")
    assert {"en": "## Privacy", "zh": "## 隐私"}[lang] in (run.path / "card.md").read_text(encoding="utf-8")


def test_an_audit_without_rows_of_train_says_that_it_was_not_measured(tmp_path):
    run = _audit(make(200).of_split("test"), tmp_path)
    outcomes = {one.rule.name: one.outcome for one in run.verdict.rules}
    assert outcomes["privacy.membership"] == "note"
    assert json.loads((run.path / "card.json").read_text(encoding="utf-8"))["privacy"] == "not measured"


def test_a_group_of_three_has_no_figure_in_any_file(tmp_path):
    table = make(300, seed=4)
    sex = table.groups["sex"].copy()
    sex[np.flatnonzero(table.split == "test")[:3]] = "Qzxrare"
    site = np.where(np.arange(300) % 2 == 0, "North", "South").astype(object)
    site[np.flatnonzero(table.split == "test")[7:10]] = "Qzxplace"
    run = _audit(replace(table, groups={"sex": sex}, site=site), tmp_path)
    rare = [f for f in read_findings(run.path / "findings.jsonl") if {"Qzxrare", "Qzxplace"} & set(f.slice.values())]
    assert len(rare) > 20
    for finding in rare:
        assert finding.value is None or finding.n == 0, finding.metric
        assert finding.n in (0, 4), finding.metric
    for name in ("report.html", "card.md", "verdict.json"):
        said = (run.path / name).read_text(encoding="utf-8")
        assert not re.search(r"Qzx(rare|place)[^.<]{0,80} (is|of) [0-9.]+ \(", said), name


def _study(folder, towns):
    rng = np.random.default_rng(0)
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["x", "kind", "town", "sex", "y"])
        for i, town in enumerate(towns):
            row = [rng.integers(90), rng.choice(["p", "q"]), town, rng.choice(["F", "M"]), "ab"[i % 2]]
            writer.writerow(row)
    study = {
        "study": "small",
        "cohort": {
            "source": "records.csv",
            "inputs": {"vitals": ["x", {"column": "kind", "type": "category"}]},
            "target": {"column": "y"},
            "sensitive": ["sex"],
            "site": "town",
        },
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder / "study.yaml"


def test_a_check_counts_look_alikes_by_what_the_study_states(tmp_path):
    path = _study(tmp_path, ["t1", "t2"] * 100)
    check = check_study(Study.load(path))
    assert {f.metric for f in check.findings} >= REIDENTIFICATION_METRICS - {"journalist_risk", "population_uniqueness"}
    assert {one.rule.name for one in check.verdict.rules} >= {"privacy.reidentification", "privacy.small_classes"}
    stated = ["cohort.quasi_identifiers=[x]", "cohort.population=100000"]
    check = check_study(Study.load(path, overrides=stated))
    [k] = [f for f in check.findings if f.metric == "k_anonymity"]
    assert k.detail["quasi_identifiers"] == ["x"]
    assert REIDENTIFICATION_METRICS <= {f.metric for f in check.findings}


def test_cohort_json_hides_classes_of_few_and_pools_names_of_few(tmp_path):
    towns = ["big"] * 180 + ["middle"] * 7 + ["tiny"] * 3
    check = check_study(Study.load(_study(tmp_path, towns)))
    summary = check.summary()
    assert set(summary["sites"]) == {"big", "middle", "other"}
    assert summary["sites"]["middle"]["classes"] == {"a": None, "b": None}
    assert all(count is None or count >= 5 for count in summary["sites"]["other"]["classes"].values())
    assert "tiny" not in json.dumps(summary)


def test_shadow_features_are_numbers_whatever_is_missing(tmp_path):
    cohort = Study.load(_study(tmp_path, ["t"] * 60)).read_cohort()
    vitals = dict(cohort.records.vitals)
    values = vitals["x"].values.copy()
    values[:5] = np.nan
    kinds = vitals["kind"].values.copy()
    kinds[3] = None
    vitals = {"x": replace(vitals["x"], values=values), "kind": replace(vitals["kind"], values=kinds)}
    cohort = replace(cohort, records=replace(cohort.records, vitals=vitals))
    features = shadow_features(cohort, np.ones((60, 2)))
    assert features.shape == (60, 2 + 2 + 3)
    assert np.isfinite(features).all()
    assert features[:5, 3].tolist() == [1.0] * 5
