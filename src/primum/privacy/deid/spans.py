"""Where in a text an identifier stands, and which of two that overlap is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from primum.privacy.deid.kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One identifier in a text."""

    start: int
    """First character, counted from 0."""
    end: int
    """One after the last character."""
    kind: str
    """One of KINDS."""
    score: float
    """How sure its rule is, 0 to 1."""


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap, in order, and cover every character that the given ones cover.

    Two of one kind that overlap become one. Of two kinds the surer, then the longer, then the one that ranks lower is
    kept whole; what sticks out of the other stays a span of its own kind, so that nothing found is let go. Linear after
    sorting.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end, KINDS.get(one.kind).rank, -one.score)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
            continue
        last = kept[-1]
        if span.kind == last.kind:
            kept[-1] = Span(
                start=last.start, end=max(last.end, span.end), kind=span.kind, score=max(last.score, span.score)
            )
        elif _weight(span) > _weight(last):
            kept.pop()
            if span.start > last.start:
                kept.append(_part(last, last.start, span.start))
            kept.append(span)
            if last.end > span.end:
                kept.append(_part(last, span.end, last.end))
        elif span.end > last.end:
            kept.append(_part(span, last.end, span.end))
    return kept


def _weight(span: Span) -> tuple[float, int, int]:
    return (span.score, span.end - span.start, -KINDS.get(span.kind).rank)


def _part(span: Span, start: int, end: int) -> Span:
    return Span(start=start, end=end, kind=span.kind, score=span.score)
