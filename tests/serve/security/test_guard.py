"""The guard: one shape for everything that goes wrong, limits, headers, and a log without a word of anybody's."""

from __future__ import annotations

import json
import logging
import re

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from primum.errors import LedgerError, PolicyError
from primum.serve.security import Limits

SHAPE = {"ok", "error", "message", "status", "errors", "request"}
PHI = "Zhang Wei was born in 1951"


class Note(BaseModel):
    """A body with a nested list."""

    text: str
    tree: object = None


@pytest.fixture
def guarded(app):
    """The application with routes that echo, fail and refuse, and little room for a body."""

    @app.post("/echo")
    def echo(note: Note) -> dict[str, int]:
        return {"length": len(note.text)}

    @app.get("/fails/{what}")
    def fails(what: str) -> None:
        raise {"defect": KeyError(PHI), "policy": PolicyError("Mend it."), "ledger": LedgerError("sqlite:///x")}[what]

    return app


@pytest.fixture
def client(guarded):
    """A program that sees what a browser would."""
    return TestClient(guarded, base_url="http://hospital.test", raise_server_exceptions=False)


def _is_refusal(answer, status, kind):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == SHAPE
    assert (body["ok"], body["status"], body["error"]) == (False, status, kind)
    assert body["request"] == answer.headers["x-request-id"] and re.fullmatch(r"[0-9a-f]{16}", body["request"])
    assert body["message"].endswith(".")
    return body


def test_everything_that_goes_wrong_has_one_shape(client):
    _is_refusal(client.get("/nowhere"), 404, "not_found")
    _is_refusal(client.delete("/echo"), 405, "method")
    _is_refusal(client.get("/may/answer"), 401, "unauthenticated")
    assert _is_refusal(client.get("/fails/policy"), 422, "invalid")["message"] == "Mend it."
    assert "sqlite" not in _is_refusal(client.get("/fails/ledger"), 503, "unavailable")["message"]
    _is_refusal(client.get("/fails/defect"), 500, "defect")
    body = _is_refusal(client.post("/echo", json={}), 422, "invalid")
    assert body["errors"] == [{"field": "text", "message": "Field required"}]


def test_a_defect_says_where_and_never_what(client, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/fails/defect")
    assert PHI not in answer.text and PHI not in caplog.text
    assert "KeyError at" in caplog.text and "fails" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text


def test_the_log_names_routes_and_never_addresses_bodies_or_names(client, caplog):
    with caplog.at_level(logging.DEBUG):
        client.get(f"/nowhere/{PHI}", params={"q": PHI})
        client.get(f"/fails/{PHI}")
        client.post("/echo", json={"text": PHI})
        client.post("/echo", json={PHI: 1})
        client.post("/api/v1/session", json={"name": PHI, "password": PHI})
    mine = [record.getMessage() for record in caplog.records if record.name == "primum.serve.access"]
    assert len(mine) == 5
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("primum"))
    assert "Zhang" not in said
    assert "route=- status=404" in mine[0] and "route=/fails/{what} status=500" in mine[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not as expected"),
        (b"{", "not JSON"),
        (b'{"text": }', "not JSON"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b'{"text": "a\\u0000b"}', "NUL"),
        (b'{"text": "x", "tree": ' + b"[" * 33 + b"]" * 33 + b"}", "nested deeper"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b"1" * 10_000, None),
        (b"null", "is not as expected"),
    ],
)
def test_malformed_bodies_are_refused_in_one_shape(client, body, said):
    answer = client.post("/echo", content=body, headers={"content-type": "application/json"})
    status = answer.status_code
    assert status in (400, 422)
    refusal = _is_refusal(answer, status, "malformed" if status == 400 else "invalid")
    assert said is None or said in refusal["message"]


@pytest.mark.parametrize("text", ["[" * 500, '"{' * 200, "\\u0000", "\N{GRINNING FACE}", "a\\", "\\ud800 written out"])
def test_what_only_looks_malformed_is_taken(client, text):
    body = json.dumps({"text": text, "tree": [[[]]]}).encode()
    answer = client.post("/echo", content=body, headers={"content-type": "application/json"})
    assert answer.json() == {"length": len(text)}


def test_a_large_body_is_refused_said_or_streamed(people):
    client = TestClient(_small(people), raise_server_exceptions=False)
    _is_refusal(client.post("/echo", content=b"x" * 2000), 413, "too_large")
    _is_refusal(client.post("/echo", content=iter([b"x" * 900, b"x" * 900])), 413, "too_large")
    lies = client.post("/echo", content=b"x", headers={"content-length": "9" * 400})
    _is_refusal(lies, 413, "too_large")
    _is_refusal(client.post("/echo", content=b"x", headers={"content-length": "-5"}), 400, "malformed")


def _small(people):
    from fastapi import FastAPI

    from primum.serve.security import install

    app = FastAPI()
    app.state.people = people
    app.post("/echo")(lambda note: {})
    install(app, limits=Limits(body_bytes=1000))
    return app


def test_a_body_that_does_not_come_is_not_waited_for(people):
    import anyio

    from primum.serve.security.bodies import read_body
    from primum.serve.security.faults import Refused

    async def never():
        await anyio.sleep_forever()

    async def read():
        await read_body({"headers": []}, never, Limits(body_s=0.01))

    with pytest.raises(Refused, match="did not come within 0.01 seconds") as caught:
        anyio.run(read)
    assert caught.value.status == 408


@pytest.mark.parametrize("address", ["/may/answer?q=%00", "/nowhere%00"])
def test_a_nul_in_an_address_is_refused(client, address):
    _is_refusal(client.get(address), 400, "malformed")


def test_headers_of_every_response(client):
    for answer in (client.get("/nowhere"), client.post("/echo", json={"text": "x"}), client.get("/fails/defect")):
        headers = answer.headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers
        assert "server" not in headers


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere():
    from primum.serve.security.headers import PAGE_POLICY

    assert "unsafe" not in PAGE_POLICY and "http" not in PAGE_POLICY and "*" not in PAGE_POLICY
    rules = dict(part.strip().split(" ", 1) for part in PAGE_POLICY.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"


def test_over_tls_browsers_are_told_to_stay_there(people):
    from fastapi import FastAPI

    from primum.serve.security import install

    app = FastAPI()
    install(app, secure=True)
    said = TestClient(app).get("/openapi.json").headers
    assert said["strict-transport-security"] == "max-age=31536000"
