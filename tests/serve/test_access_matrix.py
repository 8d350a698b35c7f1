"""Every route of the service for every role and for nobody: a route without a row here fails."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient

from primum.serve.people import ROLES
from primum.serve.people.access import SAFE

ALL = frozenset(ROLES)
CARERS = frozenset({"clinician", "reviewer"})
REVIEWER = frozenset({"reviewer"})
CHANGERS = frozenset({"board", "admin"})
LEDGER = frozenset({"auditor", "board", "admin"})
ADMIN = frozenset({"admin"})
FIGURES = frozenset({"auditor", "admin"})
OPEN = None

MATRIX = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": FIGURES,
    "POST /api/v1/answer": CARERS,
    "POST /api/v1/answers": CARERS,
    "POST /api/v1/answer/image": CARERS,
    "GET /api/v1/cases": CARERS,
    "GET /api/v1/cases/{case}": CARERS,
    "GET /api/v1/cases/{case}/reasons": CARERS,
    "GET /api/v1/cases/{case}/images/{name}": CARERS,
    "POST /api/v1/cases/search": CARERS,
    "POST /api/v1/cases/{case}/decision": CARERS,
    "GET /api/v1/reviews": REVIEWER,
    "POST /api/v1/reviews/{case}": REVIEWER,
    "POST /api/v1/reviews/{case}/assign": REVIEWER,
    "GET /api/v1/releases": ALL,
    "GET /api/v1/releases/{release}": ALL,
    "POST /api/v1/releases/{release}/promote": CHANGERS,
    "POST /api/v1/releases/{release}/rollback": CHANGERS,
    "GET /api/v1/ledger": LEDGER,
    "GET /api/v1/ledger/verify": LEDGER,
    "GET /fhir/{version}/metadata": ALL,
    "POST /fhir/{version}/$answer": CARERS,
    "GET /cds-services": ALL,
    "POST /cds-services/{service}": CARERS,
    "POST /cds-services/{service}/feedback": CARERS,
    "POST /api/v1/session": OPEN,
    "GET /api/v1/session": ALL,
    "DELETE /api/v1/session": ALL,
    "POST /api/v1/session/password": ALL,
    "GET /api/v1/tokens": ALL,
    "POST /api/v1/tokens": ALL,
    "DELETE /api/v1/tokens/{token}": ALL,
    "GET /api/v1/people": ADMIN,
    "POST /api/v1/people": ADMIN,
    "PATCH /api/v1/people/{account}": ADMIN,
    "POST /api/v1/people/{account}/password": ADMIN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "GET /language": OPEN,
    "GET /sso": OPEN,
    "GET /sso/back": OPEN,
    "POST /logout": ALL,
    "GET /account": ALL,
    "POST /account/password": ALL,
    "POST /account/tokens": ALL,
    "POST /account/tokens/{token}/revoke": ALL,
    "GET /": CARERS,
    "POST /consult": CARERS,
    "GET /cases/{case}": CARERS,
    "GET /cases/{case}/reasons": CARERS,
    "GET /cases/{case}/images/{name}": CARERS,
    "POST /cases/{case}/decision": CARERS,
    "GET /reviews": CARERS,
    "POST /reviews/{case}/assign": REVIEWER,
    "GET /releases": ALL,
    "GET /releases/{release}": ALL,
    "GET /releases/{release}/card": ALL,
    "POST /releases/{release}/promote": CHANGERS,
    "POST /releases/{release}/rollback": CHANGERS,
    "GET /assurance": ALL,
    "GET /assurance/{release}": ALL,
    "GET /assurance/{release}/report": ALL,
    "GET /ledger": LEDGER,
    "GET /ledger/verify": LEDGER,
    "GET /people": ADMIN,
    "POST /people": ADMIN,
    "POST /people/{account}": ADMIN,
    "POST /people/{account}/password": ADMIN,
}
UNGUARDED = {"/openapi.json", "/static"}
"""Addresses that are no routes of ours: what the API is, and style and script."""
NOBODYS = "0" * 32


def _routes(app) -> set[str]:
    return {f"{method} {one.path}" for one in _known(app) if _is_ours(one) for method in one.methods}


def _known(app) -> list:
    return [*iter_route_contexts(app.routes)]


def _is_ours(one) -> bool:
    return isinstance(one.original_route, APIRoute)


def _address(row: str) -> str:
    path = row.partition(" ")[2]
    for name in ("case", "release", "token", "account", "service"):
        path = path.replace("{" + name + "}", NOBODYS)
    path = path.replace("{version}", "R4").replace("{name}", "image")
    assert "{" not in path
    return path


def _client(service, role: str | None) -> TestClient:
    """Return a client whose session is new, because some routes end it."""
    people = service.app.state.people
    client = TestClient(service.app, base_url="http://hospital.test", follow_redirects=False)
    if role is not None:
        session = people.sessions.begin(people.accounts.named(role))
        client.cookies.set(people.rules.cookie, session.secret)
        client.headers["x-csrf-token"] = session.csrf
    return client


def test_every_route_has_a_row_and_every_row_a_route(service):
    assert _routes(service.app) == set(MATRIX)
    others = {one.path for one in _known(service.app) if not _is_ours(one)}
    assert others == UNGUARDED


@pytest.mark.parametrize("row", MATRIX)
def test_the_route_lets_in_whom_it_should(service, row):
    method, allowed = row.partition(" ")[0], MATRIX[row]
    nobody = _client(service, None).request(method, _address(row))
    assert (nobody.status_code == 401) == (allowed is not OPEN and row != "POST /login"), nobody.text
    for role in ROLES:
        answer = _client(service, role).request(method, _address(row))
        assert answer.status_code < 500, answer.text
        refused = answer.status_code == 403
        assert refused == (allowed is not OPEN and role not in allowed), (role, answer.text)


@pytest.mark.parametrize(
    "row", [row for row in MATRIX if row.partition(" ")[0] not in SAFE and MATRIX[row] is not OPEN]
)
def test_nothing_is_changed_by_a_session_without_its_token(service, row):
    client = _client(service, sorted(MATRIX[row])[0])
    del client.headers["x-csrf-token"]
    answer = client.request(row.partition(" ")[0], _address(row))
    assert (answer.status_code, answer.json()["error"]) == (403, "csrf")


@pytest.mark.parametrize("row", [row for row in MATRIX if row.partition(" ")[0] not in SAFE])
def test_nothing_is_changed_from_another_site(service, row):
    role = "clinician" if MATRIX[row] is OPEN else sorted(MATRIX[row])[0]
    answer = _client(service, role).request(
        row.partition(" ")[0], _address(row), headers={"sec-fetch-site": "cross-site"}
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "cross_site")
