"""The built-in records: all of them, with notes rendered from the record and nothing that gives the answer away."""

import csv
from importlib.resources import files

from primum.study.builtin.heart.render import render_note

RECORDS = files("primum.study.builtin.heart") / "records.csv"


def _rows():
    with RECORDS.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_notes_are_what_the_renderer_says():
    rows = _rows()
    assert len(rows) == 920
    assert all(row["note"] == render_note(row) for row in rows)


def test_the_notes_name_no_hospital_and_no_diagnosis():
    for row in _rows():
        note = row["note"].lower()
        assert row["dataset"].lower() not in note
        assert "heart disease" not in note and "healthy" not in note


def test_the_records_are_the_published_ones(shared_data):
    with (shared_data / "heart_disease_uci" / "records.csv").open(encoding="utf-8") as stream:
        published = list(csv.DictReader(stream))
    ours = [{key: value for key, value in row.items() if key != "note"} for row in _rows()]
    assert ours == published
