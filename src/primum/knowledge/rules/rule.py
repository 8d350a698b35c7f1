"""A clinical rule: what it asks, what it says, how grave it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from primum.knowledge.rules.conditions import Condition

Then = Literal["escalate", "contradiction", "impossible", "warn"]
THENS: tuple[Then, ...] = get_args(Then)
Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalRule:
    """One rule of medicine that a record and the answer on it are held against."""

    id: str
    """Its name, unique among all rules of a study."""
    pack: str
    """Built-in pack or file that it comes from."""
    own: bool
    """Whether it is the study's own: its fields are columns; a built-in rule's are concepts, found by their names."""
    condition: Condition
    """When it speaks."""
    then: Then
    """escalate: a person must look whatever the model says; contradiction: the answer does not fit the record;
    impossible: the record's values cannot be together; warn: worth knowing."""
    severity: Severity
    """How grave it is to overlook it."""
    source: str
    """The publication that it comes from."""
    because: Mapping[str, str]
    """Why, a sentence by language (en, zh)."""
    when: Mapping[str, Any]
    """The condition as it stands in the file."""

    def to_json(self) -> dict[str, Any]:
        """Return the rule whole, as plain JSON."""
        return {
            "id": self.id,
            "pack": self.pack,
            "own": self.own,
            "when": self.when,
            "then": self.then,
            "severity": self.severity,
            "source": self.source,
            "because": dict(self.because),
        }

    def said(self, lang: str) -> str:
        """Return why, in a language, or in the other where it is written in one only."""
        return self.because.get(lang) or next(iter(self.because.values()))
