"""Swapped words against swaps written by hand, in English and Chinese; what only looks like a sex word stays."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.cohort.swap_ages import adult_part, band_of_name, moved_age, with_other_age
from primum.cohort.swap_words import (
    speaks_of_a_time_of_life,
    speaks_of_one_sex,
    with_other_names,
    with_other_sex,
    words,
)

BY_HAND = [
    (
        "A 54-year-old woman; her husband says she feels ill. I saw her at noon. The decision was hers.",
        "A 54-year-old man; his wife says he feels ill. I saw him at noon. The decision was his.",
    ),
    ("He hurt himself. His left arm is weak; the nurse asked him to wait.",
     "She hurt herself. Her left arm is weak; the nurse asked her to wait."),
    ('"I gave it to her"; told her "rest"', '"I gave it to him"; told his "rest"'),
    ("54F with chest pain", "54M with chest pain"),
    ("54 y/o M c/o SOB", "54 y/o F c/o SOB"),
    ("72yo female", "72yo male"),
    ("72yoF s/p fall", "72yoM s/p fall"),
    ("54 yr old f, HTN", "54 yr old m, HTN"),
    ("F/54, hypertensive", "M/54, hypertensive"),
    ("Sex: M. Gender: F", "Sex: F. Gender: M"),
    ("Mrs. Smith is tired", "Mr. Smith is tired"),
    ("The boy's mother brought him in by ambulance.", "The girl's father brought her in by ambulance."),
    ("WOMAN, 60, FEMALE", "MAN, 60, MALE"),
    ("SHE WAS SEEN WITH HER SON", "HE WAS SEEN WITH HIS DAUGHTER"),
    ("Mary fell; Mary's knee hurts", "James fell; James's knee hurts"),
    ("her/his arm", "his/her arm"),
    ("Woman, Girls and Ladies", "Man, Boys and Gentlemen"),
    ("患者女，54岁，她的丈夫说她胸闷", "患者男，54岁，他的妻子说他胸闷"),
    ("女性患者，性别：女，母亲有糖尿病", "男性患者，性别：男，父亲有糖尿病"),
    ("王建国，男，其他无异常，他服用阿托伐他汀", "王秀英，女，其他无异常，她服用阿托伐他汀"),
    ("张女士，儿子陪同", "张先生，女儿陪同"),
]  # fmt: skip

UNTOUCHED = [
    "",
    "No chest pain. ECG normal, 98F, 101F, Tmax 38.5.",
    "16F Foley catheter placed; 20 M NaCl; 24F sheath",
    "HER2 positive, HER-2 negative, MEN 2A, MS, MR, DAD on biopsy, mRS 2",
    "Steven-Johnson's syndrome",
    "bundle of His; His-Purkinje system",
    "Dr. John at St. Mary Hospital; James hospital; Thomas splint; Johns Hopkins",
    "hernia, chest, theory, shepherd, manual, human, Germany",
    "他汀 氯雷他定 乌司他丁 西他列汀 卡培他滨 曲美他嗪 美他多辛 布美他尼 多西他赛 头孢他啶 其他 子女 女贞子 首先生成",
    "胸闷三天，心电图正常",
]


@pytest.mark.parametrize(("before", "after"), BY_HAND)
def test_sex_words_become_what_a_person_would_write(before, after):
    assert with_other_sex(before) == after


@pytest.mark.parametrize("pair", BY_HAND)
def test_swapping_twice_gives_the_text_back(pair):
    for text in pair:
        assert with_other_sex(with_other_sex(text)) == text


@pytest.mark.parametrize("text", UNTOUCHED)
def test_a_text_without_terms_stays_as_it_is(text):
    assert with_other_sex(text) == text
    assert with_other_names(text) == text
    assert with_other_age(text, (45, 65), (65, 95)) == text


_TERMS = sorted({word for pair in words("en")["pairs"] for word in pair})
_PLAIN = ["has", "chest", "pain", "since", "monday", "fever", "stable", "the", "no"]
_ZH = sorted({word for pair in words("zh")["pairs"] for word in pair})
_ZH_PLAIN = ["，胸闷", "，发热", "。血压正常", "，其他药物", "，服用他汀"]


@given(st.lists(st.sampled_from([*_TERMS, *_PLAIN]), max_size=12), st.sampled_from([str.lower, str.title, str.upper]))
def test_english_pairs_are_undone_by_a_second_swap_in_every_case(chosen, spelling):
    text = " ".join(spelling(word) for word in chosen)
    swapped = with_other_sex(text)
    assert with_other_sex(swapped) == text
    assert (swapped == text) == (not set(chosen) & set(_TERMS))


@given(st.lists(st.sampled_from([*("，" + word for word in _ZH), *_ZH_PLAIN]), max_size=12))
def test_chinese_pairs_are_undone_by_a_second_swap(chosen):
    text = "".join(chosen)
    assert with_other_sex(with_other_sex(text)) == text


@given(st.text(alphabet="0123456789 ,.;:%/-+()[]\n", max_size=60))
def test_figures_and_signs_are_never_touched(text):
    assert with_other_sex(text) == text == with_other_names(text)


def test_every_pair_and_name_stands_once():
    for lang in ("en", "zh"):
        sides = [word for pair in words(lang)["pairs"] for word in pair]
        assert len(sides) == len(set(sides)) > 40
        names = [name for some in words(lang)["names"].values() for name in some]
        assert len(names) == len(set(names))
        assert all(re.compile(pattern) for pattern in words(lang)["sex_specific"])


@pytest.mark.parametrize(
    "text",
    ["8 weeks pregnant", "Prostate cancer", "ovarian cyst", "G2P1", "hysterectomy 2010", "testicular pain", "PSA 4.1",
     "transgender woman", "前列腺增生", "怀孕 8 周", "卵巢囊肿", "月经不规律"],
)  # fmt: skip
def test_what_only_one_sex_has_is_noticed(text):
    assert speaks_of_one_sex(text)


@pytest.mark.parametrize(
    "text", ["cervical spine", "lactate 2.1", "神经血管", "症状发生后", "uneventful", "在上环境中"]
)
def test_what_both_sexes_have_is_not(text):
    assert not speaks_of_one_sex(text)


def test_a_time_of_life_is_noticed_but_not_baby_aspirin():
    assert all(
        map(speaks_of_a_time_of_life, ["6-month-old", "retired teacher", "dementia", "退休工人", "患儿", "pregnant"])
    )
    assert not any(map(speaks_of_a_time_of_life, ["baby aspirin", "54-year-old", "54岁女性"]))


AGES = [
    ("A 54-year-old woman", (45, 65), (65, 95), "A 78-year-old woman"),
    ("An 80-year-old man, elderly", (65, 95), (18, 45), "A 31-year-old man, young"),
    ("54yoM, age 54", (45, 65), (65, 95), "78yoM, age 78"),
    ("A 54 y/o F", (45, 65), (65, 95), "A 78 y/o F"),
    ("a 59-year-old", (45, 65), (65, 95), "an 86-year-old"),
    ("aged 54; father died at age 52", (45, 65), (65, 95), "aged 78; father died at age 52"),
    ("aged 54; ill for 10 years", (45, 65), (65, 95), "aged 78; ill for 10 years"),
    ("An elderly man", (65, 95), (45, 65), "A middle-aged man"),
    ("Middle-aged man", (45, 65), (65, 95), "Elderly man"),
    ("患者女，54岁，中年", (45, 65), (65, 95), "患者女，78岁，老年"),
    ("年龄：54，3周岁时手术", (45, 65), (65, 95), "年龄：78，3周岁时手术"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "old", "new", "after"), AGES)
def test_ages_move_to_the_same_place_of_the_other_band(before, old, new, after):
    # 54 lies 9/20 of the way from 45 to 65, so 13.5 of 30 years above 65.
    assert with_other_age(before, old, new) == after


def test_what_would_lie_in_the_future_cannot_be_moved():
    assert with_other_age("54-year-old, diagnosed at age 40", (45, 65), (18, 45)) is None
    assert with_other_age("54-year-old, diagnosed at age 40", (45, 65), (65, 95)) == "78-year-old, diagnosed at age 40"


def test_a_text_of_somebody_of_another_age_is_not_moved():
    assert with_other_age("A 20-year-old man", (45, 65), (65, 95)) is None


@given(
    st.floats(18, 94, allow_nan=False),
    st.sampled_from([(18.0, 45.0), (45.0, 65.0), (65.0, 95.0)]),
    st.sampled_from([(18.0, 45.0), (45.0, 65.0), (65.0, 95.0)]),
)
def test_a_moved_age_lies_in_its_band(age, old, new):
    for given_age in (age, float(int(age))):
        assert new[0] <= moved_age(given_age, old, new) < new[1]


def test_bands_are_read_from_names_and_cut_to_adults():
    spelt = {
        "45-65": (45, 65),
        "<45": (0, 45),
        "65+": (65, 120),
        "65岁以上": (65, 120),
        ">= 80": (80, 120),
        "old": None,
    }
    assert {name: band_of_name(name) for name in spelt} == spelt
    assert (adult_part((0, 45)), adult_part((65, 120)), adult_part((0, 18))) == ((18, 45), (65, 95), None)
