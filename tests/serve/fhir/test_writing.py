"""An answer as FHIR: valid in both versions, labelled as made by artificial intelligence, naming what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from primum.serve.fhir import VERSIONS, answer_bundle, capability_statement, operation_outcome, validated
from primum.serve.told import Told

SOURCES = ["Observation/42", "DocumentReference/7", "Condition/"]


def _told(**more):
    given = {
        "case": "01hx",
        "release": "a" * 64,
        "study": "heart",
        "question": "Does this patient have coronary heart disease?",
        "at": datetime(2026, 11, 26, 14, 0, tzinfo=UTC),
        "probabilities": {"Healthy": 0.25, "Heart_Disease": 0.75},
        "sentences": ["The set holds one class.", "Cholesterol was not given."],
    }
    return Told(**given | more)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "told",
    [
        _told(),
        _told(probabilities={}, sentences=["It abstains: unlike every patient that it was trained on."]),
        _told(probabilities={}, value=4.2, value_range=(3.1, 5.3)),
        _told(question="", sentences=[]),
    ],
)
@pytest.mark.parametrize("patient", ["p1", None])
def test_every_answer_is_valid_fhir(version, told, patient):
    bundle = answer_bundle(told, patient=patient, sources=SOURCES, fhir=version)
    checked = validated(bundle, version, ("Bundle",))
    kinds = [entry["resource"]["resourceType"] for entry in checked["entry"]]
    assert kinds == ["RiskAssessment", "Provenance"]
    for entry in checked["entry"]:
        assert [label["code"] for label in entry["resource"]["meta"]["security"]] == ["AIAST"]
    assessment, provenance = (entry["resource"] for entry in checked["entry"])
    assert assessment["status"] == "preliminary"
    assert [one["reference"] for one in assessment["basis"]] == SOURCES[:2]
    assert [one["what"]["reference"] for one in provenance["entity"]] == SOURCES[:2]
    assert provenance["target"][0]["reference"] == f"RiskAssessment/{assessment['id']}"
    assert {p["outcome"]["text"]: p["probabilityDecimal"] for p in assessment.get("prediction", [])
            if "probabilityDecimal" in p} == dict(told.probabilities)  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_the_most_probable_comes_first_and_a_number_with_its_range(version):
    first = answer_bundle(_told(), patient="p", sources=[], fhir=version)["entry"][0]["resource"]
    assert [one["outcome"]["text"] for one in first["prediction"]] == ["Heart_Disease", "Healthy"]
    number = answer_bundle(
        _told(probabilities={}, value=4.2, value_range=(3.1, 5.3)), patient="p", sources=[], fhir=version
    )
    assert number["entry"][0]["resource"]["prediction"][0]["outcome"]["text"] == "4.2 (3.1 to 5.3)"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_server_can_do_and_why_it_refuses_are_valid_too(version):
    assert validated(capability_statement(version), version, ("CapabilityStatement",))["fhirVersion"][0] == version[1]
    for status in (400, 401, 403, 404, 413, 418, 422, 429, 500, 503):
        outcome = validated(operation_outcome(status, "One sentence."), version, ("OperationOutcome",))
        assert outcome["issue"][0]["diagnostics"] == "One sentence."
