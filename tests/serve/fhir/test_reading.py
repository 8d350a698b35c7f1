"""A patient's FHIR resources as inputs: newest, in the study's unit, of one patient, never what was withdrawn."""

from __future__ import annotations

import base64
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import InputError
from primum.serve.fhir import VERSIONS, read_case, validated
from primum.serve.fhir.units import same_unit
from primum.study.spec_cohort import InputsSpec

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
INPUTS = InputsSpec.model_validate(
    {
        "text": "note",
        "vitals": [
            {"column": "age", "code": "patient.age"},
            {"column": "sex", "code": "patient.gender", "values": {"male": "Male", "female": "Female"}},
            {"column": "trestbps", "unit": "mmHg", "code": f"{LOINC}|8480-6"},
            {"column": "chol", "unit": "mg/dL", "code": f"{LOINC}|2093-3"},
            {"column": "diabetes", "code": f"{SNOMED}|73211009"},
            {"column": "pain", "code": f"{LOINC}|72514-3", "values": {"LA6752-5": "mild"}},
        ],
    }
)
TODAY = date(2026, 11, 26)
PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1960-11-27"}


def _observation(code, *, at="2026-01-01", status="final", **more):
    return {
        "resourceType": "Observation",
        "id": f"o{code}-{at[:7]}",
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at,
        **more,
    }


def _quantity(value, unit):
    return {"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}


def _document(text, *, at="2026-01-01T10:00:00Z", kind="text/plain", **more):
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": f"d{at[:4]}",
        "status": "current",
        "date": at,
        "subject": {"reference": "Patient/p1"},
        "content": [{"attachment": {"contentType": kind, "data": data}}],
        **more,
    }


def _condition(*, clinical="active", verification="confirmed"):
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": SNOMED, "code": "73211009"}]},
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": verification}]},
    }


def _bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _read(*resources, version="R4"):
    return read_case(validated(_bundle(*resources), version, ("Bundle",)), INPUTS, today=TODAY)


def _why(case):
    return {one.column: one.why for one in case.unread}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_patient_with_everything(version):
    pressure = _observation(
        "85354-9",
        component=[{"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, **_quantity(142.0, "mm[Hg]")}],
    )
    said = {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA6752-5", "display": "Mild"}]}}
    case = _read(
        PATIENT,
        pressure,
        _observation("2093-3", **_quantity(211.5, "mg/dL")),
        _observation("72514-3", **said),
        _condition(),
        _document("Chest pain since Monday."),
        version=version,
    )
    assert case.inputs == {
        "age": 65.0, "sex": "Female", "trestbps": 142.0, "chol": 211.5, "diabetes": "yes", "pain": "mild",
        "note": "Chest pain since Monday.",
    }  # fmt: skip
    assert case.patient == "p1" and not case.unread
    assert case.sources["trestbps"] == "Observation/o85354-9-2026-01"


def test_nothing_is_missing_silently():
    case = _read(PATIENT)
    assert _why(case) == dict.fromkeys(("trestbps", "chol", "diabetes", "pain", "note"), "absent")
    assert all(case.inputs[column] is None for column in _why(case))


def test_another_unit_is_not_used_and_not_converted():
    case = _read(PATIENT, _observation("2093-3", **_quantity(5.2, "mmol/L")))
    assert case.inputs["chol"] is None
    assert [(one.column, one.why, one.expected) for one in case.unread][1] == ("chol", "unit", "mg/dL")


def test_a_value_without_a_unit_is_used_and_said_to_be_unchecked():
    case = _read(PATIENT, _observation("2093-3", valueQuantity={"value": 200}))
    assert case.inputs["chol"] == 200.0 and _why(case)["chol"] == "unit_unchecked"


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_counts_whatever_the_order_and_the_precision_of_its_date(turned):
    ones = [
        _observation("2093-3", at="2025", **_quantity(100, "mg/dL")),
        _observation("2093-3", at="2026-03-01T08:00:00+02:00", **_quantity(300, "mg/dL")),
        _observation("2093-3", at="2026-02", **_quantity(200, "mg/dL")),
    ]
    case = _read(*(reversed(ones) if turned else ones), _document("old", at="2024-01-01T00:00:00Z"), _document("new"))
    assert case.inputs["chol"] == 300.0
    assert case.inputs["note"] == "new"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_what_was_withdrawn_or_is_not_there_yet_counts_for_nothing(status):
    withdrawn = _observation("2093-3", at="2026-05-01", status=status, **_quantity(900, "mg/dL"))
    case = _read(withdrawn, _observation("2093-3", **_quantity(200, "mg/dL")))
    assert case.inputs["chol"] == 200.0


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ({}, "yes"),
        ({"clinical": "resolved"}, None),
        ({"verification": "refuted"}, None),
        ({"verification": "entered-in-error"}, None),
        ({"clinical": "recurrence"}, "yes"),
    ],
)
def test_a_condition_counts_while_it_stands_and_its_absence_is_no_no(state, value):
    assert _read(_condition(**state)).inputs["diabetes"] == value


def test_a_document_that_is_no_plain_text_or_lies_elsewhere_is_not_read():
    assert _why(_read(_document("<p>x</p>", kind="text/html")))["note"] == "not_text"
    elsewhere = _document("x", content=[{"attachment": {"contentType": "text/plain", "url": "https://ehr/1"}}])
    assert _why(_read(elsewhere))["note"] == "not_text"


def test_resources_of_two_patients_are_refused_without_naming_them():
    other = _observation("2093-3", **_quantity(1, "mg/dL")) | {"subject": {"reference": "Patient/zz9"}}
    with pytest.raises(InputError, match="several patients") as caught:
        _read(PATIENT, other)
    assert "zz9" not in str(caught.value) and "p1" not in str(caught.value)


def test_broken_resources_are_named_by_place_and_never_repeated():
    broken = _observation("2093-3", valueQuantity={"value": "SECRET NAME"})
    with pytest.raises(InputError, match=r"breaks the specification at entry\.0\.resource\.valueQuantity") as caught:
        _read(broken)
    assert "SECRET" not in str(caught.value)
    with pytest.raises(InputError, match=r"breaks the specification at entry\.0\.resource") as caught:
        _read(_observation("2093-3", **{"SECRET NAME": 1}))
    assert "SECRET" not in str(caught.value)
    for nothing in (None, [], "x", {"resourceType": "Medication"}, {"resourceType": "../../os"}):
        with pytest.raises(InputError, match="expected a resource of type Bundle"):
            validated(nothing, "R4", ("Bundle",))


def test_a_study_without_codes_cannot_be_asked_in_fhir():
    with pytest.raises(InputError, match="no vital has a FHIR code"):
        read_case(PATIENT, InputsSpec.model_validate({"vitals": ["age"]}))


@given(born=st.dates(date(1900, 1, 1), TODAY))
def test_age_is_what_a_birthday_calendar_says(born):
    case = read_case({**PATIENT, "birthDate": born.isoformat()}, INPUTS, today=TODAY)
    years = 0
    while (born.year + years + 1, born.month, born.day) <= (TODAY.year, TODAY.month, TODAY.day):
        years += 1
    assert case.inputs["age"] == years


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("mmHg", "mm[Hg]", True), ("bpm", "/min", True), ("mg/dL", "mg/dl", True), ("mg/dL", "mmol/L", False),
        ("Mg", "mg", False), ("°C", "Cel", True), ("°C", "[degF]", False), ("g/L", "g/dL", False),
        ("µmol/L", "umol/L", True), ("10^9/L", "10*3/uL", True), ("years", "a", True),
    ],
)  # fmt: skip
def test_units_are_the_same_only_where_no_factor_lies_between(one, other, same):
    assert same_unit(one, other) == same_unit(other, one) == same
