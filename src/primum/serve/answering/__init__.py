"""The guarded Answer: made in one place, shown by programs and pages alike."""

from primum.serve.answering.answer import Answer, ClassAnswer, Group, RuleSaid, SetAnswer, Trace, Unknown
from primum.serve.answering.making import answer_of
from primum.serve.answering.reasons import Explanation, explained

__all__ = [
    "Answer",
    "ClassAnswer",
    "Explanation",
    "Group",
    "RuleSaid",
    "SetAnswer",
    "Trace",
    "Unknown",
    "answer_of",
    "explained",
]
