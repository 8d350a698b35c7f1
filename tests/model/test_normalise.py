"""The form of texts by hand: tricks undone, Chinese, Russian, Greek and numbers left whole."""

import csv

import numpy as np
import pytest

from primum.model.inputs.normalise import NORMALISATIONS, unicode_1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ｃｈｅｓｔ　ｐａｉｎ，　ＢＰ　１２０／８０", "chest pain, BP 120/80"),
        ("chеst раin", "chest pain"),  # Cyrillic inside words, and a word of look-alikes alone
        ("сhest pаin: а соре", "chest pain: a cope"),
        ("Ηeart Αttack", "Heart Attack"),  # Greek capitals
        ("chest\u200b pa\u00adin \u202eleft\u202c\ufeff", "chest pain left"),
        ("𝐜𝐡𝐞𝐬𝐭 𝗽𝗮𝗶𝗻, ﬁbrillation, 5 ㎎", "chest pain, fibrillation, 5 mg"),
        ("pain\u00a0left, 38℃", "pain left, 38°C"),
        ("cafe\u0301", "café"),
    ],
)
def test_what_looks_the_same_becomes_the_same(before, after):
    assert unicode_1(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "患者胸闷三天，血压150/90 mmHg；伴头晕（轻度）：无发热！体温38.5～39？。",
        "10⁹/L, m², CO₂, 1½ tablets, ①",
        "боль в груди, рост 170, сорок лет, ECG: норма",
        "α-blocker, β2 agonist, ΔT, μg, Ω",
        "می‌روم",  # a joiner that Persian needs
        "naïve Müller, Ångström",
        "",
    ],
)
def test_what_carries_meaning_stays(text):
    assert unicode_1(text) == text


def test_full_width_digits_and_signs_in_chinese_are_plain_and_its_own_marks_stay():
    assert unicode_1("血压１２０／８０，体温３８．５") == "血压120/80，体温38.5"


def test_the_form_of_a_form_is_itself_and_older_forms_stay_registered(shared_data):
    assert list(NORMALISATIONS) == ["none", "unicode_1"]
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)][:200]
    assert [unicode_1(text) for text in texts if text.isascii()] == [text for text in texts if text.isascii()]
    rng = np.random.default_rng(0)
    alphabet = list("ab １ａ，。аеЖ中\u200bé½ﬁ𝐜①\u0301")
    for _ in range(300):
        once = unicode_1("".join(rng.choice(alphabet, 12)))
        assert unicode_1(once) == once
