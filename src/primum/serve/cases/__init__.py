"""Cases and what people decide on them: stored before an answer goes out, sealed, and in the Ledger."""

from primum.serve.cases.case import VERBS, Case, CaseHead, Decision, State, Verb, state_after
from primum.serve.cases.store import Cases, NewCase

__all__ = ["VERBS", "Case", "CaseHead", "Cases", "Decision", "NewCase", "State", "Verb", "state_after"]
