"""The pages for patients: easy to read, chances as of 100 people, and nothing promised that was not measured."""

import json

import pytest
from lxml import html

from primum.ethics.papers import PatientAnswer, answer_page, patient_page, read_facts
from primum.evidence import Finding, write_findings
from tests.ethics.papers import reading
from tests.study.report import fabricate

RUNS = [fabricate.binary_run, fabricate.many_classes_run, fabricate.number_run, fabricate.labels_run]
ANSWERS = {
    "sure": PatientAnswer(chances={"Healthy": 0.7, "Heart_Disease": 0.3}, answer_set=["Healthy"]),
    "torn": PatientAnswer(chances={"Healthy": 0.52, "Heart_Disease": 0.48}, answer_set=["Healthy", "Heart_Disease"]),
    "silent": PatientAnswer(chances={"Healthy": 0.52, "Heart_Disease": 0.48}, abstained=True, novel=True),
    "many": PatientAnswer(chances={"a": 0.5, "b": 0.3, "c": 0.1, "d": 0.1}, answer_set=[], escalated=True),
    "number": PatientAnswer(value=6.25, low=4.0, high=9.5),
}


def _words(page):
    body = html.fromstring(page).find("body")
    return " ".join(body.text_content().split())


def _facts(folder, findings, **files):
    write_findings(folder / "findings.jsonl", findings)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return read_facts(folder)


def _accuracy(value, low, high, **more):
    given = {"pillar": "safety", "metric": "accuracy", "split": "test", "n": 200} | more
    return Finding(value=value, low=low, high=high, **given)


@pytest.mark.parametrize(
    ("word", "count"),
    [("model", 2), ("answer", 2), ("made", 1), ("tried", 1), ("people", 2), ("computer", 3), ("learned", 1),
     ("table", 2), ("wanted", 2), ("the", 1), ("device", 2), ("medical", 3), ("used", 1), ("you", 1)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert reading.syllables(word) == count


def test_the_grade_is_that_of_the_formula_by_hand():
    # 6 words of 1 syllable in 2 sentences: 0.39 * 3 + 11.8 * 1 - 15.59
    assert reading.grade(["The cat sat.", "It was red."]) == pytest.approx(-2.62)


@pytest.mark.parametrize("make", RUNS)
def test_english_can_be_read_at_the_age_of_twelve(make, tmp_path):
    facts = read_facts(make(tmp_path))
    pages = [patient_page(facts, "en"), *(answer_page(facts, answer) for answer in ANSWERS.values())]
    for page in pages:
        sentences = reading.own_words(page)
        assert len(sentences) > 15
        assert reading.grade(sentences) <= 7
        assert max(len(s.split()) for s in sentences) <= 20


@pytest.mark.parametrize("make", RUNS)
def test_chinese_sentences_are_short(make, tmp_path):
    facts = read_facts(make(tmp_path))
    pages = [patient_page(facts, "zh"), *(answer_page(facts, a, lang="zh") for a in ANSWERS.values())]
    for page in pages:
        lengths = [len(s) for s in reading.own_words(page)]
        assert sum(lengths) / len(lengths) <= 25 and max(lengths) <= 50


def test_how_often_it_is_right_is_told_of_100_people(tmp_path):
    findings = [_accuracy(0.8449, 0.7951, 0.9049), _accuracy(0.61, 0.5, 0.7, split="external:zurich")]
    words = _words(patient_page(_facts(tmp_path, findings, cohort={"records": 9, "patients": 9}), "en"))
    assert "Of 100 people like these, it was right for about 84." in words
    assert "may well lie from 80 to 90. The test had 200 people." in words
    assert "at another place (zurich). There, of 100 people, it was right for about 61." in words


@pytest.mark.parametrize(
    ("share", "told"), [(0.001, "fewer than 1"), (0.0, "0"), (0.999, "more than 99"), (1.0, "100")]
)
def test_next_to_none_is_not_none_and_next_to_all_is_not_all(share, told, tmp_path):
    words = _words(patient_page(_facts(tmp_path, [_accuracy(share, None, None)]), "en"))
    assert f"it was right for about {told}." in words


def test_where_patients_have_several_records_records_are_counted(tmp_path):
    facts = _facts(tmp_path, [_accuracy(0.8, 0.7, 0.9)], cohort={"records": 90, "patients": 30})
    assert "Of 100 records like these" in _words(patient_page(facts, "en"))
    assert "每 100 份这样的记录中" in _words(patient_page(facts, "zh"))


def test_a_group_that_is_served_worse_is_named_only_where_that_is_shown(tmp_path):
    def gap(value, low, enough, group):
        slice_, versus = {"sex": group}, {"sex": "everyone else"}
        return Finding(pillar="fairness", metric="accuracy_gap", value=value, low=low, high=0.5, n=80, split="test",
                       slice=slice_, versus=versus, enough=enough)  # fmt: skip

    shown = [gap(0.12, 0.02, True, "Female"), gap(0.3, 0.1, False, "Other"), gap(0.05, -0.1, True, "Male")]
    words = _words(patient_page(_facts(tmp_path, shown), "en"))
    assert "this group it was right less often: sex Female. It was wrong for about 12 more of 100." in words
    assert "Other" not in words
    assert "We saw no clear gap." in _words(patient_page(_facts(tmp_path, shown[2:]), "en"))
    assert "too few in each to tell" in _words(patient_page(_facts(tmp_path, shown[1:2]), "en"))


def test_what_was_not_measured_and_what_is_open_is_said(tmp_path):
    words = _words(patient_page(_facts(tmp_path, []), "en"))
    open_, unmeasured = words.split("What is still open")[1].split("What nobody has checked")
    for told in ("Who it is made for.", "What it must not be used for.", "Who reads its answers.", "said yes."):
        assert told in open_
    for told in (
        "How often it is right.",
        "at another place.",
        "as good for all groups.",
        "meets written rules.",
        "not like those it learned from.",
        "no answer when it is not sure.",
    ):
        assert told in unmeasured


@pytest.mark.parametrize(
    ("verdict", "told"), [("pass", "met all"), ("review", "Not yet."), ("block", "must not be used for patients")]
)
def test_the_verdict_is_told_plainly(verdict, told, tmp_path):
    page = patient_page(_facts(tmp_path, [], verdict={"verdict": verdict}), "en")
    assert told in _words(page) and "not a medical device" in page


def test_one_answer_is_told_in_words_and_of_100_people(tmp_path):
    facts = read_facts(fabricate.binary_run(tmp_path))
    words = _words(answer_page(facts, ANSWERS["sure"]))
    assert "“Healthy”: more likely than not. Of 100 people like this, it is true for about 70" in words
    assert "and not for about 30." in words and "Not yet. The checks left some points open." in words
    assert "all that it can not rule out: “Healthy”." in words
    drawn = html.fromstring(answer_page(facts, ANSWERS["sure"]))
    assert len(drawn.find_class("on")) == 70 and len(drawn.find_class("off")) == 30


def test_an_answer_that_is_withheld_shows_no_chance(tmp_path):
    facts = read_facts(fabricate.binary_run(tmp_path))
    words = _words(answer_page(facts, ANSWERS["silent"]))
    assert "gives no answer for you" in words and "not like those it learned from" in words
    assert "52" not in words and "48" not in words and "Healthy" not in words


def test_the_likeliest_of_many_are_shown_and_the_rest_is_not_hidden(tmp_path):
    facts = read_facts(fabricate.binary_run(tmp_path))
    words = _words(answer_page(facts, ANSWERS["many"]))
    assert [f"“{name}”:" in words for name in "abcd"] == [True, True, True, False]
    assert "It gave no more than this to all else." in words
    assert "None of the answers that it knows fits well." in words and "a person must look at this" in words


def test_a_number_has_its_interval(tmp_path):
    words = _words(answer_page(read_facts(fabricate.number_run(tmp_path)), ANSWERS["number"]))
    assert "Its guess is 6.250." in words and "from 4 to 9.500" in words
