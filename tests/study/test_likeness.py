"""Counterfactuals and similar patients in a run: found, valid, judged, reported, explained; off where private."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from primum.cli.main import main
from primum.errors import StudyError
from primum.progress import Silent
from primum.study import Study
from primum.study.clock import Clock
from primum.study.erasing import erase
from primum.study.explaining import explain_run
from primum.study.likeness import directions_of, similar_of
from primum.transparency.similar import Groups

STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  patient: who
  inputs:
    vitals:
      - {column: rate, type: number, unit: 1/min, range: [40, 160]}
      - {column: dose, type: number, changes: up}
      - age
      - {column: ward, changes: never}
      - sex
      - arm
  target: {column: dx}
  sensitive: [sex]
training: {epochs: 20, track: [], optimizer: {head_lr: 0.01}}
knowledge: {rules: []}
model: {ensemble: null}
assess: {baselines: false, inputs_alone: false, counterfactual: false, novelty: false, privacy: false,
  robustness: false, adversarial: false, explanations: false, resamples: 100, counterfactuals: {records: 40}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("likeness")
    generator = np.random.default_rng(4)
    lines = ["id,who,rate,dose,age,ward,sex,arm,dx"]
    for i in range(400):
        rate, dose, age = int(generator.normal(80, 15)), round(float(generator.gamma(2, 1)), 1), 30 + i % 50
        ill = rate + 4 * dose + generator.normal(0, 6) > 88
        cells = (f"r{i}", f"w{i}", rate, dose, age, "AB"[i % 2], "FM"[i % 3 == 0], "xy"[i % 5 == 0])
        lines.append(",".join(map(str, (*cells, "ill" if ill else "well"))))
    (place / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    (place / "study.yaml").write_text(STUDY, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def run(folder):
    return Study.load(folder / "study.yaml").run(out=folder / "run")


def _found(run):
    return {(f.metric, *f.versus.values()): f for f in run.findings if f.pillar == "transparency"}


def test_age_sex_and_what_the_study_fixes_never_change(folder):
    study = Study.load(folder / "study.yaml")
    assert directions_of(study.spec, study.read_cohort().records.vitals) == {
        "rate": "any", "dose": "up", "age": "never", "ward": "never", "sex": "never", "arm": "any",
    }  # fmt: skip


def test_a_run_finds_changes_that_hold_and_keeps_its_promises(run):
    found = _found(run)
    assert found["counterfactual_coverage", "vitals"].value >= 0.8
    assert found["counterfactual_validity", "vitals"].value >= 0.95
    breaches = found["counterfactual_breaches", "vitals"]
    assert breaches.value == 0 and breaches.detail["fixed"] == ["age", "ward", "sex"]
    assert {name for metric, *name in found if metric == "counterfactual_names_vital" for name in name} <= {
        "rate", "dose", "arm",
    }  # fmt: skip
    assert found[("similar_smallest_group",)].value >= 10
    rules = {rule.rule.name: rule for rule in run.verdict.rules}
    for name in ("counterfactuals_valid", "counterfactuals_keep_bounds", "similar_smallest_group"):
        assert rules[f"transparency.{name}"].outcome == "pass"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_tells_of_both(run, tmp_path, lang):
    from primum.study.report import render_report

    page = render_report(run.path, lang=lang, out=tmp_path / "r.html").read_text(encoding="utf-8")
    assert 'id="counterfactuals"' in page and 'id="similar"' in page
    assert ("no advice to change anything" if lang == "en" else "不构成任何改变的建议") in page


def test_groups_hold_every_training_patient_and_no_small_group(run):
    groups = Groups.load(run.path / "model")
    summary = json.loads((run.path / "cohort.json").read_text(encoding="utf-8"))
    assert groups.patients.min() >= 10
    assert groups.patients.sum() == summary["splits"]["train"]["patients"]


def test_explain_tells_what_turns_an_answer_and_of_similar_patients(run, folder, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("id,rate,dose,age,ward,sex,arm\nq1,82,2.1,61,A,F,x\nq2,79,1.0,45,B,M,y\n", encoding="utf-8")
    explain_run(run.path, new, tmp_path / "o.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    for one in lines:
        otherwise = one["counterfactuals"]
        assert otherwise["note"] == [] and 1 <= len(otherwise["vitals"]) <= 3
        for change in otherwise["vitals"]:
            assert change["decided"] != otherwise["decided"] and 0 <= change["answer"] <= 1
            assert all(part["vital"] in ("rate", "dose", "arm") for part in change["changes"])
        assert one["similar"]["patients"] >= 25
        assert sum(outcome["value"] for outcome in one["similar"]["outcomes"]) == pytest.approx(1, abs=1e-6)
    for lang, words in (
        ("en", ("recorded as", "similar patients in training")),
        ("zh", ("记录为", "训练中相似患者的结局")),
    ):
        explain_run(run.path, new, tmp_path / f"{lang}.html", lang=lang)
        page = (tmp_path / f"{lang}.html").read_text(encoding="utf-8")
        assert all(word in page for word in words)
        assert "r17" not in page and "w17" not in page
    code = main(["explain", str(run.path), str(new), "--out", str(tmp_path / "p.jsonl"), "--no-counterfactuals",
                 "--no-similar", "--quiet"])  # fmt: skip
    assert code == 0
    plain = json.loads((tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert "counterfactuals" not in plain and "similar" not in plain


def test_without_limits_and_groups_explain_says_so(run, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run.path, copy)
    for name in ("counterfactual.json", "similar.json"):
        (copy / "model" / name).unlink()
    new = tmp_path / "new.csv"
    new.write_text("id,rate,dose,age,ward,sex,arm\nq1,82,2.1,61,A,F,x\n", encoding="utf-8")
    explain_run(copy, new, tmp_path / "o.html")
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "saved without groups of similar patients" in page and "saved without the limits" in page


def test_after_an_erasure_the_model_must_be_rebuilt_and_its_groups_lack_the_patient(run, folder, tmp_path):
    place = tmp_path / "study"
    place.mkdir()
    for name in ("records.csv", "study.yaml"):
        shutil.copy(folder / name, place / name)
    study = Study.load(place / "study.yaml")
    before = study.read_cohort()
    gone = str(before.patients[np.flatnonzero(study.split(before) == "train")[0]])
    shutil.copytree(run.path, place / "run")
    [touched] = erase(gone, study=study, folders=[place / "run"]).places
    assert touched.learnt and "model" in touched.rebuild
    after = study.read_cohort()
    split = study.split(after)
    (place / "model").mkdir()
    inside = SimpleNamespace(features=np.random.default_rng(1).normal(size=(len(after), 4)))
    similar_of(study, after, split, inside, folder=place, clock=Clock(Silent()))
    assert gone not in after.patients.tolist()
    assert (
        Groups.load(place / "model").patients.sum() == (split == "train").sum() == len(after) - (split != "train").sum()
    )


@pytest.mark.parametrize(("more", "kept"), [((), False), (("assess.similar=true",), True)])
def test_private_training_keeps_no_groups_unless_asked(folder, tmp_path, more, kept):
    study = Study.load(folder / "study.yaml", overrides=["training.privacy.epsilon=8", *more])
    cohort = study.read_cohort()
    (tmp_path / "model").mkdir()
    inside = SimpleNamespace(features=np.random.default_rng(1).normal(size=(len(cohort), 4)))
    found = similar_of(study, cohort, study.split(cohort), inside, folder=tmp_path, clock=Clock(Silent()))
    assert bool(found) is kept and (tmp_path / "model" / "similar.json").is_file() is kept


def test_a_direction_that_does_not_fit_is_refused_before_anything_runs(folder):
    with pytest.raises(StudyError, match="up is for numbers"):
        Study.load(folder / "study.yaml", overrides=["cohort.inputs.vitals=[{column: ward, changes: up}]"])
