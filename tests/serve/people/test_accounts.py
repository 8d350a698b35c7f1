"""Accounts and tokens: managed by administrators, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from primum.errors import ServiceError
from primum.ethics.database import version_of
from primum.serve.people import People
from primum.serve.people.tables import SCHEMA, metadata
from primum.serve.security import Refused


def test_the_migrations_make_the_tables_that_are_used(people):
    inspected = sa.inspect(people._engine)
    for table in metadata.tables.values():
        there = {(one["name"], one["nullable"]) for one in inspected.get_columns(table.name)}
        assert there == {(column.name, column.nullable) for column in table.columns}
    assert version_of(people._engine, SCHEMA) == SCHEMA.newest


def test_a_later_versions_tables_are_refused(people, tmp_path):
    with people._engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {SCHEMA.version_table} SET version_num = '9999'"))
    with pytest.raises(ServiceError, match="accounts was written by a later version"):
        People.open(str(tmp_path / "people.sqlite"))


@pytest.mark.parametrize("name", ["ADMIN", " admin", "ａｄｍｉｎ"])
def test_a_name_is_somebodys_in_every_writing(people, name):
    with pytest.raises(Refused, match="of that name already"):
        people.accounts.add(name, "auditor")


@pytest.mark.parametrize("name", ["", "-x", "a\nb\x00", "x" * 81, "<b>x</b>"])
def test_what_is_no_name_is_refused(people, name):
    with pytest.raises(Refused, match="A name has 1 to 80"):
        people.accounts.add(name, "auditor")


def test_what_is_no_role_is_refused(people):
    with pytest.raises(ServiceError, match="did you mean 'auditor'"):
        people.accounts.add("x", "auditer")


def test_the_last_administrator_stays(people):
    boss = people.accounts.named("admin")
    with pytest.raises(Refused, match="last administrator"):
        people.change(boss.id, by="x", active=False)
    with pytest.raises(Refused, match="last administrator"):
        people.change(boss.id, by="x", role="board")
    people.add("second", "admin", password="a whole new way of life")
    assert people.change(boss.id, by="x", active=False).active is False


def test_a_closed_account_is_out_at_once(sign_in, people):
    ada, boss = sign_in("clinician"), sign_in("admin")
    token = ada.post("/api/v1/tokens", json={"label": "ehr", "scopes": ["answer"]}).json()["token"]
    body = {"active": False}
    ada_id = people.accounts.named("clinician").id
    assert boss.patch(f"/api/v1/people/{ada_id}", json=body).json()["active"] is False
    assert ada.get("/api/v1/session").status_code == 401
    bearer = {"authorization": f"Bearer {token}"}
    assert boss.get("/may/answer", headers=bearer).status_code == 401
    boss.patch(f"/api/v1/people/{ada_id}", json={"active": True})
    assert ada.get("/api/v1/session").status_code == 401
    assert boss.get("/may/answer", headers=bearer).status_code == 200


def test_another_role_takes_sessions_and_tokens(sign_in, people, ledger):
    ada, boss = sign_in("reviewer"), sign_in("admin")
    token = ada.post("/api/v1/tokens", json={"label": "ehr", "scopes": ["review"]}).json()["token"]
    boss.patch(f"/api/v1/people/{people.accounts.named('reviewer').id}", json={"role": "auditor"})
    assert ada.get("/api/v1/session").status_code == 401
    assert boss.get("/may/review", headers={"authorization": f"Bearer {token}"}).status_code == 401
    said = [(one.content["action"], one.content["name"], one.content["by"]) for one in ledger.entries(kind="account")]
    assert said == [("token_made", "reviewer", "reviewer"), ("role_changed", "reviewer", "admin")]


def test_a_token_is_shown_once_and_ends(sign_in, client, clock):
    ada = sign_in("auditor")
    made = ada.post("/api/v1/tokens", json={"label": "prometheus", "scopes": ["metrics.read"], "days": 2}).json()
    assert made["token"].startswith("primum_")
    assert "token" not in ada.get("/api/v1/tokens").json()[0]
    client.headers["authorization"] = f"Bearer {made['token']}"
    assert client.get("/may/metrics.read").status_code == 200
    assert client.get("/may/ledger.read").status_code == 403
    assert client.get("/api/v1/tokens").status_code == 403
    clock.now += 2 * 86400 + 1
    assert client.get("/may/metrics.read").status_code == 401


def test_a_token_is_revoked_by_its_owner_alone(sign_in, client):
    ada, bo = sign_in("auditor"), sign_in("board")
    made = ada.post("/api/v1/tokens", json={"label": "x", "scopes": ["metrics.read"]}).json()
    assert bo.delete(f"/api/v1/tokens/{made['id']}").status_code == 404
    assert ada.delete(f"/api/v1/tokens/{made['id']}").status_code == 200
    answer = client.get("/may/metrics.read", headers={"authorization": f"Bearer {made['token']}"})
    assert answer.status_code == 401


def test_a_token_may_do_no_more_than_its_owner(sign_in):
    refused = sign_in("clinician").post("/api/v1/tokens", json={"label": "x", "scopes": ["ledger.read"]})
    assert refused.status_code == 422 and "is not for the role clinician" in refused.json()["message"]


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres, clock):
    people = People.open(postgres, clock=clock)
    account, given = people.add("Ada", "admin")
    with pytest.raises(Refused, match="of that name already"):
        people.add("ADA", "admin")
    assert [people.attempts.begin("ada", "here") for _ in range(6)] == [0] * 5 + [900]
    assert people.attempts.begin("bo", "here") == 0
    people.attempts.succeeded("ada", "here")
    session = people.sign_in("ada", given, address="here")
    assert people.sessions.find(session.secret).account.id == account.id
    token, secret = people.tokens.make(account, "x", ["metrics.read"], days=1)
    assert people.tokens.find(secret) == (people.accounts.get(account.id), frozenset({"metrics.read"}))
    with pytest.raises(Refused, match="last administrator"):
        people.change(account.id, by="x", active=False)
    people.tokens.revoke(token.id, account=account.id)
    people.sessions.end_all(account.id)
    assert people.tokens.find(secret) is None and people.sessions.find(session.secret) is None
    people.close()


@pytest.fixture
def asked(people):
    """How often the database is asked for a token."""
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        if "primum_tokens" in statement and statement.startswith("SELECT"):
            statements.append(statement)

    sa.event.listen(people._engine, "after_cursor_execute", note)
    return statements


def test_a_token_is_remembered_for_two_seconds_and_no_longer(people, client, clock, asked):
    account = people.accounts.named("auditor")
    token, secret = people.tokens.make(account, "x", ["metrics.read"], days=1)
    client.headers["authorization"] = f"Bearer {secret}"
    assert [client.get("/may/metrics.read").status_code for _ in range(3)] == [200] * 3
    assert len(asked) == 1
    clock.now += 2
    assert client.get("/may/metrics.read").status_code == 200
    assert len(asked) == 2
    clock.now = token.expires - 1
    assert client.get("/may/metrics.read").status_code == 200
    clock.now = token.expires
    assert client.get("/may/metrics.read").status_code == 401


def test_nobody_is_remembered_for_a_secret_that_is_none(client, asked):
    client.headers["authorization"] = "Bearer primum_nothing"
    assert [client.get("/may/metrics.read").status_code for _ in range(2)] == [401] * 2
    assert len(asked) == 2


@pytest.mark.parametrize("how", ["revoked", "closed", "another role"])
def test_a_remembered_token_is_refused_at_once(people, client, how):
    account = people.accounts.named("auditor")
    token, secret = people.tokens.make(account, "x", ["metrics.read"], days=1)
    client.headers["authorization"] = f"Bearer {secret}"
    assert client.get("/may/metrics.read").status_code == 200
    if how == "revoked":
        people.tokens.revoke(token.id, account=account.id)
    else:
        people.change(account.id, by="x", **({"active": False} if how == "closed" else {"role": "clinician"}))
    assert client.get("/may/metrics.read").status_code == 401


def test_what_another_process_revokes_is_refused_within_two_seconds(people, client, clock, tmp_path):
    account = people.accounts.named("auditor")
    token, secret = people.tokens.make(account, "x", ["metrics.read"], days=1)
    client.headers["authorization"] = f"Bearer {secret}"
    assert client.get("/may/metrics.read").status_code == 200
    other = People.open(str(tmp_path / "people.sqlite"), clock=clock)
    other.tokens.revoke(token.id, account=account.id)
    other.close()
    clock.now += 2
    assert client.get("/may/metrics.read").status_code == 401


def test_a_token_that_is_revoked_while_the_database_is_asked_is_not_remembered(people):
    account = people.accounts.named("auditor")
    token, secret = people.tokens.make(account, "x", ["metrics.read"], days=1)

    def meanwhile(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT") and "primum_tokens" in statement:
            people.tokens.forget()  # as `revoke` does, between the database's answer and its being kept

    sa.event.listen(people._engine, "after_cursor_execute", meanwhile)
    assert people.tokens.find(secret) is not None
    assert people.tokens.remembered(secret) is None
