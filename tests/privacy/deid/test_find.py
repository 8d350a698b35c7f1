# ruff: noqa: E501 - each case stays on its line
"""What is found in a text, and what is left alone."""

from __future__ import annotations

import csv
import time

import pytest

from primum.privacy.deid import KINDS, Span, find
from primum.privacy.deid.spans import resolve

FOUND = [
    ("Patient: John Smith, DOB 03/12/1954", {"John Smith": "name", "03/12/1954": "date"}),
    ("Seen by Dr. Okonkwo on March 3, 2021.", {"Okonkwo": "name", "March 3, 2021": "date"}),
    ("SSN 123-45-6789, MRN: 00123456", {"123-45-6789": "national_id", "00123456": "record_number"}),
    ("Phone (555) 123-4567 x12 or fax 555-123-9999", {"(555) 123-4567 x12": "phone", "555-123-9999": "fax"}),
    ("Mail j.smith@example.com or see https://example.com/p/1", {"j.smith@example.com": "email", "https://example.com/p/1": "url"}),
    ("Lives at 42 Elm Street, Springfield, IL 62701.", {"42 Elm Street, Springfield, IL 62701": "address"}),
    ("NHS number 943 476 5919. Postcode SW1A 1AA.", {"943 476 5919": "national_id", "SW1A 1AA": "place"}),
    ("A 92-year-old woman, aged 93, ninety-four-year-old", {"92": "age", "93": "age", "ninety-four": "age"}),
    ("IBAN GB82 WEST 1234 5698 7654 32", {"GB82 WEST 1234 5698 7654 32": "account_number"}),
    ("card 4111 1111 1111 1111", {"4111 1111 1111 1111": "account_number"}),
    ("Member ID: XQ123456789; driver's license D1234567", {"XQ123456789": "insurance_number", "D1234567": "licence_number"}),
    ("VIN 1M8GDM9AXKP042788, plate ABC 1234", {"1M8GDM9AXKP042788": "vehicle", "ABC 1234": "vehicle"}),
    ("serial number SN-123-45678, host 10.20.30.40", {"SN-123-45678": "device", "10.20.30.40": "ip"}),
    ("photo face_001.jpg, fingerprint ID FP1234567", {"face_001.jpg": "photo", "FP1234567": "biometric"}),
    ("Accession: S21-123456", {"S21-123456": "other_id"}),
    ("her daughter Priya Raghunathan drove her from St. Louis", {"Priya Raghunathan": "name", "St. Louis": "place"}),
    ("SMITH, JOHN A\nName: O'Brien, Mary", {"O'Brien, Mary": "name"}),
    ("Treated at Mercy General Hospital.", {"Mercy General Hospital": "organisation"}),
    ("患者张伟，男，于2021年3月12日入院", {"张伟": "name", "2021年3月12日": "date"}),
    ("主治医师：欧阳建国  记录者：王芳", {"欧阳建国": "name", "王芳": "name"}),
    ("身份证号11010519491231002X，住院号：ZY20210345", {"11010519491231002X": "national_id", "ZY20210345": "record_number"}),
    ("电话13812345678，传真：010-62345678", {"13812345678": "phone", "010-62345678": "fax"}),
    ("家庭住址：北京市海淀区中关村大街27号3单元502室", {"北京市海淀区中关村大街27号3单元502室": "address"}),
    ("医保号：A12345678，车牌京A·12F34", {"A12345678": "insurance_number", "京A·12F34": "vehicle"}),
    ("姓名：买买提·阿布都拉，年龄：95岁", {"买买提·阿布都拉": "name", "95": "age"}),
    ("在北京协和医院就诊，李主任查房", {"北京协和医院": "organisation", "李": "name"}),
]  # fmt: skip
LEFT = [
    "Lyme disease, Parkinson's disease, Crohn's disease and Hodgkin lymphoma; Guillain-Barre syndrome ruled out.",
    "Foley catheter in place, Jackson-Pratt drain removed. Glasgow Coma Scale 15, Apgar 8/9, Babinski sign negative.",
    "BP 120/80 mmHg, HR 72, pain 3/10, WBC 11.2, K 4.1 mEq/L, platelets 250,000, LDL 101 mg/dL, temp 103F.",
    "Lasix 40 mg IV BID, amoxicillin 500 mg TID for 7 days, insulin glargine 24 units.",
    "The 72-year-old woman has had diabetes since 2009; ejection fraction 35-40 %.",
    "She saw her doctor. Risk factors were discussed in May.",
    "高血压病史10年，黄疸2天，白细胞升高，全身乏力，患者时常头晕，由于天气寒冷加重。",
    "患者平躺，经常复发，应尽早去当地正规医院消化内科就诊。",
    "血压130/80mmHg，阿司匹林100mg qd，格拉斯哥昏迷评分14分。3月龄婴儿，72岁。",
]


@pytest.mark.parametrize(("text", "wanted"), FOUND)
def test_each_kind_is_found_whole(text, wanted):
    found = {text[span.start : span.end]: span.kind for span in find(text)}
    for piece, kind in wanted.items():
        assert found.get(piece) == kind


def test_every_kind_is_tested():
    assert {kind for _, wanted in FOUND for kind in wanted.values()} == set(KINDS)


@pytest.mark.parametrize("text", LEFT)
def test_clinical_text_is_left_alone(text):
    assert [text[span.start : span.end] for span in find(text)] == []


def test_a_name_found_once_is_found_everywhere():
    text = "Dr. Okafor saw her. Later Okafor called. Okafor's disease is no person."
    assert [span.start for span in find(text)] == [4, 26]
    chinese = "患者：王小丽。后王小丽出院。"
    assert len(find(chinese)) == 2


def test_real_texts_without_identifiers_are_left_alone(shared_data):
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)][:400]
    assert sum(bool(find(text)) for text in texts) <= 4


def test_names_of_real_notes_are_found(shared_data):
    """The notes name their doctor; the table says how."""
    with (shared_data / "aci-bench" / "aci_bench.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["doctor_name"]]
    seen = missed = 0
    for row in rows[:60]:
        surname = row["doctor_name"].split()[-1].strip()
        at = row["note"].find(f"Dr. {surname}")
        if len(surname) > 2 and at >= 0:
            seen += 1
            missed += not any(span.start <= at + 4 < span.end for span in find(row["note"]))
    assert missed == 0 or missed / seen < 0.05


def test_overlaps_have_one_answer_that_covers_all():
    spans = [
        Span(start=0, end=6, kind="phone", score=0.8),
        Span(start=4, end=10, kind="date", score=0.9),
        Span(start=4, end=10, kind="other_id", score=0.9),
    ]
    kept = resolve(spans)
    assert kept == resolve(reversed(spans))
    assert [(span.start, span.end, span.kind) for span in kept] == [(0, 4, "phone"), (4, 10, "other_id")]


@pytest.mark.parametrize(
    "piece", ["A", "1", "1-", "a.", "Ab ", "12/", "王", "市", "@", "x@x.", "(01)", "Dr. ", "1 A ", "- ", "路1", "AB1 "]
)
def test_long_runs_take_linear_time(piece):
    short, long = piece * (4_000 // len(piece)), piece * (16_000 // len(piece))
    began = time.process_time()
    find(short)
    middle = time.process_time()
    find(long)
    assert time.process_time() - middle < 9 * (middle - began) + 0.5


def test_a_recogniser_is_asked_besides_the_rules():
    class Fixed:
        def spans(self, text):
            return [Span(start=0, end=4, kind="name", score=0.5)]

    assert [span.kind for span in find("zyxw on 03/04/2021", recognisers=[Fixed()])] == ["name", "date"]
    assert find("") == []
