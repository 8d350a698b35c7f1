"""External sets in study.yaml: one plain, several by name, files of their own; each fault in one sentence."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from primum.cli.main import main
from primum.errors import CohortError, StudyError
from primum.ethics import judge
from primum.evidence import Finding
from primum.study import Study
from primum.study.resolving import resolved_study


def _heart(*overrides):
    return Study.load("heart", overrides=overrides)


@pytest.fixture(scope="module")
def divided(tmp_path_factory):
    """The heart records in two files: one hospital, and the others."""
    folder = tmp_path_factory.mktemp("divided")
    with Study.load("heart").source.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    site = Study.load("heart").spec.cohort.site
    for name, wanted in (("va", True), ("rest", False)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row for row in rows if (row[site] == "VA Long Beach") is wanted)
    return folder


def test_the_plain_form_is_as_it_was_and_several_have_names():
    plain = _heart()
    assert {*plain.split(plain.read_cohort())} >= {"external", "test"}
    named = _heart("cohort.split.external={va: {site: VA Long Beach}, zurich: {site: [Switzerland]}}")
    split = named.split(named.read_cohort())
    assert {name for name in split if name.startswith("external")} == {"external:va", "external:zurich"}


def test_a_file_of_its_own_is_a_set_and_its_place_is_written_out(divided):
    study = _heart(f"cohort.source={divided / 'rest.csv'}", f"cohort.external={{va: {{source: {divided / 'va.csv'}}}}}")
    study_as_one = _heart("cohort.split.external={va: {site: VA Long Beach}}")
    with pytest.raises(CohortError, match="no record is from|VA Long Beach"):
        study.split(study.read_cohort())  # the built-in study holds that hospital out of the main file too
    study = _heart(
        f"cohort.source={divided / 'rest.csv'}",
        f"cohort.external={{va: {{source: {divided / 'va.csv'}}}}}",
        "cohort.split.external={zurich: {site: Switzerland}}",
    )
    split, whole = study.split(study.read_cohort()), study_as_one.split(study_as_one.read_cohort())
    assert (split == "external:va").sum() == (whole == "external:va").sum() == 200
    assert resolved_study(study)["cohort"]["external"]["va"]["source"] == str(divided / "va.csv")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("cohort.split.external={sites: [X]}", r"cohort.split.external.sites is not a known key \(did you mean 'site'"),
        ("cohort.split.external={va: {sites: [X]}}", r"cohort.split.external.va.sites is not a known key"),
        ("cohort.split.external={va: {}}", r"cohort.split.external.va: name the sites or the window"),
        ("cohort.split.external={'a:b': {site: [X]}}", r"a:b: an external set's name must be letters"),
        ("cohort.external={va: {file: x.csv}}", r"cohort.external.va.source is required"),
    ],
)
def test_faults_name_their_place(override, message):
    with pytest.raises(StudyError, match=message) as caught:
        _heart(override)
    assert "<" not in str(caught.value) and "[key]" not in str(caught.value)


def test_one_name_twice_is_refused_within_a_mapping_and_across(tmp_path):
    with pytest.raises(StudyError, match="'va' is the name of two external sets"):
        _heart("cohort.external={va: {source: x.csv}}", "cohort.split.external={va: {site: [Switzerland]}}")
    path = tmp_path / "study.yaml"
    path.write_text("study: a\ncohort:\n  split:\n    external:\n      va: {site: [A]}\n      va: {site: [B]}\n")
    with pytest.raises(StudyError, match="line 6, column 7: not valid YAML .the key 'va' stands there twice"):
        Study.load(path)


def test_overlap_ends_in_one_sentence_and_code_2(capsys):
    overlapping = "cohort.split.external={a: {site: [Switzerland]}, b: {site: [Hungary, Switzerland]}}"
    assert main(["check", "heart", "--set", overlapping]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("primum: split: 123 records stand in two external sets, as in 'a' and 'b'")


def test_a_rule_that_speaks_of_external_covers_every_set_and_says_which():
    def auroc(split, value):
        return Finding(
            pillar="safety", metric="auroc", value=value, low=value - 0.05, high=value + 0.05, n=200, split=split
        )

    found = [auroc("test", 0.85), auroc("external:north", 0.8), auroc("external:south", 0.5)]
    [rule] = [r for r in judge(found, "default").rules if r.rule.name == "safety.external_discrimination"]
    assert rule.outcome == "review" and rule.findings == (1, 2)
    assert "on the external set south" in rule.because["en"] and "外部集 south 上" in rule.because["zh"]


def test_an_audit_of_a_table_with_named_sets(tmp_path, rng):
    n = 600
    truth = rng.integers(0, 2, n)
    score = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(0, 1, n))))
    split = np.array(["test", "external:north", "external:south", "external:west"])[np.arange(n) % 4]
    table = tmp_path / "predictions.csv"
    lines = [
        f"{i},{s},{'ill' if t else 'well'},{p:.4f}" for i, (s, t, p) in enumerate(zip(split, truth, score, strict=True))
    ]
    table.write_text("\n".join(["id,split,target,p:ill", *lines]) + "\n")
    (tmp_path / "spec.yaml").write_text("study: audit\ncohort:\n  target: {column: target}\n")
    spec, out = str(tmp_path / "spec.yaml"), str(tmp_path / "out")
    assert main(["assess", str(table), "--spec", spec, "--out", out, "--quiet"]) in (0, 3)
    findings = [json.loads(line) for line in (tmp_path / "out" / "findings.jsonl").read_text().splitlines()]
    names = {"external:north", "external:south", "external:west"}
    for metric in ("auroc", "calibration_intercept", "auroc_transport"):
        assert {f["split"] for f in findings if f["metric"] == metric} - {"test"} == names
    [new] = [f for f in findings if f["metric"] == "auroc_new_place"]
    assert new["split"] == "external" and new["detail"]["places"] == 3 and not new["enough"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert 'id="sets"' in page and page.count("External set north") > 5
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert set(card["performance"]) == {"test", *names}
    assert "AUROC, south" in (tmp_path / "out" / "card.xml").read_text()
