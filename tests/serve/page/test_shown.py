"""Small things that are shown: shares, moments, and a note cut at the words of its reason."""

from __future__ import annotations

import pytest

from primum.serve.answering import Explanation
from primum.serve.page.consult import pieces
from primum.serve.page.rendering import day, moment, percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.01, "1 %"), (0.555, "56 %"), (0.994, ">99 %"), (1.0, "100 %"), (None, "–")],
)
def test_what_is_not_nothing_is_not_shown_as_nothing(share, shown):
    assert percent(share) == shown


def test_moments_are_in_utc_wherever_they_come_from():
    assert moment(0.0) == "1970-01-01 00:00 UTC"
    assert moment("2026-11-26T01:30:00+02:00") == "2026-11-25 23:30 UTC"
    assert moment("2026-11-26T14:00:00.123456Z") == "2026-11-26 14:00 UTC"
    assert (moment(None), moment(""), day("2026-11-26T14:00:00Z")) == ("–", "–", "2026-11-26")


def _told(text, words):
    return Explanation(
        method="occlusion",
        about="ill",
        holds=True,
        withheld_because=(),
        comprehensiveness=0.5,
        comprehensiveness_of_chance=0.1,
        sufficiency=0.1,
        stability=1.0,
        text=text,
        words=tuple({"start": start, "end": end, "adds": adds} for start, end, adds in words),
        vitals=(),
    )


def test_a_note_is_cut_at_its_words_and_loses_nothing():
    found = pieces(_told("chest pain, no fever", [(15, 20, -0.1), (0, 5, 0.4), (6, 10, 0.2)]))
    assert found == [("chest", 1.0), (" ", 0.0), ("pain", 0.5), (", no ", 0.0), ("fever", -0.25)]
    assert "".join(piece for piece, _ in found) == "chest pain, no fever"


def test_words_that_overlap_and_words_that_add_nothing_break_nothing():
    assert "".join(piece for piece, _ in pieces(_told("abcdef", [(0, 3, 0.0), (2, 5, 0.0)]))) == "abcdef"
    assert pieces(_told("", [])) == []
