"""Who may read which Case, and how Cases go through Reviews; which Release answers; the Ledger for who audits."""

from __future__ import annotations

import shutil

import pytest

RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}
RED_FLAG = {**RECORD, "sbp": 240}


def test_a_clinician_reads_their_own_cases_and_a_reviewer_all(service):
    service.add("other", "clinician")
    case = service.ask("clinician", patient="P1")["case"]
    assert [one["id"] for one in service.client("clinician").get("/api/v1/cases").json()["cases"]] == [case]
    assert service.client("other").get("/api/v1/cases").json()["cases"] == []
    for name, found in (("clinician", [case]), ("reviewer", [case]), ("other", [])):
        said = service.client(name).post("/api/v1/cases/search", json={"patient": "P1"}).json()
        assert [one["id"] for one in said["cases"]] == found
    for path in (f"/api/v1/cases/{case}", f"/api/v1/cases/{case}/reasons"):
        assert service.client("clinician").get(path).status_code == 200
        assert service.client("reviewer").get(path).status_code == 200
        assert service.client("other").get(path).status_code == 404
        for role in ("board", "auditor", "admin"):
            assert service.client(role).get(path).status_code == 403
        assert service.client().get(path).status_code == 401
    decision = service.client("other").post(f"/api/v1/cases/{case}/decision", json={"decision": "accept"})
    assert decision.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "correct", "reason": "Seen."}, "answer"),
        ({"decision": "correct", "answer": "ill"}, "reason"),
        ({"decision": "correct", "answer": "Ill", "reason": "Seen."}, "answer"),
        ({"decision": "refuse"}, "reason"),
        ({"decision": "accept", "answer": "ill"}, "answer"),
        ({"decision": "agree"}, "decision"),
    ],
)
def test_a_decision_that_is_not_whole_is_refused(service, body, field):
    case = service.ask()["case"]
    answer = service.client("clinician").post(f"/api/v1/cases/{case}/decision", json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field


def test_a_held_case_goes_through_the_queue_to_a_reader(service):
    service.ask(inputs=RECORD)
    case = service.ask(inputs=RED_FLAG)["case"]
    reviewer = service.client("reviewer")
    waiting = reviewer.get("/api/v1/reviews").json()["cases"]
    assert [one["id"] for one in waiting] == [case] and waiting[0]["urgency"] == 3
    taken = reviewer.post(f"/api/v1/reviews/{case}/assign", json={}).json()
    assert taken["assigned_name"] == "reviewer"
    assert reviewer.post(f"/api/v1/reviews/{case}/assign", json={"account": ""}).json()["assigned"] == ""
    stranger = {"account": service.accounts["clinician"].id}
    assert reviewer.post(f"/api/v1/reviews/{case}/assign", json=stranger).status_code == 422
    given = {"decision": "correct", "answer": "well", "reason": "Measured again."}
    assert service.client("clinician").post(f"/api/v1/cases/{case}/decision", json=given).json()["state"] == "waiting"
    assert reviewer.post(f"/api/v1/reviews/{case}", json=given).json()["state"] == "closed"
    assert reviewer.get("/api/v1/reviews").json()["cases"] == []
    assert reviewer.post(f"/api/v1/reviews/{case}", json=given).status_code == 409
    kept = service.client("clinician").get(f"/api/v1/cases/{case}").json()
    assert [(one["by_name"], one["review"]) for one in kept["decisions"]] == [("clinician", False), ("reviewer", True)]
    own = service.ask("reviewer", inputs=RED_FLAG)["case"]
    assert reviewer.post(f"/api/v1/reviews/{own}/assign", json={}).status_code == 403
    assert reviewer.post(f"/api/v1/reviews/{own}", json=given).status_code == 403


def test_a_second_reader_can_be_asked_for(served_release, tmp_path, run_service):
    with run_service.running(run_service.settings_of(served_release, tmp_path, second_reader=True)) as service:
        service.add("second", "reviewer")
        case = service.ask(inputs=RED_FLAG)["case"]
        given = {"decision": "accept"}
        for name, state in (("reviewer", "waiting"), ("second", "closed")):
            assert service.client(name).post(f"/api/v1/reviews/{case}", json=given).json()["state"] == state


def test_a_release_is_put_into_use_by_two_people_and_taken_back(served_release, tmp_path, run_service):
    from primum.ethics.release import build_release
    from primum.ethics.signing import load_key

    folder = served_release[0].parent
    run = shutil.copytree(folder / "run", tmp_path / "run")
    (run / "card.md").write_text("A second one.\n", encoding="utf-8")
    other = _signed_again(run, folder, tmp_path / "other", build_release, load_key)
    settings = run_service.settings_of(served_release, tmp_path, releases=(served_release[0], other))
    with run_service.running(settings) as service:
        service.add("board2", "board")
        first, second = (one["id"] for one in service.client("board").get("/api/v1/releases").json()["releases"])
        assert service.ask()["release"] == first and service.ask(release=second[:10])["release"] == second
        assert service.client("clinician").post(f"/api/v1/releases/{second}/promote").status_code == 403
        assert service.client("board").post(f"/api/v1/releases/{first}/promote").status_code == 409
        asked = service.client("board").post(f"/api/v1/releases/{second}/promote").json()
        assert (asked["effective"], asked["missing"]) == (False, 1) and service.ask()["release"] == first
        assert service.client("board").post(f"/api/v1/releases/{second}/promote").status_code == 409
        assert service.client("board2").post(f"/api/v1/releases/{second}/promote").json()["effective"] is True
        assert service.ask()["release"] == second
        none = service.client("board").post(f"/api/v1/releases/{second}/rollback")
        assert none.status_code == 409 and "No other Release was in use before" in none.json()["message"]
        for name in ("board", "board2"):
            service.client(name).post(f"/api/v1/releases/{first}/promote")
        for name in ("board", "board2"):
            back = service.client(name).post(f"/api/v1/releases/{first}/rollback").json()
        assert back == {"release": second, "effective": True, "missing": 0} and service.ask()["release"] == second
    with run_service.running(settings) as again:
        assert again.ask()["release"] == second


def _signed_again(run, folder, out, build_release, load_key):
    from primum.ethics.signing import hash_files, make_signature, write_signature

    shutil.rmtree(run / "signatures")
    for name, role in (("Ada", "clinical_lead"), ("Bo", "ethics_board")):
        key, sha256 = load_key(folder / f"{name}.key"), hash_files(run).sha256
        write_signature(run, make_signature(key, subject="run", sha256=sha256, role=role, reason="Read."))
    return build_release(run, out, key=load_key(folder / "Releases.key")).path


def test_the_ledger_is_read_and_verified_by_who_may(service):
    case = service.ask()["case"]
    auditor = service.client("auditor")
    found = auditor.get("/api/v1/ledger", params={"kind": "case"}).json()["entries"]
    assert [one["subject"] for one in found] == [case]
    checked = auditor.get("/api/v1/ledger/verify").json()
    assert checked["ok"] and checked["entries"] == checked["head"]["number"]
    assert auditor.get("/api/v1/ledger", params={"kind": "cases"}).status_code == 422
    assert service.client("clinician").get("/api/v1/ledger").status_code == 403
