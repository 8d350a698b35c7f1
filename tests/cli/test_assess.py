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


def _spoilt(header: str, rows: list[str]) -> dict[str, tuple[str, str]]:
    """Return bad tables by name, each with what the message must hold."""
    two = ["901,ill,0.7,0.3,f", "902,well,0.2,0.8,m"]
    cells = [row.split(",") for row in rows]
    every = lambda change: "\n".join([header, *(",".join(change(i, list(c))) for i, c in enumerate(cells))])  # noqa: E731

    def cell(place: int, row: int, value: str):
        return lambda i, c: [value if (k, i) == (place, row) else v for k, v in enumerate(c)]

    return {
        "no-target": (every(lambda i, c: c).replace("outcome", "result", 1), "outcome"),
        "outside": (every(cell(2, 3, "1.7")), "row 4"),
        "sum": (every(cell(2, 5, "0.55")), "row 6"),
        "nan": (every(cell(3, 7, "nan")), "row 8"),
        "one-group": (every(lambda i, c: [*c[:4], "f"]), "one group only"),
        "unseen": (every(cell(1, 2, "ailing")), "no probability"),
        "twice": (every(cell(0, 9, "0")), "repeats an earlier id"),
        "levels": (every(lambda i, c: [*c[:4], f"zq{i}"]), "bins"),
        "header-only": (header + "\n", "header-only.csv"),
        "one-class": (every(lambda i, c: [c[0], "ill", *c[2:]]), "one class only"),
        "not-numbers": ("\n".join([header, *rows, *two]).replace(",0.9,", ",high,"), "p:ill"),
    }


_NAMES = "no-target outside sum nan one-group unseen twice levels header-only one-class not-numbers".split()


@pytest.mark.parametrize("name", _NAMES)
def test_predictions_that_cannot_be_audited_end_in_one_sentence(table, capsys, name):
    rows = [
        f"{i},{('ill', 'well')[i % 2]},{(0.9, 0.1)[i % 2]},{(0.1, 0.9)[i % 2]},{'fm'[i // 2 % 2]}" for i in range(400)
    ]
    spoilt = _spoilt("id,outcome,p:ill,p:well,sex", rows)
    assert set(spoilt) == set(_NAMES)
    text, said = spoilt[name]
    (table / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    code = main(
        ["assess", str(table / f"{name}.csv"), "--spec", str(table / "spec.yaml"), "--out", str(table / "audit")]
    )
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert "zq" not in shown.err
    assert not (table / "audit").exists()


def test_a_blank_attribute_is_the_group_unknown(table, capsys):
    lines = (table / "p.csv").read_text(encoding="utf-8").splitlines()
    blank = [line.rsplit(",", 1)[0] + "," if i % 3 == 1 else line for i, line in enumerate(lines)]
    (table / "blank.csv").write_text("\n".join([lines[0], *blank[1:]]) + "\n", encoding="utf-8")
    main(["assess", str(table / "blank.csv"), "--spec", str(table / "spec.yaml"), "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    gaps = {f["slice"]["sex"]: f for f in findings if f["metric"] == "tpr_gap"}
    assert set(gaps) == {"f", "m", "unknown"}
    assert gaps["unknown"]["versus"] == {"group": "everyone else"}
