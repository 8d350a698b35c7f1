"""Papers: every number is the named finding's or file's, nothing is left out, and what people wrote is kept."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from lxml import html

from primum.errors import InputError
from primum.ethics.catalogue import load
from primum.ethics.papers import FOLDER, PAPERS, read_facts, write_papers
from primum.ethics.papers.facts import _FILES
from primum.ethics.papers.filling import fill
from primum.ethics.papers.schema import paper_spec
from primum.evidence import METRICS
from primum.study.report import render_report
from primum.study.report.render import SECTIONS
from tests.ethics.papers import walking
from tests.study.report import fabricate

RUNS = {
    "binary": fabricate.binary_run,
    "classes": fabricate.many_classes_run,
    "number": fabricate.number_run,
    "labels": fabricate.labels_run,
    "audit": fabricate.audit_run,
}
# 45 CFR 170.315(b)(11)(iv)(B): paragraphs (1) to (9) have so many attributes each.
HTI_1 = [f"({part})({roman})" for part, n in enumerate((4, 4, 2, 4, 2, 4, 5, 4, 2), start=1)
         for roman in ("i", "ii", "iii", "iv", "v")[:n]]  # fmt: skip
ANNEX_IV = [f"{n}({letter})" for n in (1, 2) for letter in "abcdefgh"] + list("3456789")
# Collins et al. 2024: items 1 to 27; those with parts, and their last part.
PARTED = {3: "c", 5: "b", 6: "c", 8: "c", 9: "c", 12: "g", 18: "f", 20: "c", 23: "b", 27: "c"}
TRIPOD = [
    f"{n}{letter}"
    for n in range(1, 28)
    for letter in ("abcdefg"[: "abcdefg".index(PARTED[n]) + 1] if n in PARTED else [""])
]
# Gebru et al. 2021: questions in the seven parts, without "any other comments?".
DATASHEET = [f"{part}.{n}" for part, last in enumerate((3, 15, 11, 3, 5, 6, 7), start=1) for n in range(1, last + 1)]


@pytest.fixture(scope="module", params=list(RUNS))
def run(request, tmp_path_factory):
    return RUNS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def binary(tmp_path):
    return fabricate.binary_run(tmp_path / "run")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_number_is_held_by_the_place_that_the_page_names_for_it(run, lang):
    render_report(run, lang=lang)
    pages = sorted((run / FOLDER).glob("*.html"))
    assert len(pages) == len(PAPERS) + 1
    looked_up = 0
    for page in pages:
        wrong, count = walking.faults(page, run)
        assert wrong == [], page.name
        looked_up += count
    assert looked_up > 10


def test_the_walk_finds_a_number_that_was_typed(binary):
    render_report(binary)
    for name in ("tripod-ai", "patients"):
        page = binary / FOLDER / f"{name}.html"
        text = page.read_text(encoding="utf-8")
        figure = re.search(r'data-findings="\d+"[^>]*>(?:<span[^>]*>)?[^<]*?(\d+\.?\d*)', text)
        other = "7" * len(figure.group(1)) if name == "patients" else figure.group(1) + "7"
        page.write_text(text[: figure.start(1)] + other + text[figure.end(1) :], encoding="utf-8")
        assert len(walking.faults(page, binary)[0]) == 1


def test_every_number_of_the_json_is_held_by_its_origin(run):
    render_report(run)
    findings = [json.loads(line) for line in (run / "findings.jsonl").read_text(encoding="utf-8").splitlines()]
    for name in PAPERS:
        paper = json.loads((run / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        for item in paper["items"]:
            origin = [findings[place] for place in item["origin"]["findings"]]
            origin += [walking.value_of(run, key) for key in item["origin"]["keys"]]
            if isinstance(item["value"], str):
                assert item["value"] in ("not measured", "open")
                continue
            assert item["origin"]["findings"] or item["origin"]["keys"] or item["state"] in ("answered", "partly")
            for text in (text for lang in ("en", "zh") for text in item["value"][lang]):
                assert walking.held(text, origin) == [], (name, item["item"])


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("hti-1-source-attributes", [str(n) for n in range(1, 32)]),
        ("eu-ai-act-annex-iv", ANNEX_IV),
        ("tripod-ai", TRIPOD),
        ("datasheet", DATASHEET),
    ],
)
def test_a_paper_has_every_item_of_its_source_even_with_nothing_measured(name, items, tmp_path):
    (tmp_path / "findings.jsonl").write_text("", encoding="utf-8")
    write_papers(tmp_path)
    paper = json.loads((tmp_path / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert [item["item"] for item in paper["items"]] == items
    page = (tmp_path / FOLDER / f"{name}.html").read_text(encoding="utf-8")
    assert all(f'id="item-{item}"' in page for item in items)
    for item, spec in zip(paper["items"], paper_spec(name).items, strict=True):
        assert item["open"] or item["not_measured"] or item["state"] == "answered"
        asked_for = [metric for source in spec.sources for metric in source.measured or ()]
        said = " ".join(one["en"] for one in item["not_measured"])
        assert all(METRICS.get(metric).title["en"] in said for metric in asked_for)


def test_hti_1_names_the_paragraph_of_each_attribute():
    assert [item.clause for item in paper_spec("hti-1-source-attributes").items] == HTI_1 and len(HTI_1) == 31


def test_an_assessment_that_is_missing_is_said_to_be_not_measured_wherever_it_is_asked(binary):
    facts = read_facts(binary)
    tried = 0
    for name in PAPERS:
        for place, item in enumerate(paper_spec(name).items):
            for source in (source for source in item.sources if source.measured):
                without = replace(facts, findings=[f for f in facts.findings if f.metric not in source.measured])
                filled = fill(paper_spec(name), without).items[place]
                said = [answer.text["en"] for answer in filled.answers if answer.kind == "not measured"]
                titles = [METRICS.get(metric).title["en"] for metric in source.measured]
                assert any(all(title in text for title in titles) for text in said), (name, item.item)
                assert filled.state != "answered"
                tried += 1
    assert tried > 40


def test_a_run_without_fairness_has_no_value_for_the_attributes_of_fairness(binary):
    lines = (binary / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["pillar"] != "fairness"]
    (binary / "findings.jsonl").write_text("\n".join(kept) + "\n", encoding="utf-8")
    write_papers(binary)
    paper = json.loads((binary / FOLDER / "hti-1-source-attributes.json").read_text(encoding="utf-8"))
    assert [paper["items"][n - 1]["value"] for n in (22, 24)] == ["not measured", "not measured"]
    assert {"22", "24"} <= {one["item"] for one in paper["not_measured"]}


def test_what_is_open_and_what_nobody_measured_is_listed_at_the_end(run):
    render_report(run)
    for name in PAPERS:
        lines, listed = walking.repeated(run / FOLDER / f"{name}.html")
        assert lines == listed and lines


def test_what_a_file_does_not_speak_of_is_not_taken_for_no(tmp_path):
    (tmp_path / "findings.jsonl").write_text("", encoding="utf-8")
    for private, told in (("{privacy: null}", True), ("{}", False)):
        (tmp_path / "study.yaml").write_text(f"study: s\ntraining: {private}\n", encoding="utf-8")
        filled = fill(paper_spec("eu-ai-act-annex-iv"), read_facts(tmp_path))
        [item] = [one for one in filled.items if one.item.item == "2(h)"]
        said = [answer.text["en"] for answer in item.answers if answer.kind == "told"]
        assert ("Training promises no differential privacy." in said) == told
        assert any("training.privacy" in a.text["en"] for a in item.answers if a.kind == "open") != told


def test_links_hold_when_the_folder_is_moved(binary, tmp_path):
    render_report(binary)
    moved = tmp_path / "elsewhere"
    shutil.move(binary, moved)
    report = html.fromstring((moved / "report.html").read_text(encoding="utf-8"))
    links = [a.get("href") for a in report.iter("a") if a.get("href").startswith(f"{FOLDER}/")]
    assert len(links) == 2 * len(PAPERS) + 1
    anchors = {element.get("id") for element in report.iter() if element.get("id")}
    for link in links:
        assert (moved / link).is_file()
        if link.endswith(".html"):
            page = html.fromstring((moved / link).read_text(encoding="utf-8"))
            for href in (a.get("href") for a in page.iter("a") if not a.get("href").startswith("#")):
                target, _, anchor = href.partition("#")
                assert (moved / FOLDER / target).exists(), href
                assert not anchor or anchor in anchors, href


def test_pages_ask_for_nothing_and_escape_what_a_study_says(binary):
    study = yaml.safe_load((binary / "study.yaml").read_text(encoding="utf-8"))
    study["question"] = study["intended_use"]["population"] = fabricate.PLANTED
    (binary / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    render_report(binary)
    for page in (binary / FOLDER).glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "PLANTED-&lt;script&gt;" in text
        tree = html.fromstring(text)
        assert [e.get("src") for e in tree.iter() if e.get("src")] == []
        assert [e.get("href") for e in tree.iter("link")] == ["data:,"]
        assert "url(" not in text and fabricate.RECORD not in text


def test_what_people_answered_is_kept_and_takes_the_place_of_what_was_open(binary):
    write_papers(binary)
    (binary / FOLDER / "answers.yaml").write_text("datasheet: {'1.2': A team <of> three.}\n", encoding="utf-8")
    write_papers(binary)
    paper = json.loads((binary / FOLDER / "datasheet.json").read_text(encoding="utf-8"))
    item = next(one for one in paper["items"] if one["item"] == "1.2")
    assert item["state"] == "answered" and item["value"]["zh"] == ["A team <of> three."] and item["open"] == []
    assert item["origin"]["keys"] == ["papers/answers.yaml"]
    assert "A team &lt;of&gt; three." in (binary / FOLDER / "datasheet.html").read_text(encoding="utf-8")
    assert (binary / FOLDER / "answers.yaml").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("datashet: {}", "no paper 'datashet' \\(did you mean 'datasheet'\\?\\)"),
        ("datasheet: {1.99: x}", "datasheet: there is no item '1.99'"),
        ("datasheet: {'1.2': 3}", "item 1.2: expected a sentence"),
        ("datasheet: yes", "expected items and texts"),
        ("- a", "expected keys and values"),
    ],
)
def test_answers_to_what_is_not_asked_are_refused_before_anything_is_written(text, message, tmp_path):
    (tmp_path / "findings.jsonl").write_text("", encoding="utf-8")
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "answers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        write_papers(tmp_path)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["answers.yaml"]


def test_sections_files_and_labels_that_papers_name_are_known():
    labels = load("papers/asked/labels.yaml")
    for name in PAPERS:
        for source in (source for item in paper_spec(name).items for source in item.sources):
            assert source.section is None or source.section in SECTIONS
            assert source.file is None or f"file:{source.file}" in labels
            assert source.key is None or (source.key in labels and source.key.partition(":")[0] in _FILES)


@pytest.mark.parametrize("name", ["papers/asked/words", "papers/asked/labels", "papers/asked/patients", "card_words"])
def test_every_sentence_is_there_in_both_languages_with_the_same_values(name):
    for key, words in load(f"{name}.yaml").items():
        for one in (words, words.get("none")):
            if one is not None:
                en, zh = (set(re.findall(r"\{(\w+)\}", one[lang])) for lang in ("en", "zh"))
                assert en - {"unit"} == zh - {"unit"}, key
                assert all(one[lang] or key == "unit.people" or key == "unit.records" for lang in ("en", "zh")), key


def test_no_sentence_of_ours_carries_a_figure():
    for name in PAPERS:
        for item in paper_spec(name).items:
            for words in (words for source in item.sources for words in (source.says, source.open) if words):
                assert not re.search(r"\d", words.en + words.zh), item.item
    of_100 = {"100", "1", "99"}
    for key, words in load("papers/asked/patients.yaml").items():
        assert set(re.findall(r"\d+", words["en"] + words["zh"])) <= of_100, key


def test_the_folder_holds_each_page_and_its_data(run):
    render_report(run)
    names = {path.name for path in Path(run / FOLDER).iterdir()}
    assert names == {f"{name}.{end}" for name in PAPERS for end in ("html", "json")} | {"patients.html"}
