"""A run with clinical rules: what it saves and says, what new answers carry, and what a wrong file does."""

import json

import pyarrow.csv as pc
import pytest
import yaml

from primum.cli.main import main
from primum.errors import InputError, StudyError
from primum.study import Study
from primum.study.checking import check_study
from primum.study.predicting import predict_run
from primum.study.ruling import rules_of

QUICK = [
    "cohort.inputs.text=[]",
    "training.epochs=1",
    "assess.resamples=100",
    "assess.baselines=false",
    "assess.robustness=false",
    "assess.novelty=false",
    "assess.counterfactual=false",
    "assess.inputs_alone=false",
    "training.track=[]",
]
OWN = """
- id: high_cholesterol_called_healthy
  when: {all: [{field: chol, above: 240}, {answer: Healthy}]}
  then: contradiction
  severity: medium
  source: A house rule
  because: {en: Cholesterol is high & the answer is <Healthy>., zh: 胆固醇高而答案为健康。}
- id: at_rest
  when: {all: [{field: age, at_least: 60}, {field: cp, is: asymptomatic}]}
  then: escalate
  severity: high
  source: A house rule
  because: {en: Somebody must look., zh: 须由人查看。}
"""


def _study(folder, text=OWN, **overrides):
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    asked = [f"knowledge.rules=[general, {folder / 'own.yaml'}]", "knowledge.benign=[Healthy]"]
    return Study.load("heart", overrides=[*QUICK, *asked, *(f"{k}={v}" for k, v in overrides.items())])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ruled")
    return _study(folder).run(out=folder / "run")


def test_the_rules_are_saved_whole_and_the_study_can_be_run_again(run):
    saved = json.loads((run.path / "model" / "rules.json").read_text(encoding="utf-8"))
    assert len(saved["sha256"]) == 64
    assert {rule["id"] for rule in saved["rules"]} >= {"at_rest", "male_organ_of_a_woman"}
    resolved = yaml.safe_load((run.path / "study.yaml").read_text(encoding="utf-8"))
    assert resolved["knowledge"]["rules"] == ["general", str(run.path.parent / "own.yaml")]


def test_findings_equal_a_count_over_the_records(run):
    rows = {str(row["id"]): row for row in pc.read_csv(Study.load("heart").source).to_pylist()}
    answers = pc.read_csv(_predicted(run)).to_pylist()
    at_rest = {str(a["id"]) for a in answers if "at_rest" in a["rules"].split(";")}
    assert at_rest == {i for i, row in rows.items() if row["age"] and row["age"] >= 60 and row["cp"] == "asymptomatic"}
    assert all(
        a["escalate"] == bool({"at_rest", "pressure_very_low_or_high"} & set(a["rules"].split(";"))) for a in answers
    )
    for a in answers:
        wanted = (rows[str(a["id"])]["chol"] or 0) > 240 and a["predicted"] == "Healthy"
        assert ("high_cholesterol_called_healthy" in a["rules"].split(";")) == wanted
    metrics = {f.metric for f in run.findings}
    assert {"rule_speaks", "records_escalated", "answers_contradicted", "red_flags_benign"} <= metrics
    [verdict] = [r.outcome for r in run.verdict.rules if r.rule.name == "safety.answers_contradicted"]
    assert verdict == "review"


def _predicted(run):
    out = run.path.parent / "out.csv"
    told = predict_run(run.path, Study.load("heart").source, out)
    assert told.records == 920 and told.rules["at_rest"] >= told.escalated - 1 > 0
    return out


def test_the_program_counts_what_the_rules_say(run, capsys):
    out = run.path.parent / "again.csv"
    assert main(["predict", str(run.path), str(Study.load("heart").source), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["escalated"] > 0 and told["rules"]["at_rest"] > 0


def test_report_and_card_tell_of_the_rules(run):
    report = (run.path / "report.html").read_text(encoding="utf-8")
    assert "Rules at answer time" in report and "high_cholesterol_called_healthy" in report
    assert "&lt;Healthy&gt;" in report and "<Healthy>" not in report
    card = (run.path / "card.md").read_text(encoding="utf-8")
    assert "39 clinical rules (general, own.yaml; SHA-256 " in card


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (OWN.replace("field: chol", "field: cholesterol"), "'cholesterol' is no vital"),
        (OWN.replace("then: escalate", "then: shout"), "'shout' is not known"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_written(tmp_path, text, wanted):
    study = _study(tmp_path, text)
    with pytest.raises(InputError, match=wanted):
        study.run(out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match=wanted):
        check_study(study)


def test_a_benign_class_that_is_none_is_refused(tmp_path):
    with pytest.raises(
        StudyError, match="knowledge.benign: no class of the target is 'Helthy' .did you mean 'Healthy'"
    ):
        check_study(_study(tmp_path, **{"knowledge.benign": "[Helthy]"}))


def test_rules_can_be_switched_off(tmp_path):
    run = Study.load("heart", overrides=[*QUICK, "knowledge.rules=[]"]).run(out=tmp_path / "run")
    assert not (run.path / "model" / "rules.json").exists()
    assert not [f for f in run.findings if f.metric == "rule_speaks"]
    predict_run(run.path, Study.load("heart").source, tmp_path / "out.csv")
    assert not {"rules", "escalate"} & set(pc.read_csv(tmp_path / "out.csv").column_names)


def test_the_file_on_the_page_can_be_asked_of_heart(root, tmp_path):
    page = (root / "docs" / "how-to" / "rules.md").read_text(encoding="utf-8")
    study = _study(tmp_path, page.partition("```yaml\n")[2].partition("```")[0])
    asked = rules_of(study, study.read_cohort())
    assert {"angina_at_rest_called_healthy", "very_old"} <= {rule.id for rule in asked.rules}
