"""Edits of notes, in English and Chinese: found, small, and silent about age and sex."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort.negation import affirmed, denied_clauses
from primum.cohort.swap_ages import ages_told
from primum.transparency.counterfactual import counterfactuals, fit_terrain, most_probable
from primum.transparency.counterfactual.note import edits_of, with_edits

NOTE = "63-year-old man with typical angina. He was well until May. No fever. Blood pressure was 130."
NOTE_ZH = "患者男，63岁。胸痛三天。无发热。血压130。"


def _says(word, denial):
    def score(_, texts):
        return [2.0 if word in (t or "") and f"{denial}{word}" not in (t or "") else -2.0 for t in texts]

    return score


def _found(rule, table, texts, score):
    terrain = fit_terrain({}, np.arange(len(texts)).astype(str), directions={})
    return counterfactuals(rule(score), table(texts=texts), terrain, decide=most_probable)


@pytest.mark.parametrize(
    ("note", "word", "denial"), [(NOTE, "typical angina", "without "), (NOTE_ZH, "胸痛", "否认")], ids=["en", "zh"]
)
def test_the_finding_that_the_answer_hangs_on_is_denied_or_left_out(rule, table, note, word, denial):
    found = _found(rule, table, [note], _says(word, denial))
    some = found.of_note[0]
    assert 1 <= len(some) <= 3
    for one in some:
        [change] = one.changes
        assert word in change.before and change.edit in ("denied", "left_out")
        assert note[change.start : change.end] == change.before
        new = with_edits(note, [change])
        assert _says(word, denial)({}, [new]) == [-2.0]
        assert one.distance == pytest.approx(1 + len(change.before) / len(note))


@pytest.mark.parametrize(("note", "word"), [(NOTE, "No fever"), (NOTE_ZH, "无发热")], ids=["en", "zh"])
def test_a_denied_finding_is_affirmed(rule, table, note, word):
    found = _found(rule, table, [note], lambda _, texts: [2.0 if word in (t or "") else -2.0 for t in texts])
    assert "affirmed" in {change.edit for one in found.of_note[0] for change in one.changes}


@pytest.mark.parametrize("note", [NOTE, NOTE_ZH], ids=["en", "zh"])
def test_age_and_sex_stay(note):
    edits = edits_of(note)
    assert edits
    for edit in edits:
        new = with_edits(note, [edit])
        assert ages_told(new) == ages_told(note) == frozenset({63})
        assert ("man" in new or "He" in new) if "man" in note else "男" in new
        assert "no 63" not in new and "not 63" not in new and "否认患者" not in new and "否认63" not in new


def test_two_places_are_changed_where_one_does_not_do(rule, table):
    note = "Pain in the chest. Pain in the arm. Slept well. Ate well."
    found = _found(rule, table, [note], lambda _, texts: [(t or "").count("Pain") - 0.5 for t in texts])
    assert found.of_note[0]
    for one in found.of_note[0]:
        assert len(one.changes) == 2
        assert "Pain" not in with_edits(note, one.changes) or "no Pain" in with_edits(note, one.changes)


def test_nothing_is_found_in_an_empty_note_or_where_nothing_turns_the_answer(rule, table):
    found = _found(rule, table, ["", None, NOTE], lambda _, texts: [1.0 for _ in texts])
    assert [len(some) for some in found.of_note] == [0, 0, 0]


def test_denials_are_taken_back_by_their_words():
    text = "She denies chest pain, has no fever. 否认胸痛，未见异常。"
    new = [affirmed(text, span) for span in denied_clauses(text)]
    assert any("reports chest pain" in one for one in new) and any("has fever" in one for one in new)
    assert any("有胸痛" in one for one in new) and any("有异常" in one for one in new)
    assert affirmed("negative findings", (0, 17)) is None
