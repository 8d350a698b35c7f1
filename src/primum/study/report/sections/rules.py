"""Clinical rules at answer time: which spoke, how often, and what it means in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from primum.evidence.finding import Finding
from primum.study.report.context import Context
from primum.study.report.wording import interval, percent, whole

_IN_ALL = (
    ("records_escalated", "rules.escalated"),
    ("red_flags_benign", "rules.benign"),
    ("answers_contradicted", "rules.contradicted"),
    ("records_impossible", "rules.impossible"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule, or one group, in words."""

    name: str
    because: str
    then: str
    share: str
    interval: str
    n: str
    source: str


def rules_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences and tables; None where no rule was asked."""
    on_each = (list(context.measured("rule_speaks", split)) for split in context.splits())
    spoke = next(filter(None, on_each), [])
    if not spoke:
        return None
    saved = {str(rule["id"]): rule for rule in context.run.rules.get("rules") or ()}
    told = [f for f in spoke if f.value is None or f.value > 0]
    rows = [_row(f, saved.get(f.versus["rule"], {}), context) for f in told]
    quiet = len(spoke) - len(told)
    words = context.words
    return {
        "lead": words("rules.lead", asked=len(spoke), all=max(len(saved), len(spoke))),
        "sentences": [*_sentences(context), *([words("rules.quiet", n=quiet)] if quiet else [])],
        "rows": rows,
        "groups": list(_groups(context)),
        "kept": words("rules.kept", sha=str(context.run.rules.get("sha256", ""))[:16]),
    }


def _sentences(context: Context) -> Iterator[str]:
    for split in context.splits():
        for metric, key in _IN_ALL:
            finding = context.overall(metric, split)
            if finding is None or finding.value is None:
                continue
            value = percent(finding.value)
            if finding.detail.get("fewer_than"):
                value = context.words("rules.up_to", value=value)
            yield context.words(
                key,
                split=context.split(split),
                value=value,
                n=whole(finding.n),
                low=percent(finding.low),
                high=percent(finding.high),
            )


def _row(finding: Finding, rule: Mapping[str, Any], context: Context) -> RuleRow:
    because = rule.get("because") or {}
    said = because.get(context.words.lang) or next(iter(because.values()), "")
    return RuleRow(
        name=finding.versus["rule"],
        because=str(said),
        then=context.words.known(f"rules.then.{finding.detail.get('then')}", otherwise=""),
        source=str(rule.get("source", "")),
        **_figures(finding, context),
    )


def _groups(context: Context) -> Iterator[RuleRow]:
    for finding in context.measured("records_escalated", "test"):
        if finding.slice:
            name = context.group(finding.slice)
            yield RuleRow(name=name, because="", then="", source="", **_figures(finding, context))


def _figures(finding: Finding, context: Context) -> dict[str, str]:
    if finding.value is None:
        return {"share": context.words("rules.fewer"), "interval": "·", "n": whole(finding.n)}
    return {
        "share": percent(finding.value),
        "interval": interval(finding.low, finding.high),
        "n": whole(finding.n),
    }
