"""Signing in: new ids, ends, wrong passwords, lock-out, and what the Ledger says of it."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest
from fastapi.testclient import TestClient

from primum.serve.people import attempts

WRONG = "nine large boats at sea"


def _login(client, name, password):
    return client.post("/api/v1/session", json={"name": name, "password": password})


def test_who_signs_in_is_known_until_signing_out(sign_in, client):
    assert client.get("/api/v1/session").status_code == 401
    ada = sign_in("Clinician ")
    assert ada.get("/api/v1/session").json()["role"] == "clinician"
    cookie = ada.cookies["primum_session"]
    assert ada.delete("/api/v1/session").status_code == 200
    client.cookies.set("primum_session", cookie)
    assert client.get("/api/v1/session").status_code == 401


def test_no_secret_is_kept_in_the_database(sign_in, tmp_path, people, password):
    ada = sign_in("clinician")
    made = ada.post("/api/v1/tokens", json={"label": "ehr", "scopes": ["answer"]}).json()
    people.close()
    with sqlite3.connect(tmp_path / "people.sqlite") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = b"".join(path.read_bytes() for path in tmp_path.glob("people.sqlite*"))
    for secret in (ada.cookies["primum_session"], made["token"], password, ada.headers["x-csrf-token"]):
        assert secret.encode() not in content
    assert hashlib.sha256(made["token"].encode()).hexdigest().encode() in content


def test_the_id_is_new_at_every_login_and_the_one_before_ends(sign_in, client, people):
    """Session fixation: an id that somebody planted in the browser is never the one that is signed in."""
    client.cookies.set("primum_session", "planted")
    answer = _login(client, "clinician", "seven small boats at sea")
    first = answer.cookies["primum_session"]
    assert first != "planted" and people.sessions.find("planted") is None
    client.cookies.clear()
    client.cookies.set("primum_session", first)
    second = _login(client, "clinician", "seven small boats at sea").cookies["primum_session"]
    assert second != first
    assert people.sessions.find(first) is None and people.sessions.find(second) is not None


def test_the_cookie_is_for_this_site_and_no_script(client, people, rules):
    said = _login(client, "clinician", "seven small boats at sea").headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=lax" in said and "Path=/" in said and "Secure" not in said
    people.rules = rules(secure=True)
    said = _login(client, "clinician", "seven small boats at sea").headers["set-cookie"]
    assert said.startswith("__Host-primum=") and "Secure" in said and "Domain" not in said


def test_a_session_ends_unused_and_used(people, clock):
    ada = people.accounts.named("clinician")
    idle = people.sessions.begin(ada)
    clock.now += people.rules.idle_s - 1
    assert people.sessions.find(idle.secret) is not None
    clock.now += people.rules.idle_s + 1
    assert people.sessions.find(idle.secret) is None
    used, began = people.sessions.begin(ada), clock.now
    while clock.now + 600 - began <= people.rules.longest_s:
        clock.now += 600
        assert people.sessions.find(used.secret) is not None
    clock.now = began + people.rules.longest_s + 1
    assert people.sessions.find(used.secret) is None


def test_wrong_passwords_unknown_names_and_closed_accounts_look_alike(client, people):
    people.accounts.set_active(people.accounts.named("board").id, False)
    answers = [
        _login(client, "clinician", WRONG),
        _login(client, "nobody at all", WRONG),
        _login(client, "board", "seven small boats at sea"),
    ]
    shown = [{**answer.json(), "request": ""} for answer in answers]
    assert shown[0] == shown[1] == shown[2]
    assert {answer.status_code for answer in answers} == {401}


@pytest.mark.parametrize("name", ["clinician", "nobody at all"])
def test_brute_force_is_locked_out_whether_or_not_there_is_such_a_name(client, clock, name):
    for _ in range(attempts.PAIR):
        assert _login(client, name, WRONG).status_code == 401
    locked = _login(client, name, "seven small boats at sea")
    assert (locked.status_code, locked.json()["error"]) == (429, "rate_limited")
    assert int(locked.headers["retry-after"]) == attempts.WINDOW_S
    clock.now += attempts.WINDOW_S + 1
    again = _login(client, name, "seven small boats at sea")
    assert again.status_code == (200 if name == "clinician" else 401)


def test_many_at_once_cannot_pass_the_limit_together(people):
    """Every attempt counts before it is looked at, so what is looked at never exceeds the limit."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: people.attempts.begin("clinician", "10.0.0.1"), range(40)))
    assert sum(wait == 0 for wait in waits) == attempts.PAIR


def test_many_addresses_cannot_share_the_work_and_one_cannot_try_all_names(people):
    let = [people.attempts.begin("clinician", f"10.0.0.{i}") == 0 for i in range(attempts.NAME + 5)]
    assert sum(let) == attempts.NAME
    let = [people.attempts.begin(f"name {i}", "10.1.0.1") == 0 for i in range(attempts.ADDRESS + 5)]
    assert sum(let) == attempts.ADDRESS


def test_a_stranger_does_not_lock_out_who_comes_from_elsewhere(people, app, sign_in):
    stranger = TestClient(app, base_url="http://hospital.test", client=("10.9.9.9", 1))
    assert [_login(stranger, "clinician", WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    assert sign_in("clinician").get("/api/v1/session").status_code == 200


def test_success_counts_as_no_failure(sign_in, people):
    for _ in range(attempts.NAME + 1):
        wait = people.attempts.begin("clinician", "testclient")
        assert wait == 0
        people.attempts.succeeded("clinician", "testclient")


def test_logins_are_in_the_ledger_without_what_was_typed_as_a_name(client, ledger, people):
    _login(client, "clinician", WRONG)
    _login(client, "my secret password", WRONG)
    _login(client, "clinician", "seven small boats at sea")
    found = ledger.entries(kind="login")
    ada = people.accounts.named("clinician")
    said = [(one.subject, one.content["name"], one.content["role"], bool(one.content["accepted"])) for one in found]
    assert said == [
        (ada.id, "clinician", "clinician", False),
        ("nobody", "", "", False),
        (ada.id, "clinician", "clinician", True),
    ]
    assert ledger.verify().ok


def test_a_new_password_ends_every_other_session(sign_in, people, ledger):
    here, there = sign_in("clinician"), sign_in("clinician")
    wrong = here.post("/api/v1/session/password", json={"old": WRONG, "new": "a whole new way of life"})
    assert wrong.status_code == 401
    weak = here.post("/api/v1/session/password", json={"old": "seven small boats at sea", "new": "password1234"})
    assert weak.status_code == 422 and "common" in weak.json()["message"]
    assert there.get("/api/v1/session").status_code == 200
    body = {"old": "seven small boats at sea", "new": "a whole new way of life"}
    assert here.post("/api/v1/session/password", json=body).status_code == 200
    assert here.get("/api/v1/session").status_code == 200
    assert there.get("/api/v1/session").status_code == 401
    sign_in("clinician", "a whole new way of life")
    assert [one.content["action"] for one in ledger.entries(kind="account")] == ["password_changed"]


def test_a_given_password_must_be_changed_first(sign_in, app, people):
    boss = sign_in("admin")
    made = boss.post("/api/v1/people", json={"name": "Dr. Lin", "role": "clinician"})
    assert made.status_code == 201
    lin = sign_in("dr. lin", made.json()["password"])
    assert lin.get("/api/v1/session").json()["must_change"] is True
    refused = lin.get("/may/answer")
    assert (refused.status_code, refused.json()["error"]) == (403, "password_change")
    body = {"old": made.json()["password"], "new": "a whole new way of life"}
    lin.headers["x-csrf-token"] = lin.post("/api/v1/session/password", json=body).json()["csrf"]
    assert lin.get("/may/answer").status_code == 200
