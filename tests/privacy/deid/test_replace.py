"""What stands in the place of an identifier."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from primum.errors import InputError
from primum.privacy.deid import Keyed, find, plan_of, read_key
from primum.privacy.deid.lists import sexes
from primum.privacy.deid.moving import moved
from primum.privacy.deid.surrogates import surrogate

KEY = Keyed(key=b"a key of thirty-two bytes, no less")


def _applied(text, plan, patient="1"):
    return plan.apply(text, find(text), patient=patient)


def test_masks_say_the_kind():
    assert _applied("Dr. Okafor, 03/04/2021, age 93", plan_of()) == "Dr. [NAME], [DATE], age [AGE]"


def test_surrogates_agree_within_a_patient_and_differ_between_patients():
    plan = plan_of(base="surrogate", keyed=KEY)
    whole, short = _applied("Patient: John Tesfaye", plan), _applied("Mr. Tesfaye", plan)
    assert whole.split()[-1] == short.split()[-1]
    assert "Tesfaye" not in whole and "John" not in whole
    assert whole != _applied("Patient: John Tesfaye", plan, patient="2")
    assert whole != _applied("Patient: John Tesfaye", plan_of(base="surrogate", keyed=Keyed(key=b"x" * 32)))


def test_sex_and_language_are_kept():
    for name, sex in (("Mary", "f"), ("Robert", "m")):
        assert sexes()[surrogate(name, "name", patient="1", keyed=KEY)] == sex
    made = surrogate("欧阳丽娟", "name", patient="1", keyed=KEY)
    assert len(made) == 4 and made != "欧阳丽娟"
    assert (
        surrogate("张芳", "name", patient="1", keyed=KEY)[1] in "芳娜敏静丽娟霞莉玲秀兰英红梅燕雪婷琳慧颖洁倩蓉莹萍瑶怡"
    )


@pytest.mark.parametrize("kind", ["national_id", "phone", "record_number", "vehicle", "email", "url", "ip", "photo"])
def test_codes_keep_their_shape_and_nothing_else(kind):
    made = surrogate("AB-123 456x", kind, patient="1", keyed=KEY)
    assert made != "AB-123 456x"
    assert made == surrogate("AB-123 456x", kind, patient="1", keyed=KEY)
    if kind in ("national_id", "phone", "record_number", "vehicle"):
        assert [one.isdigit() for one in made] == [one.isdigit() for one in "AB-123 456x"]


@given(st.dates(dt.date(1935, 1, 1), dt.date(2024, 12, 31)), st.integers(-365, 365))
def test_dates_move_by_days_in_every_form(day, days):
    new = day + dt.timedelta(days=days)
    assume(day.month != 5)  # "May" is short and long at once
    for form in ("%m/%d/%Y", "%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%Y年%m月%d日", "%Y%m%d", "%d%b%Y"):
        assert moved(day.strftime(form), days) == new.strftime(form)


def test_intervals_are_kept_and_odd_forms_masked():
    plan = plan_of(base="surrogate", keyed=KEY)
    first, second = _applied("03/04/2021 03/14/2021", plan).split()
    gap = dt.datetime.strptime(second, "%m/%d/%Y") - dt.datetime.strptime(first, "%m/%d/%Y")
    assert gap.days == 10 and first != "03/04/2021"
    assert moved("March 2021", 3) is None and moved("31/02/2021", 3) is None
    assert moved("03/04/2021", 1, day_first=True) == "04/04/2021"
    assert _applied("seen March 2021", plan) == "seen [DATE]"


@given(st.text(min_size=1, max_size=12))
def test_no_patient_moves_by_nothing(patient):
    assert 1 <= abs(KEY.days(patient)) <= 365


def test_places_and_ages_become_general():
    plan = plan_of(changes={"age": "generalise", "address": "generalise"})
    assert _applied("a 93-year-old man", plan) == "a 90+-year-old man"
    assert _applied("at 42 Elm Street, Springfield, IL 62701", plan) == "at [ADDRESS], IL"
    assert _applied("住址：广东省广州市天河区人民路12号", plan) == "住址：广东[ADDRESS]"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"base": "hide"}, "expected mask or surrogate, got 'hide'"),
        ({"base": "surrogate"}, "surrogates and moved dates need a key that you keep"),
        ({"changes": {"nam": "mask"}}, "did you mean 'name'"),
        ({"changes": {"name": "maks"}}, "did you mean 'mask'"),
        ({"changes": {"date": "surrogate"}}, "surrogate does not suit date; choose one of mask, shift, keep"),
    ],
)
def test_a_plan_that_cannot_be_says_why(given, said):
    with pytest.raises(InputError, match=said):
        plan_of(**given)


def test_a_key_must_be_long_and_there(tmp_path):
    (tmp_path / "short").write_text("abc\n")
    with pytest.raises(InputError, match="has 3 bytes, expected at least 16"):
        read_key(tmp_path / "short")
    with pytest.raises(InputError, match="cannot be read; make one with"):
        read_key(tmp_path / "none")
    assert "key" not in repr(read_key_of(tmp_path)).lower().replace("keyed", "")


def read_key_of(folder):
    (folder / "long").write_text("0" * 32 + "\n")
    return read_key(folder / "long")
