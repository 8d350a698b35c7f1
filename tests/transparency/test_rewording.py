"""Harmless rewordings: each changes what it says it does, nothing else, and never what a note says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import spearmanr

from primum.cohort.records import Records, TextList
from primum.model.backbones import locate_backbone
from primum.model.inputs import TextInput
from primum.transparency import explain, stable
from primum.transparency.parts import Parts
from primum.transparency.rewording import REWORDINGS, reworded, sentences
from primum.transparency.trust import stability
from primum.transparency.words import words_of

NOTE = "Chest pain with dyspnea for 2.5 days, because of exertion. No fever and no cough. ECG shows ST depression."
WORDS = (
    "red blue tall small warm cold deep wide long short old new left right upper lower front back first last good bad "
    "high low soft hard dry wet thin thick dark light fast slow early late open full near far"
).split()
HAN_NOTE = "患者因为胸痛就诊，但是没有发热。血压为140/90。心电图正常。"


def _letters(text):
    return sorted(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("note", [NOTE, HAN_NOTE])
def test_at_least_five_rewordings_in_either_language(note):
    assert len(reworded(note)) >= 5 - (note == HAN_NOTE)  # Chinese has no case
    assert all(other != note for other in reworded(note).values())


@pytest.mark.parametrize("note", [NOTE, HAN_NOTE])
@pytest.mark.parametrize("name", ["punctuation", "case", "whitespace", "sentence_order"])
def test_form_alone_keeps_every_word(name, note):
    assert _letters(REWORDINGS.get(name)(note)) == _letters(note)


@pytest.mark.parametrize("name", list(REWORDINGS))
def test_figures_and_negations_stay(name):
    for note in (NOTE, HAN_NOTE):
        other = REWORDINGS.get(name)(note)
        figures = re.compile(r"\d+(?:[./]\d+)?")
        assert sorted(figures.findall(other)) == sorted(figures.findall(note))
        for negation in ("no", "not", "没", "无"):
            pattern = rf"\b{negation}\b" if negation.isascii() else negation
            assert len(re.findall(pattern, other, re.I)) == len(re.findall(pattern, note, re.I))


def test_sentences_move_only_where_none_points_back():
    moved = REWORDINGS.get("sentence_order")
    assert moved("A cough. A rash.") == "A rash. A cough."
    assert moved("患者胸痛。心电图正常。") == "心电图正常。患者胸痛。"
    for note in ("A rash. It itches.", "胸痛三天。随后发热。", "One sentence.", "He fell. Then he vomited."):
        assert moved(note) == note
    assert sentences("Pain for 2.5 days. No fever.") == ["Pain for 2.5 days.", "No fever."]


def test_white_space_and_case_change_nothing_that_an_uncased_model_reads():
    fitted = TextInput(locate_backbone("minilm"), max_tokens=64)
    own, spaced, lower = (
        fitted.prepare(Records(n=1, text=TextList([text]))).ids.tolist()
        for text in (NOTE, reworded(NOTE)["whitespace"], reworded(NOTE)["case"])
    )
    assert own == spaced == lower


def _parts(text):
    words = words_of(text)
    return Parts(
        words=words,
        token_word=np.arange(len(words)),
        special=np.zeros(len(words), bool),
        vitals=np.empty(0, np.int64),
        names=(),
    )


def test_a_word_is_found_again_wherever_its_sentence_went():
    first, second = _parts("red rash. red eyes hurt."), _parts("red eyes hurt. red rash.")
    own = np.array([1.0, 5.0, 2.0, 3.0, 4.0])
    other = np.array([1.0, 3.0, 4.0, 2.0, 5.0])  # each word as in `own`, the two reds by order
    assert stability([own], [first], [other], [second])[0] == pytest.approx(1.0)
    assert stability([own], [first], [-other], [second])[0] == pytest.approx(-1.0)


def test_the_correlation_of_reasons_is_spearmans_with_equal_ones_too():
    generator, parts = np.random.default_rng(3), _parts("a b c d e f g h")
    for _ in range(50):
        own, other = generator.integers(0, 4, 8).astype(float), generator.normal(size=8)
        if np.ptp(own) > 0:
            expected = spearmanr(own, other).statistic
            assert stability([own], [parts], [other], [parts])[0] == pytest.approx(expected, abs=1e-12)


class Reader:
    """Answers by the tokens of a real tokenizer and where they stand; counts the records that it is asked about."""

    classes = ("a", "b")

    def __init__(self):
        self.fitted, self.asked = TextInput(locate_backbone("minilm"), max_tokens=64), 0

    def prepare(self, records):
        return {"text": self.fitted.prepare(records)}

    def predict_prepared(self, prepared):
        text = prepared["text"]
        self.asked += len(text.lengths)
        pieces = np.split(text.ids, text.offsets[1:-1])
        score = np.array([(np.sin(ids) * 0.9 ** np.arange(len(ids))).sum() for ids in pieces])
        return np.stack([1 / (1 + np.exp(score)), 1 / (1 + np.exp(-score))], axis=1)

    def thinned(self, prepared, rows, tokens, vitals):
        return {"text": prepared["text"].thinned(rows, tokens)}

    def token_places(self, records):
        return self.fitted.places(records.text.take(np.arange(len(records))))

    def vital_names(self):
        return ()

    def vitals_there(self, prepared):
        return np.zeros((len(prepared["text"].lengths), 0), dtype=bool)


def test_what_the_model_reads_alike_is_not_asked_about_again(table, monkeypatch):
    monkeypatch.setattr(stable, "COMPARED", 10**6)
    notes = [NOTE, "Cough at night. Some rash today.", "Fever for three days, no cough. Itching and a red rash."]
    few, every = Reader(), Reader()
    sparing = explain(few, table(notes), method="occlusion", draws=2)
    monkeypatch.setattr(stable, "_reads_otherwise", lambda subject, prepared, rows: np.ones(len(rows), bool))
    whole = explain(every, table(notes), method="occlusion", draws=2)
    np.testing.assert_allclose(sparing.stable, whole.stable, atol=1e-12)
    np.testing.assert_allclose(sparing.worst, whole.worst, atol=1e-12)
    assert sparing.worst.min() < 1.0  # some rewording is read otherwise
    assert few.asked < 0.8 * every.asked


def test_mean_and_worst_over_all_rewordings(known, table):
    def rule(words, vitals):
        # What stands first counts most, so that the order of sentences changes the reason and nothing else does.
        return [0.0, sum(len(w) * 0.5 ** (2 * i) for i, w in enumerate(words))]

    reasons = explain(known(rule), table(["Cough at night. Some rash today."]), method="occlusion", draws=2)
    assert reasons.worst[0] < reasons.stable[0] < 1.0
    steady = explain(
        known(lambda words, vitals: [0.0, sum(len(w) ** 0.5 for w in words)]),
        table(["Cough at night. Some rash today."]),
        method="occlusion",
        draws=2,
    )
    assert steady.worst[0] == pytest.approx(1.0, abs=0.1)


def test_some_parts_of_a_rewording_speak_for_all(table, monkeypatch):
    rng = np.random.default_rng(5)
    notes = [" ".join(rng.permutation(WORDS)) + ". Rash." for _ in range(12)]
    few, every = Reader(), Reader()
    sampled = explain(few, table(notes), method="occlusion", draws=1)
    monkeypatch.setattr(stable, "COMPARED", 10**6)
    whole = explain(every, table(notes), method="occlusion", draws=1)
    assert few.asked < 0.7 * every.asked
    assert np.abs(sampled.stable - whole.stable).max() < 0.3
    assert abs(float(np.mean(sampled.stable - whole.stable))) < 0.1  # no bias to speak of
