"""Methods in Chinese: clause by clause, figures kept, unknown clauses left as they are."""

from __future__ import annotations

import re

import yaml

from primum.study.report.methods import method_in


def test_known_clauses_are_told_and_figures_kept():
    method = (
        "difference of two shares; MOVER from exact intervals (Zou & Donner 2008), "
        "simultaneous over 9 slices (max-t, z = 3.54)"
    )
    told = method_in("zh", method)
    assert re.findall(r"\d+(?:\.\d+)?", told) == re.findall(r"\d+(?:\.\d+)?", method)
    assert told.startswith("两个比例之差；") and "difference" not in told and "simultaneous" not in told


def test_a_clause_nobody_wrote_down_stays():
    assert method_in("zh", "share of records; a method of ours") == "记录所占比例；a method of ours"
    assert method_in("en", "share of records; exact") == "share of records; exact"


def test_what_reasons_say_of_their_method_is_told_in_full():
    from primum.transparency.findings import _MEAN, _SHARE

    for method in (_MEAN, _SHARE):
        assert not re.search(r"[a-z]{4,}", re.sub(r"\(.*?\)|（.*?）", "", method_in("zh", method)))


def test_every_place_for_a_figure_has_one_in_chinese():
    from importlib.resources import files

    table = yaml.safe_load(files("primum.study.report").joinpath("methods_zh.yaml").read_text(encoding="utf-8"))
    assert len(table) > 50
    assert all(english.count("{}") == chinese.count("{}") for english, chinese in table.items())
