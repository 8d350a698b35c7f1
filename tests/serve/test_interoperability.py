"""FHIR and CDS Hooks through the service itself: asked, answered, stored as a Case, decided on."""

from __future__ import annotations

import pytest

from primum.serve.fhir import validated
from tests.serve.running import running, settings_of

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1960-11-27"}


def _pressure(value=131.0, unit="mm[Hg]"):
    return {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-26T08:00:00Z",
        "valueQuantity": {"value": value, "unit": unit},
    }


def _bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


@pytest.fixture(scope="module")
def service(served_release, tmp_path_factory):
    with running(settings_of(served_release, tmp_path_factory.mktemp("fhir"))) as started:
        yield started


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_a_bundle_is_answered_in_fhir_and_is_a_case(service, version):
    client = service.client("clinician")
    response = client.post(f"/fhir/{version}/$answer", json=_bundle(PATIENT, _pressure()))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/fhir+json")
    bundle = validated(response.json(), version, ("Bundle",))
    assessment = bundle["entry"][0]["resource"]
    assert assessment["basis"] == [{"reference": "Observation/bp"}]
    assert assessment["subject"] == {"reference": "Patient/p1"}
    case = client.get(f"/api/v1/cases/{assessment['id']}").json()
    assert case["inputs"] == {"sbp": 131.0}
    said = " ".join(note["text"] for note in assessment["note"])
    assert "age: not in the record." in said


def test_the_probabilities_are_those_of_the_plain_api(service):
    plain = service.ask(inputs={"sbp": 131})
    client = service.client("clinician")
    told = client.post("/fhir/R4/$answer", json=_bundle(_pressure())).json()["entry"][0]["resource"]
    if plain["abstained"]:
        assert "prediction" not in told
    else:
        said = {one["outcome"]["text"]: one["probabilityDecimal"] for one in told["prediction"]}
        assert said == pytest.approx({one["name"]: one["probability"] for one in plain["classes"]}, abs=1e-6)


def test_another_unit_is_said_and_not_used(service):
    response = service.client("clinician").post("/fhir/R4/$answer", json=_bundle(PATIENT, _pressure(17.5, "kPa")))
    if response.status_code == 200:
        notes = [note["text"] for note in response.json()["entry"][0]["resource"]["note"]]
        assert "sbp: in another unit than mmHg, and so not used." in notes
    else:  # nothing at all was given
        assert response.status_code == 422


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Patient"}, _bundle({"resourceType": "Observation"})])
def test_what_is_no_fhir_comes_back_as_an_outcome(service, resource):
    response = service.client("clinician").post("/fhir/R4/$answer", json=resource)
    assert response.status_code == 422
    assert validated(response.json(), "R4", ("OperationOutcome",))


def test_who_may_not_ask_is_refused_before_anything_is_read(service):
    assert service.client().post("/fhir/R4/$answer", json=_bundle(PATIENT)).status_code == 401
    for name in ("admin", "auditor", "board"):
        assert service.client(name).post("/fhir/R4/$answer", json=_bundle(PATIENT)).status_code == 403
        assert service.client(name).get("/fhir/R4/metadata").status_code == 200
    assert service.client("clinician").post("/fhir/R6/$answer", json=_bundle(PATIENT)).status_code == 422


def _call(**more):
    return {
        "hook": "patient-view",
        "hookInstance": "x",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {"patient": PATIENT, "observations": _bundle(_pressure())},
        **more,
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_card_and_its_feedback(service, lang):
    client = service.client("clinician")
    (found,) = client.get("/cds-services").json()["services"]
    assert found["hook"] == "patient-view" and "8480-6" in found["prefetch"]["observations"]
    response = client.post(f"/cds-services/{found['id']}", params={"lang": lang}, json=_call())
    assert response.status_code == 200, response.text
    (card,) = response.json()["cards"]
    assert 0 < len(card["summary"]) < 140 and card["links"][0]["url"].endswith(card["uuid"])
    feedback = {
        "feedback": [
            {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-26T14:00:00Z",
             "overrideReason": {"reason": {"code": "findings_differ"}}}
        ]
    }  # fmt: skip
    assert client.post(f"/cds-services/{found['id']}/feedback", json=feedback).status_code == 200
    case = client.get(f"/api/v1/cases/{card['uuid']}").json()
    assert [one["decision"] for one in case["decisions"]] == ["refuse"]
    assert [one["reason"] for one in case["decisions"]] == ["findings_differ"]


def test_calls_of_another_shape(service):
    client = service.client("clinician")
    (found,) = client.get("/cds-services").json()["services"]
    for body in ({}, _call(hook="order-sign"), _call(prefetch=None)):
        assert client.post(f"/cds-services/{found['id']}", json=body).status_code == 422
    assert client.post("/cds-services/nothing-here", json=_call()).status_code == 404
    assert client.post(f"/cds-services/{found['id']}/feedback", json={"feedback": []}).status_code == 422
    unknown = {"feedback": [{"card": "0" * 32, "outcome": "accepted", "outcomeTimestamp": "2026-11-26T14:00:00Z"}]}
    assert client.post(f"/cds-services/{found['id']}/feedback", json=unknown).status_code == 404
