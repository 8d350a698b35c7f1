"""Who may do what, against the sentences of the service's design written out by hand."""

from __future__ import annotations

import pytest

from primum.serve.people import ACTIONS, ROLES, SCOPES, Principal

MAY = {
    "clinician": {"answer", "decide", "cases.own", "releases.read", "assurance.read", "self"},
    "reviewer": {"answer", "decide", "cases.own", "cases.all", "review", "releases.read", "assurance.read", "self"},
    "board": {"releases.read", "releases.change", "ledger.read", "assurance.read", "self"},
    "auditor": {"releases.read", "ledger.read", "assurance.read", "metrics.read", "self"},
    "admin": {
        "releases.read",
        "releases.change",
        "ledger.read",
        "assurance.read",
        "people.manage",
        "metrics.read",
        "self",
    },
}


def test_every_role_may_do_just_this():
    assert set(MAY) == set(ROLES)
    for role in ROLES:
        who = Principal(id="0", name=role, role=role, via="session")
        assert {action for action in ACTIONS if who.may(action)} == MAY[role]


@pytest.mark.parametrize("role", ROLES)
def test_who_manages_or_audits_sees_no_patient(role):
    sees = {"answer", "decide", "cases.own", "cases.all", "review"} & MAY[role]
    assert bool(sees) == (role in ("clinician", "reviewer"))


def test_a_token_may_do_only_what_it_was_made_for():
    token = Principal(id="0", name="ehr", role="reviewer", via="token", scopes=frozenset({"answer", "metrics.read"}))
    assert {action for action in ACTIONS if token.may(action)} == {"answer"}
    assert not {"self", "people.manage"} & set(SCOPES)
