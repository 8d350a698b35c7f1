"""Erasing a patient from the Cases of a service, from the command line."""

from __future__ import annotations

from primum.errors import InputError
from primum.ethics.ledger import Ledger
from primum.privacy.at_rest import read_keys
from primum.serve.cases import Cases


def erase_cases(patient: str, *, db: str, keys: str) -> int:
    """Destroy the key and the content of a patient's Cases, and return how many there were.

    Args:
        patient: the id that came with the questions.
        db: the service's database: a path or an SQLAlchemy URL.
        keys: where its master keys are: a file, env:NAME or command:PROGRAM.
    Raises:
        InputError: the id is empty, or there is no such database or key.
    """
    if not patient.strip():
        raise InputError("--patient: the id is empty; give it as it came with the questions.")
    with Ledger.open(db, create=False) as ledger:
        cases = Cases.open(db, ledger=ledger, masters=read_keys(keys))
        try:
            return cases.erase(patient.strip())
        finally:
            cases.close()
