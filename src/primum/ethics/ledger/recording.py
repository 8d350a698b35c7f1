"""How the commands write down what they did: the ledger of a run or Release, opened for their entries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from primum.ethics.ledger.ledger import Draft, Ledger
from primum.ethics.ledger.place import ledger_place
from primum.ethics.signing.keys import load_key

LEDGER_KEY_VARIABLE = "PRIMUM_LEDGER_KEY"


def open_ledger(folder: Path | None, *, given: str | None = None, create: bool = True) -> Ledger:
    """Return the ledger of what lies in `folder`; its heads are signed where PRIMUM_LEDGER_KEY names a key file.

    Args:
        folder: what holds the run or Release; None: `runs` in the current folder.
        given: a path or URL that comes first.
        create: whether a file that is not there is made.
    Raises:
        LedgerError: it cannot be opened.
        SignatureError: the key file cannot be used.
    """
    named = os.environ.get(LEDGER_KEY_VARIABLE)
    key = load_key(Path(named)) if named else None
    return Ledger.open(ledger_place(folder, given=given), key=key, create=create)


def record(folder: Path, drafts: Sequence[Draft], *, given: str | None = None) -> None:
    """Add entries to the ledger of what lies in `folder`, all or none of them."""
    with open_ledger(folder, given=given) as ledger:
        ledger.append_all(drafts)
