"""Where in a text an identifier stands, and which of two that overlap is kept."""

from __future__ import annotations

from bisect import bisect, insort
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
    kept whole; what sticks out of the other stays a span of its own kind, so that nothing found is let go.
    """
    kept: list[Span] = []
    taken: list[tuple[int, int]] = []
    for span in sorted(_united(spans), key=lambda one: (*(-part for part in _weight(one)), one.start)):
        for start, end in _free(taken, span):
            kept.append(_part(span, start, end))
            insort(taken, (start, end))
    return sorted(kept, key=lambda one: one.start)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Return the spans with those of one kind that overlap made one."""
    made: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.kind, one.start)):
        last = made[-1] if made else None
        if last is None or last.kind != span.kind or span.start >= last.end:
            made.append(span)
        else:
            score = max(last.score, span.score)
            made[-1] = Span(start=last.start, end=max(last.end, span.end), kind=span.kind, score=score)
    return made


def _free(taken: list[tuple[int, int]], span: Span) -> list[tuple[int, int]]:
    """Return the stretches of a span that are not taken; `taken` is in order and does not overlap."""
    free, start = [], span.start
    for at in range(max(0, bisect(taken, (span.start,)) - 1), len(taken)):
        begins, ends = taken[at]
        if begins >= span.end:
            break
        if begins > start:
            free.append((start, begins))
        start = max(start, ends)
    if start < span.end:
        free.append((start, span.end))
    return free


def _weight(span: Span) -> tuple[float, int, int]:
    return (span.score, span.end - span.start, -KINDS.get(span.kind).rank)


def _part(span: Span, start: int, end: int) -> Span:
    return Span(start=start, end=end, kind=span.kind, score=span.score)
