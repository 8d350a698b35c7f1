"""The report's fairness section: every figure a finding's, what was not measured said, short however many slices."""

import json
import re
from html.parser import HTMLParser

import pytest

from primum.evidence import Finding, read_findings, write_findings
from primum.study.report import render_report
from primum.study.report.sections.fairness.gather import is_gap, shown, worst_first
from primum.study.report.sections.fairness.guide import pick
from primum.study.report.sections.fairness.telling import figure, in_points, level
from primum.study.report.wording import catalogue
from tests.study.report import fabricate

RUNS = {
    "full": fabricate.fairness_run,
    "few": fabricate.few_fairness_run,
    "number": fabricate.number_fairness_run,
    "classes": fabricate.classes_fairness_run,
}


class _Section(HTMLParser):
    """The words of one section, by table where they stand in one."""

    def __init__(self, name):
        super().__init__()
        self.name, self.depth, self.words, self.tables, self.headings = name, 0, [], [], []
        self.open, self.tag = [], ""

    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.depth += dict(attrs).get("id") == self.name or self.depth > 0
        if not self.depth:
            return
        self.tag = tag
        if tag == "table":
            self.open.append([])
        elif tag == "tr" and self.open:
            self.open[-1].append([])
        elif tag in ("th", "td") and self.open:
            self.open[-1][-1].append("")

    def handle_endtag(self, tag):
        if tag == "section" and self.depth:
            self.depth -= 1
        elif tag == "table" and self.open:
            self.tables.append([[cell.strip() for cell in row] for row in self.open.pop()])

    def handle_data(self, data):
        if not self.depth:
            return
        self.words.append(data)
        if self.tag == "h3":
            self.headings.append(data)
        if self.open and self.open[-1] and self.open[-1][-1]:
            self.open[-1][-1][-1] += data

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words))


def _section(folder, name="fairness", lang="en"):
    reader = _Section(name)
    reader.feed(render_report(folder, lang=lang).read_text(encoding="utf-8"))
    return reader


@pytest.fixture(scope="module", params=list(RUNS))
def run(request, tmp_path_factory):
    return RUNS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return fabricate.fairness_run(tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_question_renders(run, lang):
    page = render_report(run, lang=lang).read_text(encoding="utf-8")
    assert 'id="fairness"' in page
    for broken in ("undefined", "None<", ">None", "nan ", "{n}", "{x}", "Markup("):
        assert broken not in page


def test_both_languages_have_the_same_sentences_with_the_same_gaps_to_fill():
    english, chinese = (catalogue(lang) for lang in ("en", "zh"))
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        if key.startswith("fair."):
            assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", chinese[key])), key


def test_the_summary_names_the_worst_group_of_every_attribute_with_its_own_figures(full):
    text = _section(full).text
    findings = read_findings(full / "findings.jsonl")
    for name in ("sex", "age", "site"):
        mine = [f for f in findings if f.metric == "tpr_gap" and set(f.slice) == {name} and shown(f)]
        worst = max(mine, key=lambda f: f.low)
        sentence = (
            f"{worst.slice[name]} is served worse than everyone else: of the patients with “Heart_Disease” it finds"
        )
        assert f"{sentence} {100 * worst.value:.1f} points fewer" in text
        assert f"{100 * worst.low:.1f} – {100 * worst.high:.1f}, n = {worst.n:,}, on test)" in text


def test_too_few_is_said_with_what_it_would_take_and_never_as_nothing_found(tmp_path):
    few = _section(fabricate.few_fairness_run(tmp_path))
    assert "too few patients to judge" in few.text or "too few patients to tell" in few.text
    assert "served alike" not in few.text
    rows = next(table for table in few.tables if "Smallest gap that could have been seen" in table[0])
    findings = [f for f in read_findings(tmp_path / "findings.jsonl") if f.metric in ("tpr_gap", "fpr_gap")]
    mine = [f for f in findings if f.slice == {"site": "Cleveland"} and not f.enough]
    cleveland = max(mine, key=lambda f: f.detail["needed"]["0.1"])
    row = next(row for row in rows if "Cleveland" in row[0] and "sex" not in row[0])
    assert row[3] == str(cleveland.n)
    assert row[4] == f"{100 * cleveland.detail['detectable']:.1f} points"
    assert row[5] == str(cleveland.detail["needed"]["0.1"])


def test_groups_of_fewer_than_five_are_shown_without_a_figure(tmp_path):
    folder = fabricate.few_fairness_run(tmp_path)
    tiny = [f for f in read_findings(folder / "findings.jsonl") if is_gap(f) and f.n < 5]
    assert tiny
    section = _section(folder)
    rows = [row for table in section.tables for row in table if len(row) > 2 and "< 5" in row]
    assert len(rows) >= 2
    assert all(not re.search(r"\d\.\d", " ".join(row[:1] + row[2:4])) for row in rows if len(row) == 5)


def test_every_row_of_a_forest_plot_is_a_finding_of_its_measure(full):
    table = next(t for t in _section(full).tables if len(t[0]) == 5 and t[0][:2] == ["Group", "n"])
    found = [f for f in read_findings(full / "findings.jsonl") if f.metric == "tpr_gap" and len(f.slice) == 1]
    expected = {(f"{f.n:,}", figure("tpr_gap", f.value, signed=True)) for f in found}
    rows = {(row[1], row[3]) for row in table if len(row) == 5 and row[0] != "Group"}
    assert rows == expected and len(rows) == 20


def test_heat_maps_show_each_intersection_with_its_level_and_hatch_the_small(full):
    page = render_report(full).read_text(encoding="utf-8")
    tables = _section(full).tables
    found = [
        f
        for f in read_findings(full / "findings.jsonl")
        if f.metric == "tpr_gap" and set(f.slice) == {"sex", "age"} and f.split == "test"
    ]
    assert page.count('class="hatch"') >= sum(not f.enough for f in found) > 0
    assert page.count('class="framed"') >= sum(shown(f) for f in found) > 0
    cells = " ".join(cell for table in tables for row in table for cell in row)
    for f in found:
        assert f"{100 * f.detail['slice_value']:.0f} % (n = {f.n:,})" in cells


@pytest.mark.parametrize(("helped", "word"), [(True, "helped some and harmed others"), (False, "did not help")])
def test_what_mitigation_bought_is_said_plainly(tmp_path, helped, word):
    section = _section(fabricate.fairness_run(tmp_path, helped=helped))
    assert f"Mitigation {word} on test" in section.text
    assert "The price: Balanced accuracy changed by −1.2 points" in section.text


def test_without_a_mitigated_twin_swaps_or_records_the_section_says_so(tmp_path):
    section = _section(fabricate.number_fairness_run(tmp_path))
    for said in ("Mitigation – the run trained no", "Counterfactual swaps – they need", "Representation, base rates"):
        assert said in section.text
    assert "What mitigation bought, and at what price" not in section.headings


@pytest.mark.parametrize("drop", ["detail", "versus", "interval", "class", "value", "verdict"])
def test_findings_that_say_less_than_they_might_break_nothing(full, tmp_path, drop):
    blank = {"detail": {}, "versus": {}, "interval": None, "class": None, "value": None}
    folder = tmp_path / drop
    folder.mkdir()
    poorer = []
    for finding in read_findings(full / "findings.jsonl"):
        value = finding.to_json()
        if finding.pillar == "fairness" and drop != "verdict":
            value.update({"low": None, "high": None} if drop == "interval" else {drop: blank[drop]})
        poorer.append(Finding.from_json(value))
    write_findings(folder / "findings.jsonl", poorer)
    verdict = (
        {"verdict": "review", "rules": []} if drop == "verdict" else json.loads((full / "verdict.json").read_text())
    )
    (folder / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    for lang in ("en", "zh"):
        assert 'id="fairness"' in render_report(folder, lang=lang).read_text(encoding="utf-8")


@pytest.mark.parametrize("metric", ["tpr_gap", "base_rate", "counterfactual_flip_rate", "equalised_odds_difference"])
def test_any_one_kind_of_finding_alone_renders(full, tmp_path, metric):
    alone = [f for f in read_findings(full / "findings.jsonl") if f.metric == metric]
    assert alone
    write_findings(tmp_path / "findings.jsonl", alone)
    (tmp_path / "verdict.json").write_text(json.dumps({"verdict": "review", "rules": []}), encoding="utf-8")
    assert "Not measured" in _section(tmp_path).text


def test_without_findings_on_fairness_the_report_says_why(tmp_path):
    page = render_report(fabricate.binary_run(tmp_path)).read_text(encoding="utf-8")
    assert 'id="fairness"' not in page and "no finding is about patient groups" in page


def test_ten_attributes_with_all_their_intersections_stay_a_short_report(tmp_path):
    folder = fabricate.vast_fairness_run(tmp_path)
    findings = read_findings(folder / "findings.jsonl")
    assert len(findings) > 10_000
    path = render_report(folder)
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 900_000
    section = _Section("fairness")
    section.feed(page)
    left = [int(n.replace(",", "")) for n in re.findall(r"Further ones in findings\.jsonl: ([\d,]+)", section.text)]
    assert max(left) > 3_000
    linked = set(re.findall(r'href="#finding-(\d+)"', page))
    assert linked and linked <= set(re.findall(r'id="finding-(\d+)"', page))


def test_the_worst_is_linked_first():
    def gap(value, low, enough=True):
        return Finding(
            pillar="fairness", metric="tpr_gap", value=value, low=low, high=value + 0.1, n=99, slice={"s": "a"},
            enough=enough,
        )  # fmt: skip

    findings = [gap(0.05, -0.1), gap(0.9, 0.2, enough=False), gap(0.3, 0.1), gap(0.2, 0.15)]
    assert worst_first(findings, [0, 1, 2, 3, 9]) == [3, 2, 0, 1]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ({"setting": "Screening of asymptomatic adults"}, ("screen", "Screening", "setting")),
        ({"user": "A surgeon, before an operation"}, ("confirm", "surgeon", "user")),
        ({"setting": "Prioritising the waiting list"}, ("allocate", "Prioritising", "setting")),
        ({"setting": "基层筛查"}, ("screen", "筛查", "setting")),
        ({"setting": "An out-patient clinic", "user": "A cardiologist"}, ("decide", "", "")),
        ({"not_for": "screening"}, ("decide", "", "")),
        ({}, ("decide", "", "")),
    ],
)
def test_the_measure_that_suits_is_picked_by_the_rule_the_report_states(use, expected):
    assert pick({"intended_use": use}, number=False) == expected
    assert pick({"intended_use": use}, number=True)[0] == "quantity"


def test_the_report_says_why_a_measure_was_picked(tmp_path):
    import yaml

    folder = fabricate.fairness_run(tmp_path)
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["intended_use"]["setting"] = "Screening in primary care"
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    text = _section(folder).text
    assert "Picked because the study says “Screening” under “Setting”." in text
    assert "Kleinberg et al. 2016; Chouldechova 2017" in text


def test_a_group_whose_name_is_markup_is_escaped(tmp_path):
    finding = Finding(
        pillar="fairness", metric="tpr_gap", value=0.3, low=0.2, high=0.4, n=90, split="test",
        slice={"sex": fabricate.PLANTED}, versus={"group": "everyone else"}, detail={"slice_value": 0.5},
    )  # fmt: skip
    page = render_report(fabricate.with_fairness(fabricate.audit_run(tmp_path), [finding])).read_text(encoding="utf-8")
    assert "<script>alert" not in page and "PLANTED-&lt;script&gt;" in page


def test_figures_are_in_points_where_they_are_shares_of_patients():
    assert [in_points(m) for m in ("tpr_gap", "fpr_gap", "calibration_gap")] == [True] * 3
    assert [in_points(m) for m in ("log_loss_gap", "mae_gap", "bias_gap", "auroc_gap")] == [False] * 4
    assert figure("tpr_gap", -0.0321, signed=True) == "−3.2"
    assert figure("tpr_gap", 0.0001, signed=True) == "0.0"
    assert figure("mae_gap", 0.25, signed=True) == "+0.250"
    assert level("tpr", 0.8125) == "81.2 %" and level("calibration_slope", 0.9) == "0.900" and level("tpr", None) == "–"


@pytest.mark.browser
def test_in_a_browser_it_fits_any_width_and_its_tables_sort(full, chromium):
    from playwright.sync_api import sync_playwright

    report = render_report(full)
    complaints = []
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(report.as_uri())
        page.locator("#levels thead button", has_text="n").nth(0).click()
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width
        page.locator("#too-few thead button").nth(1).click()
        cells = page.locator("#too-few tbody td:nth-of-type(3)").evaluate_all(
            "cells => cells.map(c => +c.dataset.sort)"
        )
        browser.close()
    assert complaints == []
    assert len(cells) > 3 and cells == sorted(cells)
