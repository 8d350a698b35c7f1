"""What a finding is compared with, in words: in the verdict's sentences as in the report."""

from primum.ethics.sentences import _subject
from primum.evidence import Finding
from primum.i18n import compared_with


def _finding(versus, metric="perturbation_flip_rate"):
    return Finding(
        pillar="safety", metric=metric, value=0.1, low=0.0, high=0.2, level=0.95, n=80, versus=versus, split="test",
        enough=True, method="counted", reference="none",
    )  # fmt: skip


def test_names_of_primums_own_are_words_in_both_languages():
    assert compared_with("perturbation", "full_width") == "full-width letters"
    assert compared_with("perturbation", "full_width", "zh") == "全角字符"
    assert compared_with("perturbation", "another_way") == "another way"
    assert compared_with("group", "everyone else", "zh") == "其余所有人"


def test_levels_of_patients_stay_as_they_are_written():
    assert compared_with("sex", "not_stated") == "not_stated"


def test_the_verdicts_sentence_uses_them():
    assert _subject(_finding({"perturbation": "full_width"}), "en").endswith("against full-width letters")
    assert "（相对于 其余所有人）" in _subject(_finding({"group": "everyone else"}), "zh")
