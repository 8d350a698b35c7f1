"""The report's section on the records: the worst check first, where it is, and how to mend it."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort
from primum.ethics import judge, load_policy
from primum.evidence import write_findings
from primum.files import write_json
from primum.safety.records import RECORD_METRICS, record_findings
from primum.study.report import render_report


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rng = np.random.default_rng(2)
    notes = [" ".join(f"w{i}" for i in rng.integers(0, 400, 20)) for _ in range(300)]
    split = np.array(["train"] * 200 + ["test"] * 100, dtype=object)
    notes[200:260] = notes[:60]
    pressure = np.where(rng.random(300) < 0.6, np.nan, rng.normal(120, 10, 300).round(1))
    table = {
        "note": notes,
        "pressure": ["" if np.isnan(one) else str(one) for one in pressure],
        "y": rng.choice(["ill", "well"], 300).tolist(),
    }
    roles = Roles(
        inputs=InputRoles(text=("note",), vitals=(VitalRole(column="pressure"),)), target=TargetRole(column="y")
    )
    findings = record_findings(read_cohort(table, roles), split).findings
    folder = tmp_path_factory.mktemp("run")
    write_findings(folder / "findings.jsonl", findings)
    verdict = judge(findings, load_policy("default").about(RECORD_METRICS))
    write_json(folder / "verdict.json", verdict.to_json())
    return folder


@pytest.mark.parametrize(
    ("lang", "block", "note", "mend"),
    [("en", "found: blocks", "found: noted", "Name the text"), ("zh", "发现：阻止", "发现：提示", "设为 `patient`")],
)
def test_the_worst_check_comes_first_with_its_place_and_how_to_mend_it(run, lang, block, note, mend):
    page = render_report(run, lang=lang).read_text(encoding="utf-8")
    section = page[page.index('<section id="records"') :]
    section = section[: section.index("</section>")]
    assert section.index(block) < section.index(note)
    assert section.index(note) < section.index("pressure")
    assert mend in section and "suspects.parquet" in section
    assert "w1 " not in section


def test_without_checks_the_section_is_left_out(tmp_path):
    (tmp_path / "findings.jsonl").write_text("", encoding="utf-8")
    write_json(tmp_path / "verdict.json", {"verdict": "review", "policy": "default", "rules": []})
    page = render_report(tmp_path).read_text(encoding="utf-8")
    assert '<section id="records"' not in page and "no check of the records was made" in page
