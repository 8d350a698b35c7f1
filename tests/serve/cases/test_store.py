"""Cases are stored whole or not at all, sealed, and in the Ledger; who decides on them, and how they are forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from primum.errors import LedgerError, SealError, ShreddedError
from primum.ethics.database import engine_of
from primum.ethics.ledger import Ledger
from primum.ethics.ledger.place import address_of
from primum.privacy.at_rest import read_keys
from primum.serve.cases import Cases
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused


def _who(name: str, role: str = "reviewer") -> Principal:
    return Principal(id=name, name=name.title(), role=role, via="session")


def _raw(place: str) -> str:
    engine = engine_of(address_of(place))
    with engine.connect() as connection:
        tables = ("primum_cases", "primum_decisions", "primum_case_keys", "primum_ledger_entries")
        rows = [
            repr(tuple(map(_bare, row))) for t in tables for row in connection.execute(sa.text(f"SELECT * FROM {t}"))
        ]
    engine.dispose()
    return "\n".join(rows)


def _bare(value):
    return bytes(value) if isinstance(value, memoryview) else value


def test_what_is_stored_comes_back_and_is_in_the_ledger(kept, make):
    new = [make(patient="P1"), make(), make("bob", patient="P1")]
    numbers = kept.cases.add_all(new)
    assert numbers == [1, 2, 3]
    for one, number in zip(new, numbers, strict=True):
        found = kept.cases.get(one.head.id)
        assert found.inputs == {"note": "planted zq words"} and found.patient == one.patient
        assert found.answer["trace"]["ledger"] == found.head.ledger == number
        entry = kept.ledger.entries(subject=one.head.id)[0]
        assert (entry.number, entry.kind, entry.content["answer_sha256"]) == (number, "case", "c" * 64)
    assert kept.ledger.verify().ok
    assert [one.id for one in kept.cases.heads(owner="bob")] == [new[2].head.id]
    assert {one.id for one in kept.cases.heads(patient="P1")} == {new[0].head.id, new[2].head.id}
    with pytest.raises(Refused, match="There is no such Case"):
        kept.cases.get("0" * 32)


def test_nothing_of_a_patient_is_readable_in_the_database(kept, make):
    new = make(patient="zq-patient-7", held=True)
    kept.cases.add_all([new])
    kept.cases.decide(new.head.id, _who("rev"), "refuse", answer=None, reason="zq because", review=True)
    assert "zq" not in _raw(kept.place)


def test_a_case_is_not_stored_without_its_ledger_entry_nor_the_other_way_round(kept, make):
    new = make()
    broken = make(**{"id": new.head.id})
    kept.cases.add_all([new])
    with pytest.raises(LedgerError):
        kept.cases.add_all([make(), broken])
    assert len(kept.cases.heads()) == 1 and kept.ledger.head().number == 1
    with pytest.raises(LedgerError, match="has no field"):
        kept.cases.add_all([type(new)(head=make().head, patient=None, content=b"{}", figures={"note": "x"})])
    assert len(kept.cases.heads()) == 1 and kept.ledger.verify().ok


def test_many_writers_lose_nothing(kept, make):
    def write(_):
        return kept.cases.add_all([make(patient=f"P{_ % 3}")])[0]

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(write, range(40)))
    assert numbers == list(range(1, 41))
    assert len(kept.cases.heads(limit=200)) == 40 and kept.ledger.verify().ok


def test_anothers_fault_in_the_same_transaction_is_not_mine(kept, make):
    kept.cases.erase("gone")

    def write(place):
        try:
            return kept.cases.add_all([make(patient="gone" if place % 4 == 0 else "P1")])
        except ShreddedError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(write, range(16)))
    assert [one is None for one in found] == [place % 4 == 0 for place in range(16)]
    assert kept.ledger.verify().ok


def test_a_case_that_is_not_held_is_decided_once_by_who_asked(kept, make):
    new = make("ann")
    kept.cases.add_all([new])
    case = new.head.id
    with pytest.raises(Refused, match="Only who asked decides here"):
        kept.cases.decide(case, _who("bob"), "accept", answer=None, reason="", review=False)
    with pytest.raises(Refused, match="not held"):
        kept.cases.decide(case, _who("bob"), "accept", answer=None, reason="", review=True)
    head = kept.cases.decide(case, _who("ann", "clinician"), "correct", answer="well", reason="Seen.", review=False)
    assert head.state == "closed"
    made = kept.cases.get(case).decisions[0]
    assert (made.decision, made.answer, made.reason, made.by_name) == ("correct", "well", "Seen.", "Ann")
    entry = kept.ledger.entries(kind="review", subject=case)[0]
    assert entry.content["decision"] == "correct" and entry.number == made.ledger and "Seen" not in str(entry.content)
    with pytest.raises(Refused, match="decided already"):
        kept.cases.decide(case, _who("ann"), "accept", answer=None, reason="", review=False)
    assert kept.ledger.head().number == 2


@pytest.mark.parametrize(
    ("second", "third", "states"),
    [
        (("accept", None), None, ["waiting", "waiting", "closed"]),
        (("correct", "ill"), "eve", ["waiting"] * 2 + ["disputed"]),
    ],
)
def test_a_held_case_needs_two_readers_who_agree_or_a_third(kept, make, second, third, states):
    new = make("ann", held=True, urgency=2)
    kept.cases.add_all([new])
    case = new.head.id
    found = [kept.cases.decide(case, _who("ann", "clinician"), "accept", answer=None, reason="", review=False).state]
    with pytest.raises(Refused, match="You decided on this Case already"):
        kept.cases.decide(case, _who("ann"), "accept", answer=None, reason="", review=True)
    found.append(kept.cases.decide(case, _who("bob"), "accept", answer=None, reason="", review=True).state)
    with pytest.raises(Refused, match="You decided on this Case already"):
        kept.cases.decide(case, _who("bob"), "accept", answer=None, reason="", review=True)
    found.append(kept.cases.decide(case, _who("cy"), second[0], answer=second[1], reason="No.", review=True).state)
    assert found == states
    if third is not None:
        assert kept.cases.decide(case, _who(third), "accept", answer=None, reason="", review=True).state == "closed"
    assert kept.ledger.verify().ok


def test_nobody_reviews_their_own_case(kept, make):
    new = make("ann", held=True)
    kept.cases.add_all([new])
    with pytest.raises(Refused, match="Nobody reviews their own Case"):
        kept.cases.decide(new.head.id, _who("ann"), "accept", answer=None, reason="", review=True)


def test_held_cases_wait_by_urgency_then_by_age_and_can_be_taken_on(kept, make):
    new = [
        make(held=True, urgency=1, at=5.0),
        make(held=True, urgency=3, at=9.0),
        make(held=True, urgency=3, at=2.0),
        make(at=1.0),
    ]
    kept.cases.add_all(new)
    assert [one.id for one in kept.cases.heads(waiting=True)] == [new[i].head.id for i in (2, 1, 0)]
    head = kept.cases.assign(new[0].head.id, "bob", "Bob")
    assert (head.assigned, head.assigned_name) == ("bob", "Bob")
    with pytest.raises(Refused, match="waits for nobody"):
        kept.cases.assign(new[3].head.id, "bob", "Bob")


def test_an_erased_patient_cannot_be_read_nor_stored_again(kept, make):
    mine, other = make("ann", patient="P1", held=True), make("ann", patient="P2")
    kept.cases.add_all([mine, other])
    kept.cases.decide(mine.head.id, _who("rev"), "refuse", answer=None, reason="zq", review=True)
    assert kept.cases.erase("P1") == 1
    found = kept.cases.get(mine.head.id)
    assert found.head.erased and found.inputs is found.answer is None and found.decisions[0].reason == ""
    assert kept.cases.get(other.head.id).inputs is not None
    with pytest.raises(ShreddedError, match="key was destroyed"):
        kept.cases.add_all([make(patient="P1")])
    with pytest.raises(Refused, match="erased"):
        kept.cases.decide(mine.head.id, _who("cy"), "accept", answer=None, reason="", review=True)
    entry = kept.ledger.entries(kind="erasure")[0]
    assert entry.content == {"records": 1, "method": "key_destroyed"} and kept.ledger.verify().ok


def test_old_cases_are_forgotten_with_their_keys(kept, make):
    old, young = make(at=1_799_000_000.0), make(at=1_799_999_999.0)
    kept.cases.add_all([old, young])
    assert kept.cases.forget(older_than_s=86_400.0) == 1
    assert kept.cases.get(old.head.id).inputs is None and kept.cases.get(young.head.id).inputs is not None
    assert kept.cases.forget(older_than_s=86_400.0) == 0
    assert [one.content["method"] for one in kept.ledger.entries(kind="erasure")] == ["retention"]
    assert f"case-{old.head.id}" not in [
        row.split("'")[1] for row in _raw(kept.place).splitlines() if "case-" in row[:8]
    ]


def test_other_master_keys_are_refused_at_the_door(kept, make, monkeypatch):
    kept.cases.add_all([make()])
    monkeypatch.setenv("CASE_KEYS", "cd" * 32)
    with Ledger.open(kept.place) as ledger, pytest.raises(SealError, match="master key"):
        Cases.open(kept.place, ledger=ledger, masters=read_keys("env:CASE_KEYS"))


def test_a_new_master_key_takes_over(kept, make, monkeypatch):
    from primum.ethics.database import writing
    from primum.serve.cases.keys import rewrap

    new = make(patient="P1")
    kept.cases.add_all([new])
    monkeypatch.setenv("CASE_KEYS", "cd" * 32 + " " + "ab" * 32)
    engine = engine_of(address_of(kept.place))
    with writing(engine, lock=None) as connection:
        assert rewrap(connection, read_keys("env:CASE_KEYS")) == 2  # the patient's and that of the hashes
    engine.dispose()
    monkeypatch.setenv("CASE_KEYS", "cd" * 32)
    with Ledger.open(kept.place) as ledger:
        cases = Cases.open(kept.place, ledger=ledger, masters=read_keys("env:CASE_KEYS"))
        assert cases.get(new.head.id).patient == "P1"
        cases.close()
