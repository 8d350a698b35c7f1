"""The access matrix of actions, and forged requests."""

from __future__ import annotations

import pytest

from primum.serve.people import ACTIONS, ROLES, SCOPES


@pytest.mark.parametrize("role", ROLES)
def test_every_action_for_every_role(sign_in, role):
    client = sign_in(role)
    for action, roles in ACTIONS.items():
        for method in ("GET", "POST"):
            assert client.request(method, f"/may/{action}").status_code == (200 if role in roles else 403)


def test_nobody_may_do_anything(client):
    for action in ACTIONS:
        for method in ("GET", "POST"):
            answer = client.request(method, f"/may/{action}")
            assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("bearer", ["", "x", "primum_" + "A" * 43, "\xff".encode("latin-1")])
def test_a_token_that_is_none_is_nobody_even_beside_a_session(sign_in, bearer):
    header = b"Bearer " + (bearer if isinstance(bearer, bytes) else bearer.encode())
    assert sign_in("clinician").get("/may/answer", headers={"authorization": header}).status_code == 401


def test_a_session_that_changes_something_must_carry_its_token(sign_in):
    ada, bo = sign_in("clinician"), sign_in("reviewer")
    others = bo.headers["x-csrf-token"]
    mine = ada.headers.pop("x-csrf-token")
    assert ada.get("/may/answer").status_code == 200
    for given in ({}, {"x-csrf-token": ""}, {"x-csrf-token": others}, {"x-csrf-token": "é".encode()}):
        refused = ada.post("/may/answer", headers=given)
        assert (refused.status_code, refused.json()["error"]) == (403, "csrf")
    assert ada.post("/may/answer", headers={"x-csrf-token": mine}).status_code == 200
    assert ada.post("/may/answer", data={"csrf": mine}).status_code == 200
    assert ada.post("/may/answer", data={"csrf": others}).status_code == 403
    assert ada.post("/may/answer", files={"csrf": ("csrf", mine.encode())}).status_code == 403
    assert ada.post("/may/answer", json={"csrf": mine}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://hospital.test"}, 403),
        ({"origin": "http://hospital.test"}, 200),
        ({"origin": "http://hospital.test.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_another_sites_page_can_change_nothing_even_with_the_token(sign_in, headers, status, client):
    ada = sign_in("clinician")
    assert ada.post("/may/answer", headers=headers).status_code == status
    body = {"name": "clinician", "password": "seven small boats at sea"}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == status


def test_a_token_needs_no_token_against_forgery_since_no_browser_sends_it_by_itself(sign_in, client):
    made = sign_in("clinician").post("/api/v1/tokens", json={"label": "ehr", "scopes": ["answer"]}).json()
    client.headers["authorization"] = f"Bearer {made['token']}"
    assert client.post("/may/answer").status_code == 200


def test_every_scope_lets_a_token_do_just_that(sign_in, people):
    for role in ROLES:
        account = people.accounts.named(role)
        for scope in SCOPES:
            if role not in ACTIONS[scope]:
                continue
            _, secret = people.tokens.make(account, scope, [scope], days=1)
            client = sign_in("board")
            client.headers["authorization"] = f"Bearer {secret}"
            let = {action for action in ACTIONS if client.get(f"/may/{action}").status_code == 200}
            assert let == {scope}


def test_who_asks_too_often_is_told_to_wait(sign_in, people, client):
    from primum.serve.people.rates import Rates

    now = [0.0]
    people.of_accounts = Rates(3, clock=lambda: now[0])
    ada, bo = sign_in("clinician"), sign_in("reviewer")
    assert [ada.get("/may/answer").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert bo.get("/may/answer").status_code == 200
    refused = ada.get("/may/answer")
    assert refused.json()["error"] == "rate_limited" and refused.headers["retry-after"] == "20"
    now[0] = 20.0
    assert [ada.get("/may/answer").status_code for _ in range(2)] == [200, 429]
    people.of_addresses = Rates(2, clock=lambda: now[0])
    assert [client.get("/may/answer").status_code for _ in range(3)] == [401, 401, 429]
