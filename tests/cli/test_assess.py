"""`primum assess` on tables of predictions, checked by hand."""

from __future__ import annotations

import json

import pytest

from primum.cli.main import main

SPEC = """\
study: audit
cohort:
  target: {column: outcome}
  sensitive: [sex]
policy: default
"""


@pytest.fixture
def table(tmp_path):
    """200 records, 80 % of them predicted rightly; the place of the spec beside it."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    rows = []
    for i in range(200):
        ill = i % 2 == 0
        right = i % 10 not in (0, 1)
        p = 0.9 if ill == right else 0.1
        rows.append(f"{i},{'ill' if ill else 'well'},{p},{('f', 'm')[i // 2 % 2]}\n")
    (tmp_path / "p.csv").write_text("id,outcome,p:ill,sex\n" + "".join(rows), encoding="utf-8")
    return tmp_path


def test_findings_and_verdict_as_json_and_nothing_is_written(table, capsys):
    before = sorted(table.iterdir())
    code = main(["assess", str(table / "p.csv"), "--spec", str(table / "spec.yaml"), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == {"pass": 0, "review": 3, "block": 4}[answer["verdict"]]
    accuracy = next(f for f in answer["findings"] if f["metric"] == "accuracy" and not f["slice"])
    assert accuracy["value"] == pytest.approx(0.8)
    assert accuracy["low"] < 0.8 < accuracy["high"]
    assert accuracy["n"] == 200
    assert answer["out"] is None
    assert answer["policy"] == "default"
    assert sorted(table.iterdir()) == before


def test_with_out_the_report_is_written(table, capsys):
    out = table / "audit"
    code = main(["assess", str(table / "p.csv"), "--spec", str(table / "spec.yaml"), "--out", str(out), "--lang", "zh"])
    said = capsys.readouterr().out
    assert code in (0, 3, 4)
    assert said.startswith("裁决：")
    assert str(out / "report.html") in said
    assert {"findings.jsonl", "verdict.json", "report.html"} <= {path.name for path in out.iterdir()}


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.csv", "none.csv"), ("empty.csv", "empty.csv"), ("short.csv", "outcome")],
)
def test_bad_tables_end_in_one_sentence(table, capsys, name, said):
    (table / "empty.csv").write_text("", encoding="utf-8")
    (table / "short.csv").write_text("id,outcom,p:ill\n1,ill,0.5\n", encoding="utf-8")
    out = table / "audit"
    code = main(["assess", str(table / name), "--spec", str(table / "spec.yaml"), "--out", str(out)])
    shown = capsys.readouterr()
    assert code == 2
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert not out.exists()
