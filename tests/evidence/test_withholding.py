from __future__ import annotations

import json

from primum.evidence import Finding, withheld


def _finding(**more):
    values = {"pillar": "fairness", "metric": "tpr", "value": 0.5, "low": 0.1, "high": 0.9, "n": 3}
    return Finding(**{**values, **more})


def test_a_group_of_three_has_no_figures_and_its_count_is_not_told():
    detail = {"slice_value": 0.5, "depth": 1, "column": "age", "records": 3}
    [bare] = withheld([_finding(slice={"sex": "X"}, detail=detail)])
    assert (bare.value, bare.low, bare.high, bare.level, bare.n, bare.enough) == (None, None, None, None, 4, False)
    assert dict(bare.detail) == {"depth": 1, "column": "age", "withheld": True}
    assert withheld([bare]) == [bare]


def test_a_class_of_three_and_a_group_compared_with_three_have_none_either():
    bare = withheld([_finding(class_="rare"), _finding(n=90, slice={"sex": "M"}, detail={"versus_n": 3})])
    assert [one.value for one in bare] == [None, None]
    assert "3" not in json.dumps(bare[1].to_json())


def test_everybody_five_and_nobody_are_left_alone():
    kept = [_finding(), _finding(n=5, slice={"sex": "X"}), _finding(n=0, value=None, slice={"sex": "X"})]
    assert withheld(kept) == kept


def test_metrics_that_are_named_are_left_alone():
    one = _finding(slice={"sex": "X"})
    assert withheld([one], but=frozenset({"tpr"})) == [one]
