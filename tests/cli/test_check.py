"""`primum check`: the verdict on records alone, and nothing that only a model could answer."""

from __future__ import annotations

import json
import random

import pytest
import yaml

from primum.cli.main import main
from primum.ethics import load_policy
from primum.fairness import COHORT_METRICS
from primum.privacy import REIDENTIFICATION_METRICS
from primum.safety.records import RECORD_METRICS
from primum.study import Study

N = 200
OF_RECORDS = COHORT_METRICS | RECORD_METRICS | REIDENTIFICATION_METRICS


def _study(folder, *, missing_for="", policy="default", **cohort):
    rows = ["id,sex,age,chol,y"]
    outcomes = random.Random(3).choices(["ill", "well"], [2, 1], k=N)  # nothing in the records tells it
    for i in range(N):
        sex = "Female" if i % 4 == 0 else "Male"
        chol = "" if sex == missing_for else str(180 + i % 60)
        rows.append(f"{i},{sex},{40 + i % 30},{chol},{outcomes[i]}")
    (folder / "records.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    study = {
        "study": "check",
        "cohort": {
            "source": "records.csv",
            "id": "id",
            "inputs": {"vitals": ["age", "chol"]},
            "target": {"column": "y"},
            "sensitive": ["sex"],
            **cohort,
        },
        "policy": policy,
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return str(folder / "study.yaml")


def _check(capsys, *arguments):
    code = main(["check", *arguments, "--json", "--quiet"])
    return code, json.loads(capsys.readouterr().out)


def test_clean_records_pass_and_nothing_is_said_about_models(tmp_path, capsys):
    before = _study(tmp_path)
    code, answer = _check(capsys, before)
    assert (code, answer["verdict"], answer["out"]) == (0, "pass", None)
    assert {f["metric"] for f in answer["findings"]} <= OF_RECORDS
    asked = {rule["rule"] for rule in answer["rules"]}
    policy = load_policy("default")
    assert asked == {rule.name for rule in policy.rules if rule.where.metric in OF_RECORDS}
    assert len(asked) > 30
    assert {path.name for path in tmp_path.iterdir()} == {"records.csv", "study.yaml"}
    assert answer["cohort"]["records"] == N


def test_an_under_represented_group_is_for_review(tmp_path, capsys):
    study = _study(tmp_path, reference={"sex": {"Female": 0.5, "Male": 0.5}})
    code, answer = _check(capsys, study)
    rules = {rule["rule"]: rule for rule in answer["rules"]}
    assert (code, rules["fairness.representation"]["outcome"]) == (3, "review")
    [worst] = [f for f in answer["findings"] if f["metric"] == "representation_gap" and f["slice"] == {"sex": "Female"}]
    assert worst["value"] == pytest.approx(0.5)  # 50 of 200 are a quarter, half of what is stated
    assert "Female" in rules["fairness.representation"]["because"]


def test_a_population_that_is_met_passes(tmp_path, capsys):
    code, answer = _check(capsys, _study(tmp_path, reference={"sex": {"Female": 0.25, "Male": 0.75}}))
    rules = {rule["rule"]: rule["outcome"] for rule in answer["rules"]}
    assert (code, rules["fairness.representation"]) == (0, "pass")


def test_a_field_missing_for_a_whole_group_is_for_review_and_named(tmp_path, capsys):
    study = _study(tmp_path, missing_for="Female")
    assert main(["check", study, "--quiet"]) == 3
    told = capsys.readouterr().out
    assert "chol is missing in 100 % of sex = Female (n = 50), in 0 % of the others" in told
    assert "fairness.missing_for_a_group" in told
    assert main(["check", study, "--quiet", "--lang", "zh"]) == 3
    assert "chol：sex = Female（n = 50）缺失 100 %" in capsys.readouterr().out


def test_heart_says_that_switzerland_has_no_cholesterol(capsys):
    code, answer = _check(capsys, "heart")
    [rule] = [rule for rule in answer["rules"] if rule["rule"] == "fairness.missing_for_a_group"]
    assert code == 3 and "chol" in rule["because"] and "Switzerland" in rule["because"]


def test_a_policy_without_rules_on_records_lets_them_pass(tmp_path, capsys):
    rule = {
        "rule": "safety.only",
        "where": {"metric": "auroc"},
        "must_be": {"above": 0.5},
        "because": {"en": "It must.", "zh": "必须。"},
    }
    content = {"policy": "models", "title": {"en": "Models", "zh": "模型"}, "rules": [rule]}
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    code, answer = _check(capsys, _study(tmp_path, policy="ours.yaml", missing_for="Female"))
    assert (code, answer["verdict"], answer["rules"], answer["policy"]) == (0, "pass", [], "models")
    assert answer["findings"]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ({"sexx": {"Female": 0.5}}, "did you mean 'sex'"),
        ({"sex": {"Female": 0.6, "Male": 0.6}}, "sum to more than 1"),
        ({"sex": {"Female": 50}}, "reference.sex.Female"),
        ({"sex": {"female": 0.5}}, "spell it 'Female'"),
    ],
)
def test_a_reference_that_cannot_be_is_one_sentence(tmp_path, capsys, reference, told):
    code, answer = _check(capsys, _study(tmp_path, reference=reference))
    assert code == 2 and told in answer["error"]


def test_a_run_refuses_a_wrong_reference_before_it_writes(tmp_path):
    study = Study.load(_study(tmp_path, reference={"sex": {"female": 0.5}}))
    with pytest.raises(Exception, match="spell it"):
        study.run(out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
