"""Texts in, texts without identifiers out, and the count of what was replaced."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from primum.privacy.deid.engine import Recogniser, find
from primum.privacy.deid.keyed import Keyed
from primum.privacy.deid.ner import recognisers
from primum.privacy.deid.replace import Plan
from primum.privacy.deid.spans import Span

_SHORT = 80
"""Characters up to which a cell is read together with the name of its column, which says what it holds."""

_NAMES = re.compile(
    r"(?:(?:patient|full|first|last|middle|given|family|maiden|doctor|physician|provider|contact|mother|father|spouse|guardian"
    r"|nurse|author)s?[ _]?)?(?:sur|fore)?name|attending|physician|provider|.{0,6}(?:姓名|医师|医生|联系人)",
    re.I,
)
"""Columns that hold a name and nothing else."""


@dataclass(slots=True, kw_only=True)
class Deidentifier:
    """Replaces identifiers by one plan and counts them by kind."""

    plan: Plan
    """What to do with each kind."""
    recognisers: Sequence[Recogniser] = ()
    """Asked besides the rules."""
    models: Sequence[str] = ()
    """Models asked besides the rules, as name==version; loaded when the first text is read."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many were found so far, by kind; never what they say."""

    codes: Keyed = field(default_factory=lambda: Keyed(key=secrets.token_bytes(32)), repr=False)
    """What makes codes for patients and links where the plan has no key: another in every run."""

    def code(self, what: str, value: str) -> str:
        """Return a code for a patient or a link: one code for one value, which only the key leads back to."""
        return f"{(self.plan.keyed or self.codes).number(what, value):064x}"[:24]

    def _readers(self) -> Sequence[Recogniser]:
        return (*self.recognisers, *recognisers(tuple(self.models))) if self.models else self.recognisers

    def text(self, text: str, *, patient: str) -> str:
        """Return a text with its identifiers replaced.

        Args:
            text: English, Chinese, or both.
            patient: whose it is, for surrogates and moved dates.
        """
        spans = find(text, recognisers=self._readers())
        self.counts.update(span.kind for span in spans)
        return self.plan.apply(text, spans, patient=patient) if spans else text

    def masked(self, text: str, *, any_as: str) -> str:
        """Return a record's text masked; count it once under each kind, and under `any_as` if anything was replaced."""
        spans = [span for span in find(text, recognisers=self._readers()) if self.plan.actions[span.kind] != "keep"]
        self.counts.update({span.kind for span in spans})
        self.counts.update({any_as} if spans else ())
        return self.plan.apply(text, spans, patient="") if spans else text

    def whole(self, text: str, kind: str, *, patient: str) -> str:
        """Return what stands for a text that is one identifier of a kind that is known."""
        self.counts[kind] += 1
        return self.plan.apply(text, [Span(start=0, end=len(text), kind=kind, score=1.0)], patient=patient)

    def cell(self, text: str, *, column: str, patient: str) -> str:
        """Return a field's text with its identifiers replaced; what the column is called helps to read a short one."""
        if len(text) > _SHORT or not text.strip():
            return self.text(text, patient=patient)
        if _NAMES.fullmatch(column.strip()) and any(one.isalpha() for one in text):
            return self.whole(text, "name", patient=patient)
        label = f"{column.replace('_', ' ').strip()}: "
        spans = [span for span in find(label + text, recognisers=self._readers()) if span.start >= len(label)]
        if not spans:
            return text
        self.counts.update(span.kind for span in spans)
        return self.plan.apply(label + text, spans, patient=patient)[len(label) :]
