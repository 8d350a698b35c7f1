"""What a patient's record says is told by no log, figure, error, ledger or database of the service.

Unique strings go in wherever something can be typed or sent: values, keys, addresses, headers, names of files, other
systems' resources, bodies that nobody can read. Every refusal is searched whole, and then everything that stays: log
lines of every logger at every level, figures, ledger, OpenAPI, and each byte of the database and its key file.
"""

from __future__ import annotations

import importlib.util
import json
import logging
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _module(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


planted = _module("planted_string", HERE / "test_planted_string.py")
WORD, NAME, CHINESE = planted.NOTE, planted.NAMES[0], planted.NAMES[1]
SECRETS = (*planted.PLANTED, "qzxheaderplanted")
RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}


@pytest.fixture
def kept(served_release, tmp_path, caplog):
    """A service with a folder of its own, all of whose loggers are heard."""
    caplog.set_level(logging.DEBUG)
    parts = _module("serve_running", HERE.parent / "serve" / "running.py")
    with parts.running(parts.settings_of(served_release, tmp_path / "kept")) as service:
        (tmp_path / "kept").mkdir(exist_ok=True)
        yield service


def _bundle(**patient):
    told = {"resourceType": "Patient", "id": planted.PATIENT, "name": [{"family": NAME}], **patient}
    note = {"resourceType": "Observation", "status": "final", "code": {"text": WORD}, "valueString": planted.WHOLE}
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": told}, {"resource": note}]}


WRONG = {
    "a word for a number": ("/api/v1/answer", {"inputs": {"age": WORD}}),
    "a name for a column": ("/api/v1/answer", {"inputs": {**RECORD, NAME: 1, WORD: 2, CHINESE: 3}}),
    "a list for a value": ("/api/v1/answer", {"inputs": {"age": [planted.WHOLE]}}),
    "a list for the value of a name": ("/api/v1/answer", {"inputs": {WORD: [1], CHINESE: [2]}}),
    "a key that nobody knows": ("/api/v1/answer", {"inputs": RECORD, WORD: NAME}),
    "a release that nobody knows": ("/api/v1/answer", {"inputs": RECORD, "release": WORD}),
    "a language that nobody speaks": ("/api/v1/answer", {"inputs": RECORD, "lang": WORD}),
    "several, one of them wrong": ("/api/v1/answers", {"questions": [{"inputs": RECORD}, {"inputs": {"sbp": NAME}}]}),
    "a patient who is too long": ("/api/v1/answer", {"inputs": RECORD, "patient": planted.PATIENT * 50}),
    "a Case of another name": (f"/api/v1/cases/{WORD}/decision", {"decision": "accept"}),
    "a decision that is none": (f"/api/v1/cases/{'0' * 32}/decision", {"decision": WORD, "reason": planted.WHOLE}),
    "a search with more": ("/api/v1/cases/search", {"patient": planted.PATIENT, WORD: 1}),
    "resources with a wrong field": ("/fhir/R4/$answer", _bundle(birthDate=WORD)),
    "resources with a field of its own": ("/fhir/R5/$answer", _bundle(**{WORD: NAME})),
    "resources of two patients": (
        "/fhir/R4/$answer",
        {**_bundle(), "entry": [*_bundle()["entry"], {"resource": {"resourceType": "Patient", "id": "other"}}]},
    ),
    "no resources": ("/fhir/R4/$answer", {"resourceType": WORD, "text": planted.WHOLE}),
    "a version that nobody knows": (f"/fhir/{WORD}/$answer", _bundle()),
    "a call without its record": ("/cds-services/{service}", {"hook": WORD, "context": {"patientId": planted.PATIENT}}),
    "a call with a wrong record": (
        "/cds-services/{service}",
        {"hook": "patient-view", "context": {"patientId": planted.PATIENT}, "prefetch": {"p": _bundle(gender=WORD)}},
    ),
    "feedback on nothing": ("/cds-services/{service}/feedback", {"feedback": [{"card": WORD, "outcome": NAME}]}),
    "a name that nobody has": ("/api/v1/session", {"name": WORD, "password": planted.WHOLE}),
}


def _search(service, caplog, folder):
    """Search all that stays."""
    admin, auditor = service.client("admin"), service.client("auditor")
    shown = [auditor.get(place).text for place in ("/metrics", "/api/v1/ledger?last=1000", "/api/v1/releases")]
    shown += [admin.get("/openapi.json").text, admin.get("/api/v1/people").text, admin.get("/readyz").text]
    assert all(len(one) > 10 for one in shown)
    assert planted._told("\n".join(shown), SECRETS) == []
    # What the test's own client logs is no log of the service.
    own = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    said = "\n".join(f"{one.getMessage()} {one.args!r} {one.exc_text or ''}" for one in own)
    assert "primum.serve.access" in {one.name for one in caplog.records} and len(said) > 1000
    assert planted._told(said, SECRETS) == []
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"service.sqlite", "cases.key"} <= {path.name for path in files}
    for path in files:
        assert planted._told_in_bytes(path.read_bytes(), SECRETS) == [], path.name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_refusal_and_nothing_that_stays_tells_anything(kept, caplog, tmp_path, lang):
    client = kept.client("clinician")
    client.headers.update({"accept-language": lang, "user-agent": "qzxheaderplanted", "referer": f"http://x/{WORD}"})
    client.cookies.set("qzxheaderplanted", WORD)
    service = next(iter(kept.app.state.engine.releases))[:12]
    for what, (place, body) in WRONG.items():
        answer = client.post(place.replace("{service}", service), json=body)
        assert 400 <= answer.status_code < 500, (what, answer.status_code)
        assert planted._told(answer.text + repr(answer.headers), SECRETS) == [], (what, answer.text)
    _unreadable(client)
    _search(kept, caplog, tmp_path / "kept")


def _unreadable(client):
    """Send what nobody can read, ask for what is not there."""
    whole = planted.WHOLE.encode()
    for headers, content in (
        ({"content-type": "application/json"}, b'{"inputs": ' + whole),
        ({"content-type": "application/json"}, b"\xff" + whole),
        ({"content-type": "text/plain"}, whole),
        ({"content-type": "application/x-www-form-urlencoded"}, b"inputs=" + whole),
        ({"content-type": f"application/{WORD}"}, whole),
    ):
        answer = client.post("/api/v1/answer", content=content, headers=headers)
        assert 400 <= answer.status_code < 500
        assert planted._told(answer.text, SECRETS) == []
    upload = client.post("/api/v1/answer", files={WORD: (f"{NAME}.dcm", whole, "application/dicom")})
    lost = client.get(f"/api/v1/{WORD}/{NAME}", params={WORD: CHINESE})
    asked = client.get("/api/v1/cases", params={"limit": WORD})
    forbidden = client.get("/api/v1/ledger", params={"subject": NAME})
    for answer in (upload, lost, asked, forbidden):
        assert 400 <= answer.status_code < 500
        assert planted._told(answer.text, SECRETS) == []


def test_cases_are_told_to_who_may_read_them_and_nowhere_else(kept, caplog, tmp_path):
    clinician, other = kept.client("clinician"), kept.client("board")
    inputs = {**RECORD, "ward": planted.CATEGORY, "sex": WORD, "hospital": planted.SITE}
    asked = clinician.post("/api/v1/answer", json={"inputs": inputs, "patient": planted.PATIENT}).json()
    given = {"decision": "correct", "answer": "ill", "reason": planted.WHOLE}
    place = f"/api/v1/cases/{asked['case']}"
    assert clinician.post(f"{place}/decision", json=given).status_code == 200
    opened = clinician.get(place).text
    assert set(planted._told(opened, SECRETS)) >= {planted.CATEGORY, planted.PATIENT, WORD, planted.WHOLE}
    assert planted._told(json.dumps(asked), SECRETS) == []
    for who in (other, kept.client("auditor"), kept.client("admin")):
        assert planted._told(who.get(place).text, SECRETS) == []
    assert planted._told(clinician.get("/api/v1/cases").text, SECRETS) == []
    _search(kept, caplog, tmp_path / "kept")


@pytest.mark.parametrize("step", ["read", "judge", "store"])
def test_a_defect_in_the_middle_of_an_answer_tells_nothing(kept, caplog, tmp_path, monkeypatch, step):
    """A library that puts a record's words into its error, in three steps of an answer."""

    def fails(*_, **__):
        raise ValueError(planted.WHOLE)

    if step == "read":
        monkeypatch.setattr(kept.app.state.engine, "read", fails)
    elif step == "judge":
        monkeypatch.setattr("primum.serve.engine.engine.judge_rows", fails)
    else:
        monkeypatch.setattr(kept.app.state.cases, "add_all", fails)
    body = {"inputs": {**RECORD, "sex": WORD}, "patient": planted.PATIENT}
    answer = kept.client("clinician").post("/api/v1/answer", json=body)
    assert answer.status_code == 500 and planted._told(answer.text, SECRETS) == []
    monkeypatch.undo()
    assert "defect request=" in caplog.text
    _search(kept, caplog, tmp_path / "kept")
