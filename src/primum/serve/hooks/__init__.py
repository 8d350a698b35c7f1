"""CDS Hooks 2.0: a Release as a decision support service of the electronic record, and what came of its cards."""

from primum.serve.hooks.cards import OVERRIDE_REASONS, card_of, cards_of
from primum.serve.hooks.feedback import Feedback, read_feedback
from primum.serve.hooks.services import HOOK, describe_service, prefetched

__all__ = [
    "HOOK",
    "OVERRIDE_REASONS",
    "Feedback",
    "card_of",
    "cards_of",
    "describe_service",
    "prefetched",
    "read_feedback",
]
