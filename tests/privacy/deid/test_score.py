# ruff: noqa: E501 - each record stays whole
"""The score of a finder, against counts done by hand."""

from __future__ import annotations

import json

import pytest
from scipy import stats

from primum.errors import CohortError
from primum.privacy.deid import Span, read_labelled, score


def test_recall_wants_the_whole_label_and_precision_a_touch():
    text = "John Smith 12345 mild fever"
    record = {
        "text": text, "lang": "en", "group": "A",
        "spans": [{"start": 0, "end": 10, "kind": "PERSON"}, {"start": 11, "end": 16, "kind": "mrn"}],
    }  # fmt: skip
    found = [Span(start=0, end=4, kind="name", score=1.0), Span(start=11, end=16, kind="phone", score=1.0), Span(start=22, end=27, kind="name", score=1.0)]  # fmt: skip
    scored = score([record] * 20, finder=lambda _: found)
    assert scored.recall["en/name"].value == 0.0
    assert scored.recall["en/record_number"].value == 1.0
    assert scored.recall["en/all"].value == scored.recall["en/direct"].value == 0.5
    assert scored.precision["en"].value == pytest.approx(2 / 3)
    assert (scored.worst_group, scored.leakage["A"].value, scored.leakage["A"].n) == ("A", 1.0, 20)
    oracle = stats.binomtest(20, 40).proportion_ci(method="wilson")
    assert (scored.recall["en/all"].low, scored.recall["en/all"].high) == pytest.approx((oracle.low, oracle.high))


def test_small_groups_are_not_compared():
    record = {"text": "Dr. Okafor", "group": "A", "spans": [{"start": 4, "end": 10, "kind": "name"}]}
    scored = score([record] * 19)
    assert scored.worst_group is None and scored.leakage == {}
    assert scored.recall["all/name"].value == 1.0


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        json.dumps({"text": "a", "spans": [{"start": 0, "end": 2, "kind": "name"}]}),
        '{"text": 1, "spans": []}',
    ],
)
def test_a_wrong_line_is_named_and_not_shown(tmp_path, line):
    path = tmp_path / "l.jsonl"
    path.write_text('{"text": "Dr. Okafor", "spans": []}\n' + line + "\n")
    with pytest.raises(CohortError, match=r"l\.jsonl, line 2: expected"):
        read_labelled(path)
    with pytest.raises(CohortError, match="no such file"):
        read_labelled(tmp_path / "none")
