"""Which changes of words and numbers are plausible, by hand."""

import csv

import numpy as np
import pytest

from primum.cohort import VitalColumn
from primum.safety.robustness.search.vitals import bounds_of
from primum.safety.robustness.search.words import left_out, most_changes, places_of, words_of, written

NONE = frozenset()


def _places(text, known=NONE):
    return places_of(text, known, np.random.default_rng(0))


def test_words_numbers_and_denials():
    text = "Patient denies chest pain without fever; BP 150, has hypertension."
    places = _places(text)
    by_word = {text[place.start : place.end]: place.options for place in places}
    assert set(by_word) == {"Patient", "chest pain", "fever", "hypertension"}
    assert "thoracic pain" in by_word["chest pain"] and "HTN" in by_word["hypertension"]
    assert all(one[0].lower() == "p" and one != "Patient" for one in by_word["Patient"])
    assert all(a.end <= b.start for a, b in zip(places[:-1], places[1:], strict=True))
    assert written(text, places, {1: 0}) == text.replace("chest pain", places[1].options[0])
    assert left_out("chest pain today", _places("chest pain today")[:1]) == " today"


def test_a_typing_error_that_makes_another_word_is_not_tried():
    every = {one for seed in range(40) for one in places_of("from", NONE, np.random.default_rng(seed))[0].options}
    assert "form" in every
    known = frozenset({"form"})
    assert "form" not in {
        one for seed in range(40) for one in places_of("from", known, np.random.default_rng(seed))[0].options
    }


def test_chinese_has_places_and_half_as_many_words_as_characters():
    text = "患者胸闷三天，头晕，血压升高。"
    found = {text[place.start : place.end] for place in _places(text)}
    assert {"胸闷", "头晕", "血压"} <= found
    assert most_changes("胸" * 40) == 2 and most_changes("a b") == 1 and most_changes("word " * 35) == 3


def test_every_change_of_real_notes_keeps_all_else(shared_data):
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)][:60]
    for text in texts:
        places = _places(text, frozenset(words_of(text)))
        assert places
        for number, place in enumerate(places):
            for option, new in enumerate(place.options):
                changed = written(text, places, {number: option})
                assert changed != text
                assert changed[: place.start] == text[: place.start]
                assert changed[place.start + len(new) :] == text[place.end :]


@pytest.mark.parametrize(
    ("values", "value", "expected"),
    [
        ([100, 110, 120, 130, 140], 120, (118.0, 122.0)),  # the middle half spans 20
        ([100, 110, 120, 130, 140], 140, (138.0,)),  # the observed range is not left
        ([100, 110, 120, 130, 140], 150, ()),  # outside already
        ([0, 0, 1, 1, 2, 3], 1, ()),  # a tenth of a whole number is no measurement
        ([0.0, 0.5, 1.0, 1.5, 2.0], 1.0, (0.9, 1.1)),
        ([36.6, 36.9, 37.0, 37.2], 37.0, ()),
        ([5, 5, 5, 5], 5, None),
    ],
)
def test_numbers_stay_within_error_and_range(values, value, expected):
    column = VitalColumn(name="x", kind="number", values=np.array([*values, np.nan, 1e6], dtype=float))
    bounds = bounds_of({"x": column}, np.arange(len(values) + 1))
    assert (bounds["x"].options(value) if bounds else None) == (
        expected if expected is None else pytest.approx(expected)
    )
    assert not bounds or bounds["x"].options(float("nan")) == ()
