# ruff: noqa: E501 - each case stays whole
"""Texts in other forms, names by their form alone, and the quicker ways beside the plain ones they replace."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.privacy.deid import find, names_en
from primum.privacy.deid.folding import folded
from primum.privacy.deid.lists import one_of
from primum.privacy.deid.spans import Span, resolve

FOUND = (
    ("病人陳麗珠，電話（０１０）６８３１２６８１，住雲林市大勇巷341號1樓。", {"陳麗珠": "name", "雲林市大勇巷341號1樓": "address"}),
    ("于20160513在滨海县人民医院就诊。", {"20160513": "date", "滨海县人民医院": "organisation"}),
    ("姓 名： 张 伟    科别：内科", {"张 伟": "name"}),
    ("影像见https://a.cn/p/12，术者朱桂芳，一助屈志。", {"https://a.cn/p/12": "url", "朱桂芳": "name", "屈志": "name"}),
    ("MEYER, Inken  DOB 11 Aug 1986", {"MEYER, Inken": "name"}),
    ("Her sons are Mr. Ravi Patel, Anil and Suresh.", {"Anil": "name", "Suresh": "name"}),
    ("Discussed with GP L.A. Korutürk.", {"L.A. Korutürk": "name"}),
    ("She lives at 484 Toby Views, West Ellieburgh S5 6ZR and walks.", {"484 Toby Views, West Ellieburgh S5 6ZR": "address"}),
    ("Adres Fienedreef 4 1076CR Wormerveer.", {"Fienedreef 4 1076CR Wormerveer": "address"}),
    ("Medicare card 5311 61354 3, DOC# AB6478C.", {"5311 61354 3": "national_id", "AB6478C": "other_id"}),
)  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), FOUND)
def test_what_stands_in_another_form_is_found(text, wanted):
    spans = find(text)
    for piece, kind in wanted.items():
        start = text.index(piece)
        assert any(one.start <= start and start + len(piece) <= one.end and one.kind == kind for one in spans), piece


@pytest.mark.parametrize(
    "text",
    [
        "Platelets 2500000 copies; vaccine lot 025J20 given; E. coli and C. difficile; IV Lasix, PO Keppra.",
        "Kernig, Brudzinski and Babinski signs negative; lives with pain; transferred from bed to chair.",
        "西门子3.0T磁共振；建议查血常规和支原体，祝健康。患者应慎用。超市、城市都可以去。徐长卿9g。",
    ],
)
def test_clinical_words_of_the_same_form_stay(text):
    assert find(text) == []


@pytest.mark.parametrize("after", [", Lyme serology sent", " and Foley catheter placed", " and Parkinson disease"])
def test_what_diseases_and_devices_are_named_after_goes_on_no_list_of_names(after):
    text = f"Seen by Dr. Smith{after}."
    assert [text[one.start : one.end] for one in find(text)] == ["Smith"]


@given(st.text(alphabet=string.ascii_letters + "０９Ａ（）\n ,陳麗张：é.", max_size=200))
def test_the_folded_text_is_as_long_as_the_text(text):
    assert len(folded(text)) == len(text)


@given(
    st.sets(st.text(alphabet="ab.北京", min_size=1, max_size=4), min_size=1), st.text(alphabet="ab.北京", max_size=12)
)
def test_a_tree_of_words_finds_what_the_list_of_words_finds(words, text):
    listed = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    assert re.findall(one_of(words), text) == re.findall(listed, text)


LEADS = (
    "", "Seen by ", "signed by: ", "Dear ", "Dr. ", "name is ", "her mother-in-law ", "mother, ", "fiancé ", "neighbour ", "DOB: ", "taking ",
    "care of ", "Patient:\n", "GP (", "nurse - ", "the lovely old professor ", "her children ", "social worker ", "known as ", "i'm ", "cc: ",
)  # fmt: skip


@given(st.lists(st.sampled_from(LEADS), min_size=1, max_size=4).map("".join))
def test_looking_at_the_end_first_changes_no_answer(before):
    sure = bool(names_en._TITLE.search(before) or names_en._LABEL.search(before))
    plain = (sure, not sure and bool(names_en._ROLE.search(before)))
    assert names_en._led(before) == plain


SPANS = st.builds(
    lambda start, length, kind, score: Span(start=start, end=start + length, kind=kind, score=score),
    st.integers(0, 20),
    st.integers(1, 8),
    st.sampled_from(("name", "date", "address")),
    st.sampled_from((0.5, 0.9)),
)


@given(st.lists(SPANS, max_size=8))
def test_resolved_spans_cover_what_was_found_and_overlap_nowhere(spans):
    kept = resolve(spans)
    covered = [place for span in kept for place in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert set(covered) == {place for span in spans for place in range(span.start, span.end)}
