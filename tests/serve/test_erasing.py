"""`primum erase --cases` takes a patient out of a service's Cases."""

from __future__ import annotations

import json

import pytest

from primum.cli.main import main
from primum.ethics.ledger import Ledger
from primum.files import write_private
from primum.privacy.at_rest import new_key, read_keys
from primum.serve.cases import CaseHead, Cases, NewCase


@pytest.fixture
def service(tmp_path):
    """A database with one Case of patient P1, and the file of its master key."""
    db, key = tmp_path / "service.sqlite", tmp_path / "cases.key"
    write_private(key, f"{new_key()}\n".encode())
    texts = dict.fromkeys(("release", "input_sha256", "answer_sha256"), "a" * 64)
    texts |= dict.fromkeys(("study", "owner", "owner_name", "assigned", "assigned_name"), "x")
    head = CaseHead(
        id="c" * 32, at=1.0, state="open", held=False, urgency=0, because=(), ledger=0, erased=False, **texts
    )
    content = b'{"inputs": {"age": 3}, "answer": {"trace": {"ledger": 0}}, "patient": "P1"}'
    with Ledger.open(str(db)) as ledger:
        cases = Cases.open(str(db), ledger=ledger, masters=read_keys(key))
        cases.add_all([NewCase(head=head, patient="P1", content=content, figures={})])
        cases.close()
    return db, key


def test_a_patient_is_erased_from_the_command_line(service, capsys):
    db, key = service
    given = ["erase", "--patient", "P1", "--cases", str(db), "--key-file", str(key), "--json"]
    assert main(given) == 0
    assert json.loads(capsys.readouterr().out) == {"cases": 1}
    with Ledger.open(str(db)) as ledger:
        cases = Cases.open(str(db), ledger=ledger, masters=read_keys(key))
        assert cases.get("c" * 32).inputs is None
        assert [one.content["records"] for one in ledger.entries(kind="erasure")] == [1] and ledger.verify().ok
        cases.close()


@pytest.mark.parametrize(
    ("patient", "database", "reason"),
    [("  ", "service.sqlite", "--patient: the id is empty"), ("P1", "none.sqlite", "there is no ledger")],
)
def test_a_wrong_call_is_one_sentence_and_code_2(service, capsys, patient, database, reason):
    db, key = service
    given = ["erase", "--patient", patient, "--cases", str(db.parent / database), "--key-file", str(key)]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert reason in said and len(said.strip().splitlines()) == 1
    assert not (db.parent / "none.sqlite").exists()
