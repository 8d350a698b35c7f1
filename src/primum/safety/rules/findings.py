"""What clinical rules say on the records that judge: how often each speaks, and what its speaking means in all.

Shares are of patients. One to four patients whom a rule speaks of are a group too small to be told of: the figure of
the rule, or of a group, is withheld; one over everybody stands as four, the most that it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import Predictions
from primum.evidence.resampling import units_of
from primum.evidence.slices import SITE
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.knowledge.rules import Spoken
from primum.knowledge.rules.truth import BoolArray

SMALL = 5
"""Groups of fewer patients have no figures."""
_METHOD = "share of patients, those alone of whom it can be asked; Wilson's score interval (Wilson 1927)"
_FEWER = f"{_METHOD}; fewer than {SMALL}, told as {SMALL - 1}, the interval that of 1 to {SMALL - 1}"
_WITHHELD = f"{_METHOD}; withheld, since it speaks of fewer than {SMALL}"
_IN_ALL = (
    ("answers_contradicted", "contradiction"),
    ("records_impossible", "impossible"),
    ("records_escalated", "escalate"),
)


def rule_findings(spoken: Spoken, predictions: Predictions, *, benign: Sequence[str] = ()) -> list[Finding]:
    """Return what the rules say on test and external; nothing where no rule can be asked.

    Args:
        spoken: what the rules say of the same records.
        predictions: the answers in use.
        benign: classes that say that nothing grave is there; without any that figure is left out.
    """
    findings: list[Finding] = []
    for split in measured_splits(predictions.split):
        rows = np.flatnonzero(predictions.split == split)
        if len(rows) and spoken.rules:
            part = _Part(predictions.take(rows), spoken.yes[:, rows], spoken.known[:, rows], spoken, split)
            findings += [*part.of_rules(), *part.in_all(), *part.by_group(), *part.benign(benign)]
    return findings


class _Part:
    """One split's records, and what the rules say of them."""

    def __init__(self, table: Predictions, yes: BoolArray, known: BoolArray, spoken: Spoken, split: str) -> None:
        self._table, self._yes, self._known = table, yes, known
        self._rules, self._split = spoken.rules, split
        self._units, self._n_units = units_of(table)

    def of_rules(self) -> Iterator[Finding]:
        for place, rule in enumerate(self._rules):
            n, hits = self._patients(self._known[place]), self._patients(self._yes[place])
            detail = {"then": rule.then, "severity": rule.severity, "pack": rule.pack}
            if n >= SMALL:
                yield self._told("rule_speaks", hits, n, versus={"rule": rule.id}, detail=detail)

    def in_all(self) -> Iterator[Finding]:
        for metric, then in _IN_ALL:
            yes, known = self._any(then)
            n = self._patients(known)
            if n >= SMALL:
                yield self._told(metric, self._patients(yes), n, bounded=True)

    def by_group(self) -> Iterator[Finding]:
        yes, known = self._any("escalate")
        columns = dict(self._table.groups)
        if self._table.site is not None:
            columns.setdefault(SITE, self._table.site)
        for attribute, levels in columns.items():
            for level in sorted(set(levels.tolist())):
                inside = levels == level
                n = self._patients(known & inside)
                if n >= SMALL:
                    hits = self._patients(yes & inside)
                    yield self._told("records_escalated", hits, n, slice={attribute: level})

    def benign(self, classes: Sequence[str]) -> Iterator[Finding]:
        if not classes or self._table.target_type != "classes":
            return
        yes, _ = self._any("escalate")
        said = np.isin(self._table.predicted, [self._table.classes.index(name) for name in classes])
        n = self._patients(yes)
        if n >= SMALL:
            yield self._told("red_flags_benign", self._patients(yes & said), n, bounded=True)

    def _any(self, then: str) -> tuple[BoolArray, BoolArray]:
        mine = [rule.then == then for rule in self._rules]
        return np.asarray(self._yes[mine].any(0)), np.asarray(self._known[mine].any(0))

    def _patients(self, rows: BoolArray) -> int:
        return len(np.unique(self._units[rows]))

    def _told(self, metric: str, hits: int, n: int, *, bounded: bool = False, **more: Any) -> Finding:
        few = 0 < hits < SMALL
        detail = {**more.pop("detail", {}), **({"fewer_than": SMALL} if few else {})}
        value: float | None = hits / n
        low: float | None
        high: float | None
        low, high = wilson(hits, n)
        if few and bounded:
            value, low, high = min(SMALL - 1, n) / n, wilson(1, n)[0], wilson(min(SMALL - 1, n), n)[1]
        elif few:
            value, low, high = None, None, None
        return Finding(
            pillar="safety",
            metric=metric,
            value=value,
            low=low,
            high=high,
            level=LEVEL,
            n=n,
            split=self._split,
            enough=n >= ENOUGH_FOR_A_SHARE,
            method=_METHOD if not few else _FEWER if bounded else _WITHHELD,
            reference=METRICS.get(metric).reference,
            detail=detail,
            **more,
        )
