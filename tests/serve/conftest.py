"""People with accounts in a database, and an application that they may use."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from primum.ethics.ledger import Ledger
from primum.serve.people import ACTIONS, ROLES, People, PeopleRules, needs
from primum.serve.people.api import router
from primum.serve.security import install

PASSWORD = "seven small boats at sea"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The service's clock."""
    return Clock()


@pytest.fixture
def ledger(tmp_path):
    """The service's ledger."""
    with Ledger.open(str(tmp_path / "ledger.sqlite")) as opened:
        yield opened


@pytest.fixture(scope="session")
def _empty(tmp_path_factory):
    """A database with one account a role; made once, because a password takes its time."""
    place = tmp_path_factory.mktemp("accounts") / "people.sqlite"
    people = People.open(str(place), clock=Clock())
    for role in ROLES:
        people.add(role, role, password=PASSWORD)
    people.close()
    return place


@pytest.fixture
def people(_empty, tmp_path, ledger, clock):
    """The keeper of a copy of it: accounts `clinician`, `reviewer`, `board`, `auditor` and `admin`."""
    shutil.copy(_empty, tmp_path / "people.sqlite")
    opened = People.open(str(tmp_path / "people.sqlite"), ledger=ledger, clock=clock)
    yield opened
    opened.close()


def application(people: People, **options) -> FastAPI:
    """The accounts' routes and one route an action."""
    app = FastAPI(docs_url=None, redoc_url=None)
    app.state.people = people
    app.include_router(router)
    for action in ACTIONS:
        for method in ("GET", "POST"):
            app.add_api_route(
                f"/may/{action}", lambda: {"ok": True}, methods=[method], dependencies=[Depends(needs(action))]
            )
    install(app, **options)
    return app


@pytest.fixture
def app(people) -> FastAPI:
    """The application."""
    return application(people)


@pytest.fixture
def client(app) -> TestClient:
    """A browser or program that has not signed in."""
    return TestClient(app, base_url="http://hospital.test", raise_server_exceptions=True)


@pytest.fixture
def sign_in(app):
    """Return a client signed in under a name, with the token against forgery in its headers."""

    def signed(name: str, password: str = PASSWORD, **options) -> TestClient:
        client = TestClient(app, base_url="http://hospital.test", **options)
        answer = client.post("/api/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    return signed


@pytest.fixture(scope="session")
def password() -> str:
    """Everybody's password."""
    return PASSWORD


@pytest.fixture(scope="session")
def rules() -> type[PeopleRules]:
    """To make other rules."""
    return PeopleRules


@pytest.fixture(scope="session")
def service(served_release, tmp_path_factory):
    """A running service with one account a role, two readers a held Case."""
    spec = importlib.util.spec_from_file_location("serve_running", Path(__file__).parent / "running.py")
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    folder = tmp_path_factory.mktemp("service")
    with parts.running(parts.settings_of(served_release, folder, second_reader=True)) as made:
        yield made
