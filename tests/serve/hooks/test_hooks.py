"""CDS Hooks: what is asked for, what a card says, and what comes back."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.errors import InputError
from primum.serve.hooks import OVERRIDE_REASONS, card_of, cards_of, describe_service, prefetched, read_feedback
from primum.serve.told import Told
from primum.study.spec_cohort import InputsSpec

URL = "https://hospital.example"
CODED = InputsSpec.model_validate(
    {
        "text": "note",
        "vitals": [
            {"column": "age", "code": "patient.age"},
            {"column": "chol", "code": ["http://loinc.org|2093-3", "http://loinc.org|14647-2"]},
        ],
    }
)


def _told(**more):
    given = {
        "case": "01hx",
        "release": "a" * 64,
        "study": "heart",
        "question": "Q?",
        "at": datetime(2026, 11, 26, tzinfo=UTC),
        "probabilities": {"Healthy": 0.25, "Heart_Disease": 0.75},
        "sentences": ["Cholesterol was not given."],
    }
    return Told(**given | more)


def test_a_service_asks_for_what_the_study_needs_and_no_more():
    service = describe_service(service="heart", title="Heart", description="d", inputs=CODED)
    assert set(service["prefetch"]) == {"patient", "observations", "conditions", "documents"}
    asked = service["prefetch"]["observations"]
    assert "combo-code=http://loinc.org|2093-3,http://loinc.org|14647-2" in asked and "patient.age" not in asked
    only_age = InputsSpec.model_validate({"vitals": [{"column": "age", "code": "patient.age"}]})
    bare = describe_service(service="heart", title="t", description="d", inputs=only_age)
    assert set(bare["prefetch"]) == {"patient"}


def test_a_call_becomes_one_bundle_and_what_was_not_sent_is_missing():
    patient = {"resourceType": "Patient", "id": "p1"}
    call = {"hook": "patient-view", "context": {"patientId": "p1"}, "prefetch": {"patient": patient, "documents": None}}
    assert [entry["resource"] for entry in prefetched(call)["entry"]] == [patient]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hook": "order-sign"}, "expected the hook patient-view"),
        ({"context": {}}, "context.patientId is missing"),
        ({"context": "SECRET"}, "context.patientId is missing"),
        ({"prefetch": None}, "prefetch is missing"),
        ({"prefetch": {"patient": None}}, "prefetch is missing"),
    ],
)
def test_a_call_of_another_shape_is_refused_in_a_sentence(change, said):
    call = {"hook": "patient-view", "context": {"patientId": "p1"}, "prefetch": {"patient": {}}}
    with pytest.raises(InputError, match=said) as caught:
        prefetched(call | change)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "indicator", "word"),
    [
        (_told(), "info", "Heart_Disease most probable, 75%"),
        (_told(held=True), "warning", "gives no answer"),
        (_told(probabilities={}), "info", "gives no answer"),
        (_told(urgent=True, held=True), "critical", "red flag"),
        (_told(probabilities={}, value=3.5), "info", "3.5 predicted"),
    ],
)
def test_a_card_never_shows_a_bare_label(told, indicator, word):
    card = card_of(told, url=URL)
    assert (card["indicator"], card["uuid"]) == (indicator, "01hx")
    assert word in card["summary"]
    assert "A person decides." in card["detail"]
    assert card["links"][0]["url"] == "https://hospital.example/cases/01hx"
    assert [one["code"] for one in card["overrideReasons"]] == list(OVERRIDE_REASONS)


def test_a_card_in_chinese():
    card = card_of(_told(), url=URL, lang="zh")
    assert "请您决定" in card["summary"] and "由人决定" in card["detail"]
    assert all(re.search(r"[\u4e00-\u9fff]", one["display"]) for one in card["overrideReasons"])


@given(study=st.text(min_size=1, max_size=300), name=st.text(min_size=1, max_size=300))
def test_a_summary_is_always_shorter_than_the_standard_allows(study, name):
    card = card_of(_told(study=study, probabilities={name: 1.0}), url=URL)
    assert 0 < len(card["summary"]) < 140


def test_markup_in_a_sentence_stays_text():
    card = cards_of([_told(sentences=["[x](javascript:alert(1)) <b>*bold*</b>"])], url=URL)["cards"][0]
    assert "[x](" not in card["detail"] and "<b>" not in card["detail"].replace("\\<b", "")


def test_feedback_with_and_without_a_reason():
    at = "2026-11-26T14:00:00Z"
    said = read_feedback(
        {
            "feedback": [
                {"card": "a", "outcome": "accepted", "outcomeTimestamp": at},
                {"card": "b", "outcome": "overridden", "outcomeTimestamp": at,
                 "overrideReason": {"reason": {"code": "other"}, "userComment": " seen in person "}},
                {"card": "c", "outcome": "overridden", "outcomeTimestamp": at},
            ]
        }
    )  # fmt: skip
    assert [(one.case, one.decision, one.reason) for one in said] == [
        ("a", "accept", ""),
        ("b", "refuse", "other: seen in person"),
        ("c", "refuse", ""),
    ]


_GOOD = {"card": "a", "outcome": "accepted", "outcomeTimestamp": "2026-11-26T14:00:00Z"}


@pytest.mark.parametrize(
    ("feedback", "said"),
    [
        (None, "expected a list of 1 to 100"),
        ([], "expected a list of 1 to 100"),
        ([_GOOD] * 101, "expected a list of 1 to 100"),
        (["SECRET"], r"feedback\.0: expected an object"),
        ([_GOOD, {**_GOOD, "card": 3}], r"feedback\.1\.card"),
        ([{**_GOOD, "outcome": "SECRET"}], r"feedback\.0\.outcome"),
        ([{**_GOOD, "outcomeTimestamp": "SECRET"}], r"outcomeTimestamp"),
        ([{**_GOOD, "outcomeTimestamp": "2026-11-26T14:00:00"}], r"with its time zone"),
        ([{**_GOOD, "outcome": "overridden", "overrideReason": "SECRET"}], r"overrideReason"),
    ],
)
def test_feedback_of_another_shape_is_refused_and_not_repeated(feedback, said):
    with pytest.raises(InputError, match=said) as caught:
        read_feedback({"feedback": feedback})
    assert "SECRET" not in str(caught.value)
