"""Who is too few to judge: what this audit could have seen, and how many patients it would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness, depth, few, one_per

MOST_ROWS = 20
MOST_DEEP = 8
"""Of those, rows for intersections: the ones nearest to being judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FewRow:
    """One slice with too few patients."""

    slice: str
    split: str
    measure: str
    n: str
    detectable: str
    needed: str
    sort_n: int
    sort_needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Few:
    """The slices with too few patients, and how many more there are."""

    rows: Sequence[FewRow]
    more: str


def too_few(fair: Fairness) -> Few | None:
    """Return the slices with too few patients: single attributes first, then the intersections nearest to enough."""
    led = [f for metric in fair.leads for f in fair.told(metric, depth_=None) if few(f)]
    found = one_per(led, lambda f: (f.split, tuple(sorted(f.slice.items()))), telling.least_seen)
    if not found:
        return None
    single = sorted((f for f in found if depth(f) == 1), key=lambda f: (_order(f, fair), f.n))
    deep = sorted((f for f in found if depth(f) > 1), key=lambda f: (telling.needed(f) or 10**9) / max(f.n, 1))
    kept = [*single[:MOST_ROWS], *deep[: min(MOST_DEEP, max(0, MOST_ROWS - len(single)))]]
    more = fair.context.words("fair.more_rows", n=f"{len(found) - len(kept):,}") if len(found) > len(kept) else ""
    return Few(rows=[_row(f, fair) for f in kept], more=more)


def _order(finding: Finding, fair: Fairness) -> int:
    return fair.attributes.index(next(iter(finding.slice)))


def _row(finding: Finding, fair: Fairness) -> FewRow:
    context = fair.context
    smallest, wanted = telling.detectable(finding), telling.needed(finding)
    seen = "–" if smallest is None else telling.amount(finding.metric, smallest, context)
    if smallest is not None and smallest >= 1 and telling.in_points(finding.metric):
        seen = context.words("fair.none_seen")
    return FewRow(
        slice=telling.about(finding, fair),
        split=context.split(finding.split),
        measure=context.title(finding.metric),
        n=telling.count(finding.n),
        detectable=seen,
        needed="–" if wanted is None else f"{wanted:,}",
        sort_n=finding.n,
        sort_needed="" if wanted is None else str(wanted),
    )
