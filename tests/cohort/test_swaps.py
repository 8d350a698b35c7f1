"""Swapped records: text and vitals change together, nonsense is skipped and counted, nothing is changed in place."""

import numpy as np
import pytest

from primum.cohort import (
    InputRoles,
    Roles,
    SensitiveRole,
    TargetRole,
    VitalRole,
    find_swaps,
    read_cohort,
    swapped_records,
    take,
)

TABLE = {
    "note": [
        "54-year-old woman with chest pain; she smokes",
        "70-year-old man with cough",
        "50-year-old woman, 8 weeks pregnant",
        "Chest pain",
        None,
        "患者男，30岁，他胸闷",
        "Mary is a 30 y/o F",
        "15-year-old boy",
    ],
    "age": ["54", "70", "50", "60", "30.5", "30", "30", "15"],
    "sex": ["Female", "Male", "Female", "Male", "Female", "Male", "", "Male"],
    "psa": ["", "", "", "4", "", "", "", ""],
    "y": ["a", "b"] * 4,
}


def _cohort(table=TABLE, *, vitals=("age", "sex", "psa"), sensitive=None, text=("note",)):
    sensitive = sensitive or (SensitiveRole(column="sex"), SensitiveRole(column="age", bins=(0, 45, 65, 120)))
    inputs = InputRoles(text=text, vitals=tuple(VitalRole(column=name) for name in vitals))
    return read_cohort(table, Roles(inputs=inputs, target=TargetRole(column="y"), sensitive=tuple(sensitive)))


def _texts(records):
    return records.text.take(np.arange(len(records)))


def _swap(cohort, attribute, step=0):
    return [swap for swap in find_swaps(cohort) if swap.attribute == attribute][step]


def test_sex_changes_in_text_and_vitals_together():
    cohort = _cohort()
    swapped = swapped_records(cohort, _swap(cohort, "sex"))
    texts = _texts(swapped.records)
    assert texts[0] == "54-year-old man with chest pain; he smokes"
    assert texts[5] == "患者女，30岁，她胸闷"
    assert texts[6] == "James is a 30 y/o M"
    assert swapped.records.vitals["sex"].values.tolist() == [
        "Male", "Female", "Female", "Male", "Male", "Female", None, "Female",
    ]  # fmt: skip
    assert swapped.changed.tolist() == [True, True, False, False, True, True, True, True]
    assert swapped.skipped.tolist() == [False, False, True, True, False, False, False, False]
    assert swapped.groups.tolist() == ["Male", "Female", "Female", "Male", "Male", "Female", "unknown", "Female"]


def test_skipped_records_and_other_vitals_keep_what_they_say():
    cohort = _cohort()
    swapped = swapped_records(cohort, _swap(cohort, "sex"))
    assert _texts(swapped.records)[2:5] == TABLE["note"][2:5]
    for name in ("age", "psa"):
        np.testing.assert_array_equal(swapped.records.vitals[name].values, cohort.records.vitals[name].values)


def test_the_cohort_stays_as_it_was():
    cohort = _cohort()
    for swap in find_swaps(cohort):
        swapped_records(cohort, swap)
    fresh = _cohort()
    assert _texts(cohort.records) == _texts(fresh.records)
    for name, vital in fresh.records.vitals.items():
        np.testing.assert_array_equal(cohort.records.vitals[name].values, vital.values)
    assert cohort.sensitive["sex"].tolist() == fresh.sensitive["sex"].tolist()


def test_chunks_and_take_agree():
    cohort = _cohort()
    swapped = swapped_records(cohort, _swap(cohort, "sex"))
    assert [text for chunk in swapped.records.text.chunks(3) for text in chunk] == _texts(swapped.records)
    assert swapped.records.text.take([6, 0]) == [_texts(swapped.records)[6], _texts(swapped.records)[0]]


def test_ages_move_one_band_on_and_children_stay():
    cohort = _cohort()
    swap = _swap(cohort, "age")
    assert swap.to == {"0-45": "45-65", "45-65": "65-120", "65-120": "0-45"}
    swapped = swapped_records(cohort, swap)
    texts, ages = _texts(swapped.records), swapped.records.vitals["age"].values
    assert texts[0] == "78-year-old woman with chest pain; she smokes" and ages[0] == 78
    # 70 lies 5/30 into 65-95, so 4.5 of 27 years above 18.
    assert texts[1] == "22-year-old man with cough" and ages[1] == 22
    assert ages[4] == pytest.approx(45 + 20 * 12.5 / 27)
    assert swapped.skipped.tolist() == [False, False, True, False, False, False, False, True]
    assert texts[7] == TABLE["note"][7] and ages[7] == 15
    assert swapped.groups.tolist()[:3] == ["65-120", "0-45", "45-65"]


def test_every_pair_of_bands_is_covered_once():
    swaps = [swap for swap in find_swaps(_cohort()) if swap.kind == "age"]
    pairs = [pair for swap in swaps for pair in swap.to.items()]
    assert len(pairs) == len(set(pairs)) == 6


def test_names_change_within_a_sex_and_nothing_else():
    cohort = _cohort()
    swapped = swapped_records(cohort, _swap(cohort, "name"))
    assert swapped.changed.tolist() == [False] * 6 + [True, False]
    assert _texts(swapped.records)[6] == "Xiuying is a 30 y/o F"
    assert swapped.groups is None and not swapped.skipped.any()


@pytest.mark.parametrize("codes", [("0", "1"), ("1", "2"), ("F", "M"), ("女", "男"), ("female", "male")])
def test_a_vital_that_is_the_attribute_changes_however_it_is_coded(codes):
    table = {**TABLE, "sex": [codes[0], codes[1]] * 4}
    cohort = _cohort(table, vitals=("sex",))
    swapped = swapped_records(cohort, _swap(cohort, "sex"))
    expected = [codes[1], codes[0]] * 4
    keep = ~swapped.skipped
    values = swapped.records.vitals["sex"].values
    spelt = [f"{value:g}" if isinstance(value, float) else value for value in values.tolist()]
    assert np.array(spelt)[keep].tolist() == np.array(expected)[keep].tolist()
    assert swapped.groups[keep].tolist() == np.array(expected)[keep].tolist()


def test_another_vital_of_sex_words_changes_too():
    table = {**TABLE, "gender_at_birth": ["F", "M"] * 4}
    cohort = _cohort(table, vitals=("gender_at_birth",), sensitive=[SensitiveRole(column="sex")])
    assert _swap(cohort, "sex").vitals == ("gender_at_birth",)
    assert swapped_records(cohort, _swap(cohort, "sex")).records.vitals["gender_at_birth"].values[:2].tolist() == [
        "M",
        "F",
    ]


def test_an_attribute_of_two_groups_that_is_a_vital_is_exchanged_and_one_of_three_is_not():
    table = {**TABLE, "insured": ["yes", "no"] * 4, "race": ["A", "B", "C", "A"] * 2}
    sensitive = [SensitiveRole(column="insured"), SensitiveRole(column="race")]
    cohort = _cohort(table, vitals=("insured", "race"), text=(), sensitive=sensitive)
    [swap] = find_swaps(cohort)
    swapped = swapped_records(cohort, swap)
    assert swapped.records.vitals["insured"].values.tolist() == ["no", "yes"] * 4
    assert swapped.records.text is None


def test_nothing_to_swap_changes_nothing():
    table = {**TABLE, "note": ["Chest pain"] * 8}
    cohort = _cohort(table, vitals=("psa",))
    for swap in find_swaps(cohort):
        swapped = swapped_records(cohort, swap)
        assert not swapped.changed.any()
        assert _texts(swapped.records) == table["note"]


def test_swapping_sex_twice_gives_the_records_back():
    cohort = _cohort({**TABLE, "note": ["54-year-old woman, she smokes", "Cough in a man of 70"] * 4}, vitals=("sex",))
    swap = _swap(cohort, "sex")
    once = swapped_records(cohort, swap)
    from dataclasses import replace

    twice = swapped_records(replace(cohort, records=once.records), swap)
    assert _texts(twice.records) == _texts(cohort.records) != _texts(once.records)
    assert twice.records.vitals["sex"].values.tolist() == cohort.records.vitals["sex"].values.tolist()


@pytest.mark.parametrize("codes", [("0", "1"), ("Female", "Male")])
def test_a_part_of_the_cohort_that_holds_one_sex_is_swapped_like_the_whole(codes):
    cohort = _cohort({**TABLE, "note": ["Chest pain"] * 8, "psa": [""] * 8, "sex": [codes[0], codes[1]] * 4})
    swap = _swap(cohort, "sex")
    part = take(cohort, np.array([0, 2, 4]))
    values = swapped_records(part, swap).records.vitals["sex"].values.tolist()
    assert [f"{v:g}" if isinstance(v, float) else v for v in values] == [codes[1]] * 3
