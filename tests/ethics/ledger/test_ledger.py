"""The ledger on SQLite and PostgreSQL: what is written comes back, in a chain that anybody can compute."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from primum.errors import InputError, LedgerError
from primum.ethics.ledger import Head, Ledger
from primum.ethics.signing import new_key

HASH = "ab" * 32


def test_an_entry_comes_back_as_it_was_written(ledger):
    written = ledger.append("run", HASH, study="心脏 study", cohort=HASH, records=920, version="0.1.0")
    assert ledger.entries() == [written]
    assert (written.number, written.kind, written.subject) == (1, "run", HASH)
    assert dict(written.content) == {"study": "心脏 study", "cohort": HASH, "records": 920, "version": "0.1.0"}


def test_the_chain_is_what_the_documentation_says(ledger):
    """Computed here from the rows alone, with the standard library."""
    for number in range(5):
        ledger.append("case", HASH, abstained=number, answer_sha256="")
    previous = "0" * 64
    for number, entry in enumerate(ledger.entries(), start=1):
        body = {"number": number, "at": entry.at, "kind": "case", "subject": HASH, "content": dict(entry.content)}
        text = previous + "\n" + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert entry.previous == previous
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert entry.hash == previous
    assert ledger.head().hash == previous
    assert ledger.verify().ok


def test_entries_are_found_by_kind_subject_and_place(ledger):
    ledger.append("run", HASH, records=1)
    ledger.append("case", "cd" * 32, abstained=0)
    ledger.append("case", HASH, abstained=1)
    assert [entry.number for entry in ledger.entries(kind="case")] == [2, 3]
    assert [entry.number for entry in ledger.entries(subject=HASH)] == [1, 3]
    assert [entry.number for entry in ledger.entries(last=2)] == [2, 3]


def test_an_empty_ledger_is_whole(ledger):
    checked = ledger.verify()
    assert checked.ok and checked.entries == 0


@pytest.mark.parametrize(
    ("kind", "subject", "content", "said"),
    [
        ("case", HASH, {"note": "x"}, "has no field 'note'"),
        ("case", HASH, {"answer_sha256": "chest pain on effort"}, "answer_sha256 is no hash"),
        ("case", HASH, {"abstained": float("nan")}, "abstained is no figure"),
        ("case", HASH, {"abstained": "often"}, "abstained is no figure"),
        ("review", HASH, {"decision": "the patient says so"}, "decision is no word"),
        ("run", HASH, {"study": "x" * 121}, "study is no name"),
        ("run", "y" * 121, {"records": 1}, "its subject is neither"),
        ("diagnosis", HASH, {}, "'diagnosis' is not known"),
    ],
)
def test_a_ledger_holds_no_words_of_a_record(ledger, kind, subject, content, said):
    with pytest.raises(InputError, match=said) as caught:
        ledger.append(kind, subject, **content)
    assert "chest pain" not in str(caught.value) and "patient says" not in str(caught.value)
    assert ledger.entries() == []


@pytest.mark.parametrize(
    "statement", ["UPDATE primum_ledger_entries SET kind = 'x'", "DELETE FROM primum_ledger_entries"]
)
def test_the_database_refuses_to_change_or_delete_entries(ledger, statement):
    ledger.append("case", HASH, abstained=0)
    with pytest.raises((IntegrityError, DatabaseError), match="append-only"), ledger._engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert ledger.verify().ok


def test_opening_again_changes_nothing(ledger, place):
    ledger.append("case", HASH, abstained=0)
    with Ledger.open(place) as again:
        again.append("case", HASH, abstained=1)
        assert again.verify().entries == 2


def test_fifty_writers_lose_nothing(ledger):
    """10,000 entries, appended by fifty threads: each there once, in one chain."""

    def write(writer: int) -> None:
        for number in range(200):
            ledger.append("case", HASH, abstained=writer, escalated=number)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checked = ledger.verify()
    assert checked.ok and checked.entries == 10_000
    written = [(e.content["abstained"], e.content["escalated"]) for e in ledger.entries()]
    assert sorted(written) == [(writer, number) for writer in range(50) for number in range(200)]
    by_writer = {writer: [number for who, number in written if who == writer] for writer in range(50)}
    assert all(numbers == list(range(200)) for numbers in by_writer.values())


_PROCESS = """
import sys
from primum.ethics.ledger import Ledger
with Ledger.open(sys.argv[1]) as ledger:
    for number in range(20):
        ledger.append("case", "ab" * 32, abstained=int(sys.argv[2]), escalated=number)
"""


def test_processes_that_begin_together_share_a_ledger(place, forks, tmp_path):
    """Not one of them finds the tables made: they create them at the same time, and none loses an entry."""
    several = [forks.begin(place, str(number), cwd=tmp_path, code=_PROCESS) for number in range(5)]
    assert [(done.stderr, done.returncode) for done in [one.wait() for one in several]] == [("", 0)] * 5
    with Ledger.open(place) as ledger:
        checked = ledger.verify()
        assert checked.ok and checked.entries == 100
        assert len({(e.content["abstained"], e.content["escalated"]) for e in ledger.entries()}) == 100


def test_a_failed_append_leaves_nothing_and_does_not_stop_the_next(ledger):
    with pytest.raises(LedgerError):
        ledger.append_all([])  # nothing to write is no entry
        ledger.append("case", HASH, abstained="x")
    assert ledger.append("case", HASH, abstained=0).number == 1


def test_heads_are_signed_where_there_is_a_key(place, tmp_path):
    key = new_key(tmp_path / "ledger.key", name="Ledger")
    with Ledger.open(place, key=key) as ledger:
        ledger.append("case", HASH, abstained=0)
        head = ledger.head()
        assert head.key == key.public
        assert ledger.verify(keys={key.public}).ok
        assert ledger.verify(keys={"cd" * 32}).fault == "head_unsigned"
    with Ledger.open(place) as ledger:
        ledger.append("case", HASH, abstained=0)
        assert ledger.verify().ok
        assert ledger.verify(keys={key.public}).fault == "head_unsigned"


def test_an_exported_head_tells_of_another_history(place, tmp_path):
    with Ledger.open(place) as ledger:
        ledger.append("case", HASH, abstained=0)
        head = ledger.head()
        ledger.append("case", HASH, abstained=1)
        assert ledger.verify(against=[head]).ok
        other = Head(number=1, hash="cd" * 32)
        assert (ledger.verify(against=[other]).fault, ledger.verify(against=[other]).number) == ("head_differs", 1)
        later = Head(number=7, hash=HASH)
        assert ledger.verify(against=[later]).fault == "cut"


def test_what_is_no_ledger_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "note.txt").write_text("no database " * 100, encoding="utf-8")
    for place, said in (
        (str(tmp_path / "none.sqlite"), "there is no ledger"),
        (str(tmp_path / "note.txt"), "cannot be read or written"),
        ("mysql://host/name", "SQLite or PostgreSQL"),
        ("://", "expected a path, or a URL"),
    ):
        with pytest.raises(LedgerError, match=said):
            Ledger.open(place, create=False)


def test_a_password_is_never_shown():
    with pytest.raises(LedgerError) as caught:
        Ledger.open("postgresql://somebody:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
