"""Texts that are no texts: empty, broken, wrongly encoded, nonsense, in another language, or telling who it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import coded
from primum.evidence.finding import Finding
from primum.evidence.intervals import clopper_pearson
from primum.safety.records.broken import BROKEN
from primum.safety.records.identify import IDENTIFIERS
from primum.safety.records.language import LANGUAGES_TOLD
from primum.safety.records.textfacts import TextFacts
from primum.safety.records.told import SMALL, share, told

BoolArray = npt.NDArray[np.bool_]

_EMPTY = "share of records without a text, or with fewer than three characters; Clopper and Pearson's interval"
_BROKEN = (
    "share of texts with lost characters, bytes in a wrong encoding, control characters or hardly a letter, or whose "
    "neighbouring characters are stranger than any text's should be; Clopper and Pearson's interval"
)
_LANGUAGE = (
    "share of texts in another language than most, by script and commonest words, where that can be told; Clopper and "
    "Pearson's interval"
)
_IDENTIFIERS = (
    "share of texts with what identifies a person, by patterns that seldom err and miss much; Clopper and Pearson's "
    "interval"
)
_STRANGE = 12.0
"""Robust standard deviations above the median from which a text's characters are nonsense."""
_CONCENTRATED = 0.8


def quality_findings(cohort: Cohort, facts: TextFacts) -> tuple[list[Finding], dict[str, npt.NDArray[np.int64]]]:
    """Return how many texts are empty, broken, in another language or identifying, and their row numbers."""
    n = len(cohort)
    column = " + ".join(cohort.roles.inputs.text) or "text"
    kinds = broken_kinds(facts)
    unusual = np.zeros(n, dtype=bool)
    findings: list[Finding] = list(_both("text_empty", facts.length < 3, cohort, column=column, method=_EMPTY))
    for theirs in kinds.values():
        unusual |= theirs
    counts = {kind: int(theirs.sum()) for kind, theirs in kinds.items() if theirs.any()}
    findings += _both("text_broken", unusual, cohort, column=column, kinds=counts, method=_BROKEN)
    foreign, usual = other_language(facts)
    spoken = np.unique(facts.language[foreign])
    findings += _both(
        "text_other_language",
        foreign,
        cohort,
        column=column,
        usual=usual,
        languages=[LANGUAGES_TOLD[code] for code in spoken],
        method=_LANGUAGE,
    )
    for place, kind in enumerate(IDENTIFIERS):
        found = facts.identifiers[:, place]
        findings.append(
            share("identifier", int(found.sum()), n, pillar="privacy", column=column, kind=kind, method=_IDENTIFIERS)
        )
    findings.sort(key=lambda finding: finding.metric == "identifier" and -(finding.value or 0.0))
    rows = {
        "text_empty": np.flatnonzero(facts.length < 3),
        "text_broken": np.flatnonzero(unusual),
        "text_other_language": np.flatnonzero(foreign),
        "identifier": np.flatnonzero(facts.identifiers.any(axis=1)),
    }
    return findings, rows


def broken_kinds(facts: TextFacts) -> dict[str, BoolArray]:
    """Return which texts are broken in which way; nonsense is what no other way says."""
    kinds = {kind: facts.broken[:, place] for place, kind in enumerate(BROKEN)}
    cost = facts.letter_cost
    known = ~np.isnan(cost)
    if known.sum() >= 50:
        middle = float(np.median(cost[known]))
        spread = max(1.4826 * float(np.median(np.abs(cost[known] - middle))), 0.08)
        with np.errstate(invalid="ignore"):
            kinds["nonsense"] = (cost > middle + _STRANGE * spread) & (cost > middle + 1) & (facts.language < 0)
    return kinds


def other_language(facts: TextFacts) -> tuple[BoolArray, str]:
    """Return which texts are in another language than most, and which that is; none where no language prevails."""
    known = facts.language[facts.language >= 0]
    if len(known) < 20:
        return np.zeros(len(facts.language), dtype=bool), ""
    counts = np.bincount(known, minlength=len(LANGUAGES_TOLD))
    usual = int(counts.argmax())
    return (facts.language >= 0) & (facts.language != usual), LANGUAGES_TOLD[usual]


def _both(metric: str, theirs: BoolArray, cohort: Cohort, **more: Any) -> Iterator[Finding]:
    """Yield the share in all, and that of the site where nearly all of them are."""
    hits = int(theirs.sum())
    yield share(metric, hits, len(cohort), **more)
    if cohort.site is None or hits < SMALL:
        return
    codes, names = coded(cohort.site)
    of_site = np.bincount(codes[theirs], minlength=len(names))
    worst = int(of_site.argmax())
    size = int((codes == worst).sum())
    if of_site[worst] >= _CONCENTRATED * hits and size < _CONCENTRATED * len(cohort):
        yield told(
            metric,
            of_site[worst] / size,
            n=size,
            bounds=clopper_pearson(int(of_site[worst]), size),
            slice_={"site": names[worst]},
            records=int(of_site[worst]),
            **more,
        )
