"""An answer over HTTP says what `primum predict` says, is stored before it goes out, and can be held against it."""

from __future__ import annotations

import hashlib
import json
import logging

import numpy as np
import pytest

from primum.ethics.canonical import canonical
from primum.ethics.signing import new_key
from primum.ethics.signing.keys import is_signed

RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}
RED_FLAG = {**RECORD, "sbp": 240}


def _records(n: int) -> list[dict]:
    rng = np.random.default_rng(11)
    made = []
    for i in range(n):
        record = {"age": int(rng.normal(55, 15)), "sbp": int(rng.normal(130, 25)), "ward": "ABCZ"[i % 4]}
        record |= {"sex": "FM"[i % 2], "hospital": f"H{i % 2}"}
        made.append({name: None if rng.random() < 0.1 else value for name, value in record.items()})
    return made


def test_it_says_what_predict_says_and_the_same_alone_as_among_others(service, served_release):
    from primum.study import Release

    records = _records(24)
    table = {name: [record[name] for record in records] for name in records[0]}
    told = Release.open(served_release[0]).predict({"id": [str(i) for i in range(24)], **table}).to_pylist()
    client = service.client("clinician")
    answers = client.post("/api/v1/answers", json={"questions": [{"inputs": one} for one in records]}).json()["answers"]
    for record, row, answer in zip(records, told, answers, strict=True):
        assert {one["name"]: one["probability"] for one in answer["classes"]} == pytest.approx(
            {name[2:]: value for name, value in row.items() if name.startswith("p:")}, abs=1e-12
        )
        assert answer["predicted"] == [row["predicted"]]
        assert ";".join(answer["set"]["members"]) == row["set"]
        assert answer["abstained"] == row["abstain"] and answer["novel"] == row["novel"]
        assert answer["disagreement"] == pytest.approx(row["disagreement"])
        assert ";".join(one["id"] for one in answer["rules"]) == row["rules"]
        assert answer["escalate"] == row["escalate"]
        alone = client.post("/api/v1/answer", json={"inputs": record}).json()
        for name in ("classes", "predicted", "set", "abstained", "novel", "novel_because", "rules", "unknown"):
            assert alone[name] == answer[name]


def test_a_red_flag_is_held_before_all_others_and_a_plain_record_is_not(service):
    flagged = service.ask(inputs=RED_FLAG)
    assert flagged["escalate"] and flagged["held"] and flagged["urgency"] == 3
    assert "escalate" in flagged["held_because"]
    rule = next(one for one in flagged["rules"] if one["then"] == "escalate")
    assert rule["source"] and rule["says"].endswith(".")
    plain = service.ask(inputs=RECORD)
    assert not plain["held"] and plain["urgency"] == 0 and plain["held_because"] == []
    assert plain["unknown"]["not_for"] == "Children." and plain["question"] == "Is this patient ill?"


def test_what_is_not_known_is_said_in_the_language_asked_for(service):
    english, chinese = (service.ask(inputs={"age": 400}, lang=lang) for lang in ("en", "zh"))
    assert english["unknown"] == {**english["unknown"], "missing": ["sbp", "ward"], "outside": ["age"]}
    assert "out of the range seen in training: age" in english["novel_because"]
    assert "age" in chinese["novel_because"] and "range" not in chinese["novel_because"]
    assert "集合" in chinese["set"]["promise"] and "%" in english["set"]["promise"]


def test_the_case_is_there_and_its_trace_can_be_recomputed(served_release, tmp_path, run_service):
    key = new_key(tmp_path / "service.key", name="Service")
    settings = run_service.settings_of(served_release, tmp_path, signing_key=tmp_path / "service.key")
    with run_service.running(settings) as service:
        answer = service.ask(inputs=RECORD, patient="P1")
        trace = answer.pop("trace")
        case = answer["case"]
        kept = service.client("clinician").get(f"/api/v1/cases/{case}").json()
        entry = service.app.state.ledger.entries(subject=case)[0]
        assert service.app.state.ledger.verify(keys=[key.public]).ok
    shown = {name: value for name, value in answer.items()}
    assert hashlib.sha256(canonical(shown).encode()).hexdigest() == trace["answer_sha256"]
    text = f"{case}\n{canonical(RECORD)}"
    assert hashlib.sha256(text.encode()).hexdigest() == trace["input_sha256"]
    hashes = {name: trace[name] for name in ("input_sha256", "answer_sha256")}
    said = "primum answer 1\n" + canonical({"case": case, "release": answer["release"], **hashes})
    assert is_signed(said, key=key.public, signature=trace["signature"]) and trace["key"] == key.public
    assert entry.number == trace["ledger"] and entry.content["answer_sha256"] == trace["answer_sha256"]
    assert kept["inputs"] == RECORD and kept["patient"] == "P1"
    assert kept["answer"] == {**answer, "trace": trace}


def test_reasons_come_on_demand_with_what_they_are_worth(service):
    asked = service.ask(inputs=RECORD, explain=True)["reasons"]
    later = service.client("clinician").get(f"/api/v1/cases/{service.ask(inputs=RECORD)['case']}/reasons").json()
    assert later == asked and asked["method"] == "occlusion" and asked["about"] in ("ill", "well")
    assert asked["comprehensiveness"] is not None
    if asked["holds"]:
        assert {one["vital"] for one in asked["vitals"]} == {"age", "sbp", "ward"}
    else:
        assert asked["vitals"] == [] and asked["withheld_because"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"inputs": {**RECORD, "agee": 3}}, 422, "inputs.agee"),
        ({"inputs": {"age": "planted-word"}}, 422, "inputs.age"),
        ({"inputs": {"age": [1]}}, 422, "inputs.age"),
        ({"inputs": {}}, 422, "inputs"),
        ({"inputs": {"age": None, "sex": "F"}}, 422, None),
        ({"inputs": RECORD, "lang": "fr"}, 422, "lang"),
        ({"inputs": RECORD, "relese": "x"}, 422, "relese"),
        ({"inputs": RECORD, "release": "nowhere"}, 404, None),
        ({"inputs": RECORD, "explain": "yes"}, 422, "explain"),
        ({"inputs": RECORD, "patient": ""}, 422, "patient"),
        ([], 422, None),
    ],
)
def test_a_wrong_question_names_its_field_and_repeats_nothing(service, body, status, field):
    answer = service.client("clinician").post("/api/v1/answer", json=body)
    said = answer.json()
    assert answer.status_code == said["status"] == status and said["ok"] is False
    assert "planted" not in answer.text and service.app.state.cases.heads() == []
    if field is not None:
        assert any(one["field"].startswith(field) for one in said["errors"])


def test_several_are_answered_or_none(service):
    questions = [{"inputs": RECORD}, {"inputs": {**RECORD, "age": "old"}}]
    answer = service.client("clinician").post("/api/v1/answers", json={"questions": questions})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "questions.1.inputs.age"
    assert service.app.state.cases.heads() == []
    many = service.client("clinician").post("/api/v1/answers", json={"questions": [{"inputs": RECORD}] * 257})
    assert many.status_code == 422


def test_nobody_is_answered_about_a_patient_who_was_erased(service):
    service.ask(inputs=RECORD, patient="P1")
    service.app.state.cases.erase("P1")
    answer = service.client("clinician").post("/api/v1/answer", json={"inputs": RECORD, "patient": "P1"})
    assert answer.status_code == 409 and "erased" in answer.json()["message"]


def test_too_many_questions_are_answered_429(served_release, tmp_path, run_service):
    with run_service.running(run_service.settings_of(served_release, tmp_path, queue=2)) as service:
        questions = [{"inputs": RECORD}] * 3
        answer = service.client("clinician").post("/api/v1/answers", json={"questions": questions})
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
        assert answer.json()["error"] == "busy"


def test_a_ledger_that_cannot_be_written_answers_nothing(service, monkeypatch):
    from primum.errors import LedgerError

    def fail(*_, **__):
        raise LedgerError("the disk is full")

    monkeypatch.setattr(service.app.state.ledger, "append_all", fail)
    answer = service.client("clinician").post("/api/v1/answer", json={"inputs": RECORD})
    assert answer.status_code == 503 and service.app.state.cases.heads() == []


def test_an_expired_release_answers_no_more(service, monkeypatch):
    from primum.serve.engine import OpenedRelease

    monkeypatch.setattr(OpenedRelease, "in_date", lambda self, now=None: False)
    answer = service.client("clinician").post("/api/v1/answer", json={"inputs": RECORD})
    assert answer.status_code == 503 and "expired" in answer.json()["message"]
    assert service.client().get("/readyz").status_code == 503 and service.client().get("/healthz").status_code == 200


def test_logs_and_metrics_hold_no_word_of_a_patient(service, caplog):
    with caplog.at_level(logging.DEBUG):
        service.ask(inputs={**RECORD, "ward": "zq-ward"}, patient="zq-patient")
        service.client("clinician").post("/api/v1/answer", json={"inputs": {"age": "zq-age", "zq-key": 1}})
        service.client("clinician").post("/api/v1/cases/search", json={"patient": "zq-patient"})
        service.client("clinician").get("/api/v1/cases", params={"patient": "zq-patient"})
    logged = "".join(one.getMessage() for one in caplog.records if not one.name.startswith("httpx"))  # not the client's
    metrics = service.client("auditor").get("/metrics").text
    assert "route=/api/v1/answer" in logged and "zq" not in logged and "zq" not in metrics
    assert 'route="/api/v1/answer",status="200"' in metrics and 'guard="given"' in metrics
    assert "primum_waiting" in metrics


def test_the_openapi_document_is_whole(service):
    document = service.client().get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (path, method)
            if path.startswith("/api/"):
                kind = "image/png" if "/images/" in path else "application/json"
                assert kind in operation["responses"][min(operation["responses"])]["content"]
    body = document["components"]["schemas"]["Ask"]
    assert body["example"]["inputs"] and body["properties"]["inputs"]["examples"]
    assert set(document["components"]["schemas"]["Answer"]["properties"]) == set(service.ask(inputs=RECORD))
    assert json.dumps(document)
