"""When a text says a word and means it."""

import pytest

from primum.knowledge.rules.words import says


def _said(text, *words, past=False):
    return says(text, text.casefold(), words, past=past)


@pytest.mark.parametrize(
    "text",
    [
        "He has chest pain.",
        "No fever. Chest pain since noon.",
        "No fever, has chest pain now",
        "Denies fever but has chest pain",
        "I did not sleep at all last night because of the chest pain",
        "no cough and then chest pain started",
        "CHEST-PAIN for two days",
        "Doctor: Do you have chest pain? Patient: Yes, since noon.",
        "I have chest pain, what should I do?",
    ],
)
def test_what_is_said_is_found(text):
    assert _said(text, "chest pain")


@pytest.mark.parametrize(
    "text",
    [
        "No chest pain.",
        "denies fever, cough, chest pain, or palpitations",
        "no fever, chills, or chest pain",
        "no fever, chest pain, or cough",
        "without any chest pain",
        "I don't have chest pain",
        "negative for chest pain",
        "chest pain was ruled out",
        "Chest pain: none",
        "History of chest pain",
        "if you develop chest pain call us",
        "Doctor: Do you have chest pain? Patient: No.",
        "chest painting",
        "headache",
    ],
)
def test_what_is_denied_past_feared_or_asked_is_not(text):
    assert not _said(text, "chest pain")


@pytest.mark.parametrize("text", ["今天呕血两次", "无发热，呕血一次", "没有发烧，但是呕血", "患者呕血"])
def test_chinese_is_found(text):
    assert _said(text, "呕血")


@pytest.mark.parametrize(
    "text", ["无呕血", "否认呕血、黑便", "无发热、呕血及黑便", "既往呕血", "未见呕血", "如出现呕血请就诊", "呕血：无"]
)
def test_chinese_that_denies_is_not(text):
    assert not _said(text, "呕血")


def test_an_allergy_of_the_past_is_one():
    text = "History of penicillin allergy."
    assert _said(text, "penicillin allergy", past=True) and not _said(text, "penicillin allergy")
    assert not _said("No penicillin allergy.", "penicillin allergy", past=True)


def test_a_star_stands_for_any_ending():
    assert _said("prostatic hyperplasia", "prostat*") and not _said("prostatic hyperplasia", "prostat")
