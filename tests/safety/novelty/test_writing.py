"""What a text is unlike, score by score, on real symptom descriptions and on planted oddities."""

import csv
import json
from hashlib import blake2b

import numpy as np
import pytest

from primum.safety.novelty.writing import Writing

TEXTS = [f"The patient number {i} has a cough and a fever since {i} days" for i in range(40)]


@pytest.fixture(scope="module")
def descriptions(shared_data):
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


@pytest.fixture(scope="module")
def real(descriptions):
    return Writing.fit(descriptions[::2])


def test_each_oddity_raises_its_own_score(real, descriptions):
    plain = descriptions[1]
    odd = {
        "spelling": "".join(sorted(plain)),
        "words": "Quarterly revenue guidance was reaffirmed despite currency headwinds.",
        "script": "患者近三天咳嗽发热，伴有头痛。",
        "length": plain * 30,
        "encoding": plain.replace("a", "\ufffd"),
    }
    usual = {name: values for name, values in real.scores(descriptions[1::2]).items()}
    for name, text in odd.items():
        assert real.scores([text])[name][0] > np.quantile(usual[name], 0.99), name


def test_a_full_width_letter_is_of_another_script(real):
    usual, odd = real.scores(["I have a fever.", "Ｉ ｈａｖｅ ａ ｆｅｖｅｒ."])["script"]
    assert odd > usual + 5


@pytest.mark.parametrize("damaged", ["Ã©tÃ©", "å¿ƒè„", "a\u200bb", "a\x00b", "\ufeffa"])
def test_damage_is_seen(real, damaged):
    assert real.scores([damaged])["encoding"][0] > 0.1


def test_no_text_has_no_score(real):
    assert all(np.isnan(values).all() for values in real.scores([None, "  "]).values())


def test_what_is_kept_was_shared_by_five_records():
    rare = "zyxwv quux"
    kept = json.dumps(Writing.fit([*TEXTS, rare, rare, rare, rare]).to_json())
    assert "zyx" not in kept and "quux" not in kept
    assert "cou" in kept
    assert "cough" not in kept and blake2b(b"cough", digest_size=8).hexdigest() in kept  # known again, but not told


def test_it_comes_back_from_json_as_it_was(real, descriptions):
    again = Writing.from_json(json.loads(json.dumps(real.to_json())))
    texts = descriptions[:20]
    for name, values in real.scores(texts).items():
        np.testing.assert_array_equal(values, again.scores(texts)[name])


def test_spelling_is_the_smoothed_counts_of_three(rng):
    fitted = Writing.fit(["abab abab"] * 10)
    one, two, three = fitted.grams
    text, total = " ab ", sum(one.values())
    bits = []
    for i in range(len(text) - 2):
        a, b, c = text[i : i + 3]
        p = (one[c] + 0.5) / (total + 0.5 * (len(one) + 1000))
        p = (two.get(b + c, 0) + 5 * p) / (one[b] + 5)
        p = (three.get(a + b + c, 0) + 5 * p) / (two.get(a + b, 0) + 5)
        bits.append(-np.log2(p))
    assert fitted.scores(["ab"])["spelling"][0] == pytest.approx(np.mean(bits))
