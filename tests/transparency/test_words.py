"""Words, clauses and sentences of texts in English and Chinese, and tokens merged into them."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.backbones import locate_backbone
from primum.model.inputs import TextInput
from primum.transparency.parts import parts_of
from primum.transparency.words import word_of_token, words_of


def test_english_words_keep_numbers_and_hyphens():
    found = words_of("54-year-old man, 38.5 C. No ST-segment change; BP 120/80.")
    assert [w.text for w in found] == [
        "54-year-old", "man", "38.5", "C", "No", "ST-segment", "change", "BP", "120/80",
    ]  # fmt: skip
    assert [w.sentence for w in found] == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert [w.clause for w in found] == [0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_chinese_words_are_short_and_a_negation_stays_with_its_word():
    text = "患者无发热，咳嗽三天。胸痛明显"
    found = words_of(text)
    assert "".join(w.text for w in found) == "患者无发热咳嗽三天胸痛明显"
    assert "无发热" in [w.text for w in found]
    assert max(len(w.text) for w in found) <= 4
    assert found[-1].sentence == 1 and found[0].sentence == 0


@pytest.mark.parametrize("text", ["Chest pain, dyspnoea (NYHA II) & palpitations!", "无发热，胸闷3天。", "", "  ...  "])
def test_every_word_is_a_piece_of_the_text_in_order(text):
    at = 0
    for word in words_of(text):
        assert word.start >= at and text[word.start : word.end] == word.text
        at = word.end


def test_pieces_of_a_word_are_put_together():
    text = "Palpitations and dyspnoea."
    [places] = TextInput(locate_backbone("minilm"), max_tokens=32).places([text])
    words = words_of(text)
    owner = word_of_token(places.spans, words)
    owner[places.special] = -1
    spelt = {}
    for token, word in enumerate(owner.tolist()):
        if word >= 0:
            spelt[word] = spelt.get(word, "") + text[places.spans[token, 0] : places.spans[token, 1]]
    assert [spelt[i] for i in range(3)] == ["Palpitations", "and", "dyspnoea"]
    assert (owner[-2:] == -1).all()  # the full stop and the end


def test_without_any_word_there_is_no_text(known, table):
    model = known(lambda words, vitals: [0.0, float(len(words))])
    records = table(["fever, cough."], age=[50])
    [parts] = parts_of(model, records, model.prepare(records))
    assert not parts.tokens_kept(np.array([False, False, True])).any()
    assert parts.tokens_kept(np.array([True, False, True])).tolist() == [True, False]
