"""The Ledger: the append-only, hash-chained record of everything that happened to a Study, a Release or a Case."""

from primum.ethics.ledger import _needs  # noqa: F401 - comes first
from primum.ethics.ledger.checking import Checked
from primum.ethics.ledger.entry import Entry, Head
from primum.ethics.ledger.kinds import KINDS, Kind
from primum.ethics.ledger.ledger import Draft, Ledger
from primum.ethics.ledger.place import ledger_place
from primum.ethics.ledger.recording import open_ledger, record

__all__ = ["KINDS", "Checked", "Draft", "Entry", "Head", "Kind", "Ledger", "ledger_place", "open_ledger", "record"]
