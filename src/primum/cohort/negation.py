"""The clauses of a note, left out, denied, or freed of their denial, in English and Chinese.

The wording is mechanical: it is meant for a model that reads, not for a person.
"""

from __future__ import annotations

import re

from primum.cohort.swap_words import HAN

_MARKS = r".,;:!?\n。，；：！？"
_CLAUSE = re.compile(rf"[^{_MARKS}]{{4,}}|[^{_MARKS}]*[\u4e00-\u9fff][^{_MARKS}]+")
DENIED = re.compile(r"(?i)\b(?:no|not|non|never|without|denies|denied|absent|negative)\b|n['’]t\b|无|未|否认|没有|不")
_NEGATED = {
    "have been": "have not been",
    "has been": "has not been",
    "have": "do not have",
    "has": "does not have",
    "had": "did not have",
    "am": "am not",
    "is": "is not",
    "are": "are not",
    "was": "was not",
    "were": "were not",
    "feel": "do not feel",
    "shows": "does not show",
    "reports": "denies",
    "complains of": "denies",
    "can": "cannot",
    "with": "without",
}
_AFFIRMED = (
    (re.compile(r"(?i)\b(?:do|does|did) not have\b"), "has"),
    (re.compile(r"(?i)\b(?:do|does|did) not feel\b"), "feels"),
    (re.compile(r"(?i)\b(?:do|does|did) not (?=show\b|report\b)"), ""),
    (re.compile(r"(?i)\bden(?:y|ies|ied)\b"), "reports"),
    (re.compile(r"(?i)\bwithout\b"), "with"),
    (re.compile(r"(?i)\bcannot\b"), "can"),
    (re.compile(r"(?i)\b(?:has|have|had) no\b"), "has"),
    (re.compile(r"(?i)\b(?:no|not|never)\s+"), ""),
    (re.compile(r"(?:否认|没有|未见|未|无)"), "有"),
)
"""What denies, and what stands in its place where the denial is taken back; the first that is found counts."""
_VERB = re.compile("(?i)\\b(?:" + "|".join(_NEGATED) + ")\\b")
MOST_CLAUSES = 8


def clauses(text: str) -> list[tuple[int, int]]:
    """Return where the text's clauses that deny nothing begin and end, the first MOST_CLAUSES."""
    spans = [match.span() for match in _CLAUSE.finditer(text)]
    return [(a, b) for a, b in spans if text[a:b].strip() and not DENIED.search(text[a:b])][:MOST_CLAUSES]


def denied_clauses(text: str) -> list[tuple[int, int]]:
    """Return where the text's clauses that deny something begin and end, the first MOST_CLAUSES."""
    spans = [match.span() for match in _CLAUSE.finditer(text)]
    return [(a, b) for a, b in spans if text[a:b].strip() and DENIED.search(text[a:b])][:MOST_CLAUSES]


def affirmed(text: str, span: tuple[int, int]) -> str | None:
    """Return the text with the first denial of a clause taken back; None where that cannot be done by its words."""
    clause = text[slice(*span)]
    for pattern, instead in _AFFIRMED:
        new, n = pattern.subn(instead, clause, count=1)
        if n and new.strip():
            return text[: span[0]] + new + text[span[1] :]
    return None


def without(text: str, span: tuple[int, int]) -> str:
    """Return the text without a clause."""
    return (text[: span[0]] + text[span[1] :]).strip()


def denied(text: str, span: tuple[int, int]) -> str:
    """Return the text with a clause denied: its first verb or "with" negated, else "no" before it; Chinese 否认."""
    clause = text[slice(*span)]
    space = clause[: len(clause) - len(clause.lstrip())]
    bare = clause.strip()
    if HAN.search(bare):
        new = f"否认{bare}"
    else:
        new, n = _VERB.subn(lambda match: _NEGATED[match[0].lower()], bare, count=1)
        new = new if n else f"no {bare}"
    return f"{text[: span[0]]}{space}{new}{text[span[1] :]}"
