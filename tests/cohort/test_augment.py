"""Augmented texts: other words of the same group, a part of the same text, the same again from the same seed."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from primum.cohort.augment import cropped, with_synonyms

NOTE = "Shortness of breath and fever since Monday. Heart attack in 2010. Denies itching."


def _groups(root, lang):
    return yaml.safe_load((root / f"src/primum/cohort/words/synonyms_{lang}.yaml").read_text(encoding="utf-8"))


def test_every_word_is_replaced_by_another_of_its_group(root, rng):
    for lang in ("en", "zh"):
        groups = _groups(root, lang)
        assert len(groups) > 30
        for group in groups:
            for word in group:
                changed = with_synonyms(word, rng, share=1.0)
                assert changed in group and changed != word


def test_a_word_belongs_to_one_group(root):
    for lang in ("en", "zh"):
        listed = [word for group in _groups(root, lang) for word in group]
        assert len(listed) == len(set(listed))


def test_case_is_kept_and_other_words_stay(rng):
    changed = with_synonyms(NOTE, rng, share=1.0)
    assert changed.startswith(("Dyspn", "Breathlessness"))
    assert changed.endswith("Denies pruritus.") or changed.endswith("Denies itchiness.")
    assert "Myocardial infarction in 2010." in changed and "since Monday" in changed
    assert with_synonyms("FEVER", rng, share=1.0) == "PYREXIA"


def test_chinese_words_are_replaced(rng):
    changed = with_synonyms("胸闷三天，伴发热", rng, share=1.0)
    assert changed in ("胸部憋闷三天，伴发烧", "胸部闷胀三天，伴发烧")


def test_parts_of_words_and_texts_without_terms_stay(rng):
    for text in ("feverfew, strokes, unimproved", "no complaint", "", "血压正常"):
        assert with_synonyms(text, rng, share=1.0) == text
    assert with_synonyms(NOTE, rng, share=0.0) == NOTE


def test_about_the_asked_share_is_replaced():
    generator = np.random.default_rng(0)
    text = " ".join(["fever"] * 4000)
    replaced = with_synonyms(text, generator, share=0.3).split().count("pyrexia")
    # binomial(4000, 0.3): five standard deviations are 145
    assert abs(replaced - 1200) < 145


@pytest.mark.parametrize("augment", [with_synonyms, cropped])
def test_the_same_seed_gives_the_same_text(augment):
    texts = [augment(NOTE, np.random.default_rng(3)) for _ in range(2)]
    assert texts[0] == texts[1]
    assert len({augment(NOTE, np.random.default_rng(seed)) for seed in range(20)}) > 1


def test_a_crop_keeps_whole_neighbouring_sentences(rng):
    sentences = ["First one here.", "Value 2.5 mg given.", "Third?", "胸闷三天。", "Last"]
    for _ in range(30):
        crop = cropped(" ".join(sentences), rng, keep=0.4)
        assert crop in {" ".join(sentences[i : i + 2]) for i in range(4)}


def test_a_crop_of_one_sentence_keeps_neighbouring_tokens(rng):
    words = "chest pain for three days at rest without fever or cough".split()
    for _ in range(30):
        assert cropped(" ".join(words), rng, keep=0.5) in {" ".join(words[i : i + 6]) for i in range(6)}


@given(st.text(max_size=80), st.floats(0.01, 1.0), st.integers(0, 5))
def test_a_crop_is_part_of_the_text_and_never_empty(text, keep, seed):
    crop = cropped(text, np.random.default_rng(seed), keep=keep)
    assert crop in text
    assert bool(crop) or not text.strip()


@pytest.mark.parametrize("keep", [0.0, -1.0, 1.1])
def test_an_impossible_share_is_refused(keep, rng):
    with pytest.raises(ValueError, match="keep"):
        cropped(NOTE, rng, keep=keep)
