"""Cases in SQLite and in PostgreSQL."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

import pytest

from primum.ethics.ledger import Ledger
from primum.privacy.at_rest import read_keys
from primum.serve.cases import CaseHead, Cases, NewCase


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "service.sqlite")
    return request.getfixturevalue("database")


@pytest.fixture
def masters(monkeypatch):
    """A master key."""
    monkeypatch.setenv("CASE_KEYS", "ab" * 32)
    return read_keys("env:CASE_KEYS")


@dataclass
class Kept:
    """Cases, their ledger and a clock that can be moved."""

    place: str
    ledger: Ledger
    cases: Cases
    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])


@pytest.fixture
def kept(place, masters):
    """An open store; held Cases need two readers."""
    with Ledger.open(place) as ledger:
        cases = Cases.open(place, ledger=ledger, masters=masters, readers=2)
        opened = Kept(place=place, ledger=ledger, cases=cases)
        cases._clock = lambda: opened.now[0]
        yield opened
        cases.close()


def new_case(
    owner: str = "ann", *, patient: str | None = None, held: bool = False, urgency: int = 0, **more
) -> NewCase:
    """A Case that is to be stored."""
    case = secrets.token_hex(16)
    inputs, answer = {"note": "planted zq words"}, {"case": case, "trace": {"ledger": 0}}
    head = {
        "id": case,
        "at": 1_800_000_000.0,
        "release": "a" * 64,
        "study": "wards",
        "owner": owner,
        "owner_name": owner.title(),
        "state": "open",
        "held": held,
        "urgency": urgency,
        "because": ("novel",) if held else (),
        "input_sha256": "b" * 64,
        "answer_sha256": "c" * 64,
        "ledger": 0,
        "assigned": "",
        "assigned_name": "",
        "erased": False,
    }
    return NewCase(
        head=CaseHead(**{**head, **more}),
        patient=patient,
        content=json.dumps({"inputs": inputs, "answer": answer, "patient": patient}).encode(),
        figures={"release": "a" * 64, "input_sha256": "b" * 64, "answer_sha256": "c" * 64, "held": int(held)},
    )


@pytest.fixture
def make():
    """Make a Case that is to be stored."""
    return new_case
