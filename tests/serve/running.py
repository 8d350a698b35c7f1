"""A service in this process, with one account a role and a token for each."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from primum.serve.app import create_app
from primum.serve.people import ROLES, SCOPES, allowed
from primum.serve.settings import Settings

PASSWORD = "seven small boats at sea"
RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}
RED_FLAG = {**RECORD, "sbp": 240}


def settings_of(served_release, folder: Path, **options) -> Settings:
    """Settings over a Release and a database of their own."""
    release, trust = served_release
    given = {"db": str(folder / "service.sqlite"), "keys": str(folder / "cases.key"), "trust": trust}
    return Settings(**{"releases": (release,), **given, **options})


class Service:
    """The application and its clients."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.accounts = {}
        self._secrets = {}
        self._clients: list[TestClient] = []
        for role in ROLES:
            self.add(role, role)

    def add(self, name: str, role: str) -> None:
        """Add an account with a token for all that it may do."""
        people = self.app.state.people
        account = people.accounts.named(name)
        if account is None:
            account, _ = people.add(name, role, password=PASSWORD)
        scopes = [scope for scope in SCOPES if allowed(role, scope)]
        self.accounts[name] = account
        self._secrets[name] = people.tokens.make(account, "test", scopes, days=2)[1]

    def client(self, name: str | None = None) -> TestClient:
        """Return a program that asks as somebody, or as nobody."""
        headers = {} if name is None else {"authorization": f"Bearer {self._secrets[name]}"}
        return TestClient(self.app, base_url="http://hospital.test", headers=headers)

    def ask(self, name: str = "clinician", **body):
        """Ask a question and return the answer."""
        answer = self.client(name).post("/api/v1/answer", json={"inputs": RECORD, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running(settings: Settings):
    """Yield a service between its start and its end."""
    app = create_app(settings)
    with TestClient(app):
        yield Service(app)
