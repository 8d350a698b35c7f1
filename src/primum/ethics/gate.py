"""The gate: findings and a policy in, a verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from primum.ethics import sentences
from primum.ethics.needs import NeedResult, weigh_needs
from primum.ethics.policy import Policy, Rule, Tolerance, Where
from primum.ethics.policy_reading import load_policy
from primum.evidence.finding import Finding
from primum.evidence.split_names import split_kind
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE

Outcome = Literal["pass", "review", "block"]
RuleOutcome = Literal["pass", "note", "review", "block"]
SEVERITY: Mapping[str, int] = {"pass": 0, "note": 1, "review": 2, "block": 3}
Standing = Literal["inside", "outside", "shown", "unshown", "straddling", "likely", "few", "missing"]
"""Where a finding stands to its tolerance: the whole interval inside, or outside; a gap shown to be there and outside,
or not shown by an audit that would have seen a harmful one; straddling; straddling with the value inside where that is
strength enough; too few patients to tell; no finding at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule says."""

    rule: Rule
    outcome: RuleOutcome
    findings: tuple[int, ...]
    """Indices of the findings it is about, in the list that was judged."""
    because: Mapping[str, str]
    """The reason, a sentence with its figures, by language."""

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Return the result as an object of verdict.json."""
        return {
            "rule": self.rule.name,
            "outcome": self.outcome,
            "because": self.because[lang],
            "findings": list(self.findings),
            "answers_to": list(self.rule.answers_to),
            "sentences": dict(self.because),
            "on_failure": self.rule.on_failure,
            "strength": self.rule.strength,
            "must_be": self.rule.must_be.model_dump(exclude_none=True),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a policy says about a list of findings."""

    outcome: Outcome
    policy: str
    policy_sha256: str
    rules: tuple[RuleResult, ...]
    needs: tuple[NeedResult, ...] = ()
    """What there is of what the policy asks for besides."""

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Return verdict.json's object; `because` is in `lang` (en or zh), `sentences` in both."""
        return {
            "verdict": self.outcome,
            "policy": self.policy,
            "policy_sha256": self.policy_sha256,
            "rules": [result.to_json(lang) for result in self.rules],
            "needs": [result.to_json(lang) for result in self.needs],
        }


def judge(findings: Sequence[Finding], policy: Policy | str, *, documents: Mapping[str, str] | None = None) -> Verdict:
    """Return the verdict of a policy on findings: the worst of its rules and needs, a note counting as pass.

    A rule's outcome is the worst of its findings: whole interval inside the tolerance, pass; whole interval outside,
    the rule's on_failure; across its edge, review, or pass where the rule asks for strength "likely" and the value
    lies inside; too few patients or no value, the rule's if_few, which is never pass. With strength "shown" a gap fails
    where its value lies outside and its interval excludes 0, however few the patients, as long as both sides have ten.
    A rule that only notes never does more than note. A need that neither a figure nor one of `documents` (need -> the
    document that the study names) answers is open, with the outcome that it states.

    Raises:
        PolicyError: the policy's name or file is wrong.
    """
    written = load_policy(policy) if isinstance(policy, str) else policy
    kind = target_kind(findings)
    results = tuple(_apply(rule, findings) for rule in written.rules if _applies(rule, kind))
    needs = tuple(weigh_needs(written.needs, findings, documents or {}))
    outcomes: list[RuleOutcome] = [*(result.outcome for result in results), *(need.outcome for need in needs)]
    worst = max(outcomes, key=lambda one: SEVERITY[one]) if results else "review"
    outcome: Outcome = "block" if worst == "block" else "review" if worst == "review" else "pass"
    return Verdict(outcome=outcome, policy=written.name, policy_sha256=written.sha256, rules=results, needs=needs)


def target_kind(findings: Sequence[Finding]) -> str | None:
    """Return which target type the performance findings speak of; None when they do not tell."""
    metrics = {finding.metric for finding in findings}
    # Marked places have a number besides, how much is marked, which is no rule's business.
    for kind, telling in (
        ("regions", {"map50"}),
        ("number", {"mae", "rmse"}),
        ("labels", {"subset_accuracy", "micro_f1"}),
    ):
        if metrics & telling:
            return kind
    return "classes" if metrics & {"accuracy", "balanced_accuracy"} else None


def _applies(rule: Rule, kind: str | None) -> bool:
    # Without performance findings every rule applies and misses its findings: silence never passes.
    return kind is None or "any" in rule.applies_to or kind in rule.applies_to


def _apply(rule: Rule, findings: Sequence[Finding]) -> RuleResult:
    chosen = [index for index, finding in enumerate(findings) if matches(rule.where, finding)]
    if not chosen:
        because = {lang: sentences.missing(rule, lang) for lang in sentences.LANGUAGES}
        return RuleResult(rule=rule, outcome=rule.if_missing, findings=(), because=because)
    standings = {index: _standing(rule, findings[index]) for index in chosen}
    outcomes = {index: _outcome(rule, standing) for index, standing in standings.items()}
    worst = max(
        chosen,
        key=lambda index: (
            SEVERITY[outcomes[index]],
            _severity_of(standings[index]),
            _how_bad(standings[index], findings[index]),
        ),
    )
    like_it = [index for index in chosen if standings[index] == standings[worst]]
    because = {
        lang: sentences.reason(
            rule, findings[worst], standings[worst], lang=lang, alike=len(like_it), measured=len(chosen)
        )
        for lang in sentences.LANGUAGES
    }
    return RuleResult(rule=rule, outcome=outcomes[worst], findings=tuple(chosen), because=because)


def matches(where: Where, finding: Finding) -> bool:
    """Return whether a finding is one of those that `where` speaks of."""
    return (
        finding.metric == where.metric
        and (where.pillar is None or finding.pillar == where.pillar)
        and _split_matches(where.split, finding.split or "cohort")
        and _class_matches(where.class_, finding.class_)
        and _slice_matches(where.slice, finding.slice)
        and _versus_matches(where.versus, finding.versus)
        and all(finding.detail.get(key) in values for key, values in where.detail.items())
    )


def _split_matches(wanted: Sequence[str], split: str) -> bool:
    return split in wanted or split_kind(split) in wanted


def _class_matches(wanted: str, class_: str | None) -> bool:
    if wanted == "any":
        return True
    if wanted == "overall":
        return class_ is None
    return class_ is not None and (wanted == "each" or class_ == wanted)


def _slice_matches(wanted: str | Mapping[str, str], slice_: Mapping[str, str]) -> bool:
    if isinstance(wanted, str):
        return wanted == "any" or (wanted == "each") == bool(slice_)
    return all(key in slice_ and value in ("*", slice_[key]) for key, value in wanted.items())


def _versus_matches(wanted: str | Mapping[str, tuple[str, ...]], versus: Mapping[str, str]) -> bool:
    if isinstance(wanted, str):
        return wanted == "any" or not versus
    return all(key in versus and ("*" in values or versus[key] in values) for key, values in wanted.items())


def _standing(rule: Rule, finding: Finding) -> Standing:
    if rule.strength == "shown":
        return _standing_of_gap(rule, finding)
    if finding.value is None or not finding.enough:
        return "few"
    exact = finding.level is None  # a count: it is what it is
    if not exact and (finding.low is None or finding.high is None):
        return "few"
    low = finding.value if finding.low is None else finding.low
    high = finding.value if finding.high is None else finding.high
    if rule.must_be.holds(low) and rule.must_be.holds(high):
        return "inside"
    if _wholly_outside(rule.must_be, low, high):
        return "outside"
    return "likely" if rule.strength == "likely" and rule.must_be.holds(finding.value) else "straddling"


def _standing_of_gap(rule: Rule, finding: Finding) -> Standing:
    if finding.value is None or finding.low is None or finding.high is None:
        return "few"
    fewest = min(finding.n, int(finding.detail.get("versus_n", finding.n)))
    there = finding.low > 0 or finding.high < 0
    if there and not rule.must_be.holds(finding.value):
        return "shown" if fewest >= ENOUGH_FOR_A_SHARE else "few"
    return "unshown" if finding.enough else "few"


def _wholly_outside(tolerance: Tolerance, low: float, high: float) -> bool:
    """Return whether no point of the interval is inside: it lies beyond one of the bounds."""
    return (
        (tolerance.at_least is not None and high < tolerance.at_least)
        or (tolerance.above is not None and high <= tolerance.above)
        or (tolerance.at_most is not None and low > tolerance.at_most)
        or (tolerance.below is not None and low >= tolerance.below)
    )


def _outcome(rule: Rule, standing: Standing) -> RuleOutcome:
    if standing in ("inside", "likely", "unshown"):
        return "pass"
    if standing in ("outside", "shown"):
        return rule.on_failure
    if standing == "few":
        return "note" if rule.on_failure == "note" else rule.if_few
    return "note" if rule.on_failure == "note" else "review"


def _how_bad(standing: Standing, finding: Finding) -> tuple[float, float]:
    """Return what puts the most telling of several alike findings first: the largest gap, or the most blind audit.

    Of groups with too few patients, those of one attribute say more than intersections, which are always smaller.
    """
    if standing in ("shown", "unshown"):
        return 0.0, finding.value or 0.0
    if standing == "few":
        return -float(finding.detail.get("depth") or 0), float(finding.detail.get("detectable") or 0.0)
    return 0.0, 0.0


def _severity_of(standing: Standing) -> int:
    return ("inside", "likely", "unshown", "few", "straddling", "outside", "shown").index(standing)
