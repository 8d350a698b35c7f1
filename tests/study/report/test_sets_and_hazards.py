"""The sections on external sets and on hazards, in both languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import html

from primum.ethics.hazards import known_hazards
from primum.evidence import performance_findings, read_findings, read_predictions, write_findings, write_predictions
from primum.safety import place_findings, probability_findings
from primum.study.report import render_report
from tests.study.report.fabricate import binary_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = binary_run(tmp_path_factory.mktemp("runs") / "sets", n=900)
    table = read_predictions(place / "predictions.parquet")
    named = np.array(["test", "external:north", "external:south & west", "external:east"], dtype=object)
    table = replace(table, split=named[np.arange(len(table)) % 4], site=None)
    write_predictions(place / "predictions.parquet", table)
    findings = performance_findings(table, n_resamples=60) + probability_findings(table, n_resamples=60)
    kept = [f for f in read_findings(place / "findings.jsonl") if f.metric.endswith("_gain")]
    write_findings(place / "findings.jsonl", [*findings, *place_findings(findings), *kept])
    return place


@pytest.mark.parametrize(
    ("lang", "north", "new"),
    [("en", "External set north", "A new place, from 3"), ("zh", "外部集：north", "新地点（据 3")],
)
def test_sets_stand_side_by_side_with_what_a_new_place_can_expect(folder, lang, north, new):
    page = html.parse(str(render_report(folder, lang=lang))).getroot()
    forests = page.xpath("//section[@id='sets']//table[@class='forest']")
    assert len(forests) == 5
    for forest in forests[:4]:
        rows = [row.text_content() for row in forest.xpath(".//tbody/tr")]
        assert len(rows) >= 4
        assert any(north in row for row in rows) and any("south & west" in row for row in rows)
    assert any(new in row.text_content() for row in forests[0].xpath(".//tbody/tr"))
    curves = page.xpath("//section[@id='trust']//figcaption")
    assert sum("north" in one.text_content() for one in curves) >= 1  # its decision curve


@pytest.mark.parametrize(
    ("lang", "unmeasured", "unknown"), [("en", "Not measured.", "Not known."), ("zh", "未测量。", "未知。")]
)
def test_hazards_come_after_the_verdict_and_say_what_was_not_measured(folder, lang, unmeasured, unknown):
    page = html.parse(str(render_report(folder, lang=lang))).getroot()
    assert [one.get("id") for one in page.xpath("//main/section")][:2] == ["verdict", "hazards"]
    rows = page.xpath("//table[@id='hazard-table']/tbody/tr")
    assert len(rows) == len(known_hazards())
    texts = [row.text_content() for row in rows]
    assert sum(unmeasured in text for text in texts) >= 8 and all(unknown in text for text in texts)
    for link in page.xpath("//table[@id='hazard-table']//a/@href"):
        assert page.xpath(f"//*[@id='{link[1:]}']")
