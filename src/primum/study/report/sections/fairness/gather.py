"""The fairness findings of a run, sorted into what each part of the section asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from primum.evidence.finding import Finding
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.study.report.context import Context

SMALLEST_CELL = 5
"""Groups of fewer patients are counted and never shown with a figure, so that nobody can be recognised."""
LEADS: Mapping[str, tuple[str, ...]] = {
    "binary": ("tpr_gap", "fpr_gap"),
    "many": ("balanced_accuracy_gap",),
    "labels": ("balanced_accuracy_gap", "tpr_gap", "fpr_gap"),
    "number": ("relative_mae_gap", "standardised_bias_gap", "mae_gap"),
}
"""The gaps that are told first, by the kind of question."""
WHOLE = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equalised_odds_difference",
    "average_odds_difference",
    "predictive_parity_difference",
)
"""Measures of a whole attribute: its worst level against its best."""
DATASET = ("representation_gap", "base_rate", "missing_rate", "base_rate_gap", "missing_rate_gap")
NOT_GAPS = (*DATASET, "discovered_slice_gap")
TWO_SIDED = ("calibration_gap", "bias_gap", "standardised_bias_gap")
"""Gaps of which either sign is a harm: too high and too low."""
DESCRIBED = ("selection_rate_gap", "ppv_gap", "npv_gap")
"""Gaps that follow from how often groups have the outcome; they are told and never called a harm."""


@dataclass(frozen=True)
class Fairness:
    """The fairness findings and ways to ask for them."""

    context: Context

    @cached_property
    def findings(self) -> list[Finding]:
        """Every finding of the pillar fairness."""
        return [f for f in self.context.run.findings if f.pillar == "fairness"]

    @cached_property
    def by_metric(self) -> Mapping[str, Sequence[Finding]]:
        """The findings by metric."""
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.metric, []).append(finding)
        return found

    @cached_property
    def kind(self) -> str:
        """Which kind of question it is: binary, many, labels or number."""
        target = self.context.run.target_type()
        if target in ("labels", "number"):
            return target
        if self.context.run.predictions is None and "mae_gap" in self.by_metric:
            return "number"
        return "many" if len(self.classes) > 2 else "binary"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes' names, from the predictions or else from the gaps."""
        named = self.context.run.classes()
        told = dict.fromkeys(f.class_ for f in self.by_metric.get("tpr_gap", ()) if f.class_ is not None)
        return named or (tuple(told) if len(told) != 1 else ("", *told))

    @cached_property
    def positive(self) -> str | None:
        """The class that is looked for, of two; None for any other question."""
        return self.classes[-1] if self.kind == "binary" and self.classes else None

    @cached_property
    def gaps(self) -> list[Finding]:
        """Every gap of a slice against its comparison, sites included."""
        return [f for f in self.findings if is_gap(f)]

    @cached_property
    def leads(self) -> list[str]:
        """The gaps that are told first and were measured; of the many that may be there, at most two."""
        present = [m for m in LEADS[self.kind] if any(is_gap(f) for f in self.by_metric.get(m, ()))]
        if not present:
            present = list(dict.fromkeys(f.metric for f in self.gaps))
        return present[: 2 if self.kind != "labels" else 1]

    @cached_property
    def attributes(self) -> list[str]:
        """Every attribute that a gap of one attribute is about, sites last."""
        names = dict.fromkeys(next(iter(f.slice)) for f in self.gaps if depth(f) == 1)
        return sorted(names, key=lambda name: name == "site")

    def judged(self, finding: Finding) -> bool:
        """Return whether a gap is one by which a group may be said to be served worse."""
        return finding.metric not in DESCRIBED and (finding.metric in self.tolerances or finding.metric in self.leads)

    def standing(self, finding: Finding) -> str:
        """Return worse (shown, beyond the tolerance), small (shown, within it), few (too few to tell) or plain."""
        if shown(finding):
            beyond = abs(finding.value or 0.0) > self.tolerances.get(finding.metric, 0.0)
            return "worse" if beyond and finding.metric not in DESCRIBED else "small"
        return "few" if few(finding) else "plain"

    def harmed(self, finding: Finding) -> bool:
        """Return whether a group is shown to be served worse than the policy tolerates."""
        return self.judged(finding) and self.standing(finding) == "worse"

    def told(self, metric: str, *, depth_: int | None = 1) -> list[Finding]:
        """Return the gaps of a metric, one a slice and split: over all classes, else of the worst class."""
        chosen: dict[tuple[object, ...], Finding] = {}
        for finding in self.by_metric.get(metric, ()):
            if not is_gap(finding) or (depth_ is not None and depth(finding) != depth_):
                continue
            key = (finding.split, tuple(sorted(finding.slice.items())))
            if key not in chosen or self._prefers(finding, chosen[key]):
                chosen[key] = finding
        return list(chosen.values())

    def _prefers(self, finding: Finding, other: Finding) -> bool:
        wanted = (self.positive, None)
        if (finding.class_ in wanted) != (other.class_ in wanted):
            return finding.class_ in wanted
        return worst_key(finding) < worst_key(other)

    @cached_property
    def tolerances(self) -> Mapping[str, float]:
        """How large a gap the policy tolerates, by metric; known where verdict.json says it."""
        found: dict[str, float] = {}
        for rule in self.context.run.verdict.get("rules") or ():
            bounds = rule.get("must_be") if isinstance(rule, Mapping) else None
            bound = next((v for k in ("at_most", "below") if (v := (bounds or {}).get(k)) is not None), None)
            if isinstance(bound, int | float):
                for metric in self._metrics_of(rule):
                    found[metric] = min(float(bound), found.get(metric, float(bound)))
        return found

    def _metrics_of(self, rule: Mapping[str, object]) -> set[str]:
        places = rule.get("findings")
        findings = self.context.run.findings
        known = places if isinstance(places, list) else []
        return {findings[n].metric for n in known[:1] if isinstance(n, int) and 0 <= n < len(findings)}


def is_gap(finding: Finding) -> bool:
    """Return whether a finding says how much worse one slice is served than its comparison."""
    return (
        finding.pillar == "fairness"
        and finding.metric.endswith("_gap")
        and finding.metric not in NOT_GAPS
        and bool(finding.slice)
    )


def depth(finding: Finding) -> int:
    """Return how many attributes a slice is made of."""
    return len(finding.slice)


def shown(finding: Finding) -> bool:
    """Return whether a gap is shown: its interval excludes zero, and both sides have ten records, as the gate asks.

    Few patients do not keep a gap from being shown; they keep its absence from being.
    """
    fewest = min(finding.n, int(finding.detail.get("versus_n") or finding.n))
    return at_least(finding) > 0 and fewest >= ENOUGH_FOR_A_SHARE


def few(finding: Finding) -> bool:
    """Return whether there are too few patients to tell: nothing is shown, and a harmful gap might not have been."""
    return not shown(finding) and (not finding.enough or finding.value is None)


def at_least(finding: Finding) -> float:
    """Return how large the gap is at least, the end of its interval nearer to zero; 0 where it may be none."""
    if finding.value is None or finding.low is None or finding.high is None:
        return 0.0
    if finding.metric.removesuffix("_change") in TWO_SIDED and finding.high < 0:
        return -finding.high
    return max(0.0, finding.low)


def worst_key(finding: Finding) -> tuple[bool, float, bool, float]:
    """Return a sorting key: shown before not shown, enough before too few, then the larger gap."""
    value = finding.value if finding.value is not None else float("-inf")
    size = abs(value) if finding.metric in TWO_SIDED and finding.value is not None else value
    return (not shown(finding), -at_least(finding) if shown(finding) else 0.0, few(finding), -size)


def worst_first(findings: Sequence[Finding], places: Iterable[int]) -> list[int]:
    """Return places in a list of findings, the worst finding first; places that do not exist are left out."""
    known = [place for place in places if 0 <= place < len(findings)]
    return sorted(known, key=lambda place: (worst_key(findings[place]), place))


def one_per(
    findings: Iterable[Finding],
    key: Callable[[Finding], object],
    rank: Callable[[Finding], tuple[float, ...]] = worst_key,
) -> list[Finding]:
    """Return the worst finding of each key, the one that `rank` puts first, in the order in which the keys come."""
    chosen: dict[object, Finding] = {}
    for finding in findings:
        name = key(finding)
        if name not in chosen or rank(finding) < rank(chosen[name]):
            chosen[name] = finding
    return list(chosen.values())


def level_order(level: str) -> tuple[bool, float, str]:
    """Return a sorting key for levels: bands by their first number, then words, unknown last."""
    first = re.match(r"\D{0,2}(-?\d+(?:\.\d+)?)", level)
    return (level == "unknown", float(first.group(1)) if first else float("inf"), level)
