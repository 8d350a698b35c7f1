"""`primum deid` as a user meets it."""

from __future__ import annotations

import json

from primum.cli.main import main


def test_counts_by_kind_and_never_the_text(tmp_path, capsys):
    source = tmp_path / "a.txt"
    source.write_text("Dr. Okafor saw her on 03/04/2021.")
    assert main(["deid", str(source), "--out", str(tmp_path / "b.txt"), "--json"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["found"] == {"date": 1, "name": 1}
    assert "Okafor" not in said.out + said.err
    assert (tmp_path / "b.txt").read_text() == "Dr. [NAME] saw her on [DATE]."


def test_scores_labelled_texts(tmp_path, capsys):
    path = tmp_path / "l.jsonl"
    path.write_text(
        json.dumps({"text": "Dr. Okafor", "lang": "en", "spans": [{"start": 4, "end": 10, "kind": "name"}]}) + "\n"
    )
    assert main(["deid", "--score", str(path), "--lang", "zh", "--quiet"]) == 0
    assert "en 姓名：找到1.000" in capsys.readouterr().out


def test_wrong_input_ends_with_2_and_one_sentence(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("a\n1\n")
    for words in (["deid"], ["deid", str(tmp_path / "a.csv"), "--out", str(tmp_path / "b.csv"), "--action", "date"]):
        assert main([*words, "--quiet"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("or --score LABELLED.") and said[1].endswith("e.g. date=shift.")
    assert not (tmp_path / "b.csv").exists()
