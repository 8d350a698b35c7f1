"""One rule: a pattern, the kind it finds, and what the match must satisfy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from primum.privacy.deid.spans import Span

Needs = Literal["digit", "old", "at", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A pattern compiled once; its group `it`, `ita` or `itz`, or the whole match, is the identifier."""

    kind: str
    """One of KINDS."""
    pattern: re.Pattern[str]
    """Written so that it runs in linear time: bounded repeats, no nested ones."""
    score: float = 0.8
    """How sure a match is."""
    check: Callable[[str], bool] | None = None
    """What the identifier must satisfy besides, e.g. a check digit."""
    needs: Needs = "digit"
    """What a text must hold for the rule to be worth running."""
    hint: tuple[str, ...] = ()
    """Words of which the text, in lower case, must hold one; none: always run."""

    def spans(self, text: str) -> Iterator[Span]:
        """Yield what the rule finds in `text`."""
        named = [name for name in ("it", "ita", "itz") if name in self.pattern.groupindex]
        groups: list[str | int] = [*named] or [0]
        for match in self.pattern.finditer(text):
            start, end = max(match.span(group) for group in groups)
            if start < end and (self.check is None or self.check(text[start:end])):
                yield Span(start=start, end=end, kind=self.kind, score=self.score)

    def beside_chinese(self) -> Rule:
        """Return the rule with only Latin letters and digits as parts of words: 于20240301 holds a date."""
        return replace(self, pattern=re.compile(self.pattern.pattern, self.pattern.flags & ~re.UNICODE | re.ASCII))
