"""The report: one file, no network, every figure a finding's, nothing of a record, both languages."""

import json
import re
from html.parser import HTMLParser

import pytest

from primum.evidence.finding import read_findings
from primum.study.report import render_report
from tests.study.report import fabricate

RUNS = {
    "binary": fabricate.binary_run,
    "classes": fabricate.many_classes_run,
    "number": fabricate.number_run,
    "labels": fabricate.labels_run,
    "audit": fabricate.audit_run,
}


class _Text(HTMLParser):
    """The words of a page, and the resources it asks for."""

    def __init__(self):
        super().__init__()
        self.words, self.resources, self.skip = [], [], 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.skip += tag in ("script", "style")
        self.resources += [values[key] for key in ("src", "href") if values.get(key)]

    def handle_endtag(self, tag):
        self.skip -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.skip:
            self.words.append(data)


def _read(page):
    reader = _Text()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module", params=list(RUNS))
def run(request, tmp_path_factory):
    return RUNS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_run_renders_to_one_file_without_resources(run, lang):
    page = render_report(run, lang=lang).read_text(encoding="utf-8")
    assert re.search(rf'<html[^>]* lang="{lang}[-"]', page)
    papers = [r for r in _read(page).resources if not r.startswith(("#", "data:"))]
    assert papers and all(r.startswith("papers/") and (run / r).is_file() for r in papers)
    assert not re.search(r"(?:src=|<link[^>]*href=)[\"'](?!data:)", page)
    assert "@import" not in page and "url(http" not in page
    assert "undefined" not in page and "None<" not in page and "nan<" not in page.lower()


def test_no_record_is_shown(run):
    page = render_report(run).read_text(encoding="utf-8")
    assert fabricate.RECORD not in page


def test_headline_figures_are_the_findings_own(tmp_path):
    folder = fabricate.binary_run(tmp_path)
    words = " ".join(_read(render_report(folder).read_text(encoding="utf-8")).words)
    for split in ("test", "external"):
        for metric in ("auroc", "balanced_accuracy", "ece"):
            found = [
                f
                for f in read_findings(folder / "findings.jsonl")
                if f.metric == metric and f.split == split and not f.slice and f.class_ is None
            ]
            assert f"{found[0].value:.3f}" in words
            assert f"{found[0].low:.3f} – {found[0].high:.3f}" in words


def test_the_verdicts_sentences_are_said_in_the_readers_language(tmp_path):
    folder = fabricate.binary_run(tmp_path)
    rules = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))["rules"]
    for lang in ("en", "zh"):
        words = " ".join(_read(render_report(folder, lang=lang).read_text(encoding="utf-8")).words)
        assert all(rule["sentences"][lang] in words for rule in rules)


@pytest.mark.parametrize(("better", "word"), [(0.05, "bought"), (-0.05, "harm")])
def test_what_fine_tuning_bought_is_said_plainly(tmp_path, better, word):
    folder = fabricate.binary_run(tmp_path, better=better)
    words = " ".join(_read(render_report(folder).read_text(encoding="utf-8")).words)
    statement = next(s for s in re.split(r"(?<=\.)\s", words) if "Fine-tuning" in s and "pretrained" in s)
    assert word in statement or (better > 0 and "harm" not in statement)


@pytest.mark.parametrize(
    ("erased", "en", "zh"),
    [
        ({"patients": 7, "records": 19}, "19 records of 7 patients were left out", "7 名患者的 19 条记录未被使用"),
        (
            {"patients": None, "records": None},
            "records of one to four patients were left out",
            "一至四名患者的记录未被使用",
        ),
        ({"patients": 0, "records": 0}, None, None),
    ],
)
def test_erased_patients_are_counted_unless_they_are_few(tmp_path, erased, en, zh):
    folder = fabricate.binary_run(tmp_path)
    cohort = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    (folder / "cohort.json").write_text(json.dumps({**cohort, "erased": erased}), encoding="utf-8")
    for lang, wanted, hint in (("en", en, "asked to be erased"), ("zh", zh, "要求删除")):
        words = " ".join(_read(render_report(folder, lang=lang).read_text(encoding="utf-8")).words)
        assert (wanted in words) if wanted else (hint not in words)


def test_a_study_that_carries_markup_is_escaped(tmp_path):
    import yaml

    folder = fabricate.binary_run(tmp_path)
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["question"] = fabricate.PLANTED
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    page = render_report(folder).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "PLANTED-&lt;script&gt;" in page


@pytest.mark.browser
def test_in_a_browser_it_asks_for_nothing_complains_of_nothing_and_sorts(tmp_path, chromium):
    from playwright.sync_api import sync_playwright

    report = render_report(fabricate.binary_run(tmp_path))
    requests, complaints = [], []
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(report.as_uri())
        column = "#all-findings tbody tr:not(.few) td:nth-of-type(5)"
        value = page.locator("#all-findings thead button", has_text="Value")
        orders = []
        for _ in range(2):
            value.click()
            cells = page.locator(column).evaluate_all("cells => cells.map(cell => cell.dataset.sort)")
            orders.append([float(cell) for cell in cells if cell])
        width = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    assert requests == [report.as_uri()]
    assert complaints == []
    assert len(orders[0]) > 20 and orders[0] == sorted(orders[0])
    assert orders[1] == sorted(orders[1], reverse=True)
    assert width


def test_the_report_says_how_the_model_answers(tmp_path):
    run = fabricate.binary_run(tmp_path)
    said = " ".join(_read(render_report(run).read_text(encoding="utf-8")).words)
    assert "8-bit integers" in said and "0.0312" in said
