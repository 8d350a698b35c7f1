"""Explaining records with a finished run: what is written, what is withheld, and that the run says how many hold."""

from __future__ import annotations

import json

import pytest

from primum.cli.main import main
from primum.errors import InputError
from primum.study import Study
from primum.study.explaining import explain_run
from primum.transparency import Bars

STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  inputs: {text: note, vitals: [age, ward]}
  target: {column: dx}
model: {adapt: {method: head}, max_tokens: 24, engine: torch}
training: {epochs: 12, track: [], optimizer: {head_lr: 0.01}}
knowledge: {rules: []}
assess: {baselines: false, inputs_alone: false, counterfactual: false, novelty: false, privacy: false,
  robustness: false, adversarial: false, resamples: 100}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    notes = ("crushing chest pain", "routine visit, no complaint")
    lines = [
        f'r{i},"{notes[i % 2]} today {i % 7}",{30 + i % 50},{"AB"[i % 3 == 0]},{("ill", "well")[i % 2]}'
        for i in range(150)
    ]
    (folder / "records.csv").write_text("\n".join(["id,note,age,ward,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return Study.load(folder / "study.yaml").run(out=folder / "run")


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id,note,age,ward\nq1,crushing chest pain,61,A\nq2,,40,B\nq3,无发热,,\n", encoding="utf-8")
    return path


def test_a_run_says_how_many_reasons_hold_and_what_mattered(run):
    found = {f.metric: f for f in run.findings if f.pillar == "transparency"}
    assert {"explanations_that_hold", "explanation_excess_faithfulness", "note_share", "part_importance"} <= set(found)
    assert found["explanations_that_hold"].n == 30
    assert found["explanation_excess_faithfulness"].low > 0
    parts = {f.versus["part"] for f in run.findings if f.metric == "part_importance"}
    assert parts == {"note", "vitals", "vital age", "vital ward"}
    assert "explain" in json.loads((run.path / "environment.json").read_text())["seconds"]
    for f in run.findings:
        assert f.metric != "word_importance" or f.n >= 5
    assert {"transparency.reasons_hold", "transparency.reasons_beyond_chance"} <= {
        r.rule.name for r in run.verdict.rules
    }
    assert 'id="reasons"' in (run.path / "report.html").read_text(encoding="utf-8")


def test_an_object_a_record_with_reasons_that_hold(run, new, tmp_path):
    told = explain_run(run.path, new, tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert told.records == 3 and [one["id"] for one in lines] == ["q1", "q2", "q3"]
    assert told.withheld == sum(not one["holds"] for one in lines)
    first = lines[0]
    assert first["about"] == "ill"
    assert first["inputs"]["note"] + first["inputs"]["vitals"] == pytest.approx(
        first["score"] - first["score_of_nothing"], abs=1e-6
    )
    assert lines[1]["inputs"]["note"] is None
    for one in lines:
        assert ("words" in one) == one["holds"]


def test_a_withheld_reason_is_not_on_the_page(run, new, tmp_path, monkeypatch):
    never = Bars(excess=2.0)
    monkeypatch.setattr("primum.transparency.explaining.Bars", lambda: never)
    told = explain_run(run.path, new, tmp_path / "out.html", lang="zh", with_counterfactuals=False)
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert told.withheld == 3
    assert "crushing" not in page and page.count("该答案的理由不予显示。") == 3


def test_the_command_answers_with_counts_and_other_methods_work(run, new, tmp_path, capsys, monkeypatch):
    always = Bars(excess=-2.0, beaten=0.0, stability=-2.0, gap=9.0)
    monkeypatch.setattr("primum.transparency.explaining.Bars", lambda: always)
    for method in ("occlusion", "shapley"):
        out = tmp_path / f"{method}.html"
        code = main(["explain", str(run.path), str(new), "--out", str(out), "--method", method, "--contrast", "--json"])
        assert code == 0
        assert json.loads(capsys.readouterr().out)["records"] == 3
        page = out.read_text(encoding="utf-8")
        assert "<mark" in page and "crushing" in page


def test_wrong_methods_classes_and_endings_are_named(run, new, tmp_path):
    with pytest.raises(InputError, match="shapely.*shapley"):
        explain_run(run.path, new, tmp_path / "o.jsonl", method="shapely")
    with pytest.raises(InputError, match="'il'.*ill"):
        explain_run(run.path, new, tmp_path / "o.jsonl", about="il")
    with pytest.raises(InputError, match="html"):
        explain_run(run.path, new, tmp_path / "o.csv")
    assert not list(tmp_path.glob("o.*"))
