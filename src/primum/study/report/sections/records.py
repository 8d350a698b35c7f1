"""What the records say of themselves: each check, what it found and where, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.i18n import known, translate
from primum.safety.records import RECORD_METRICS
from primum.study.report.context import Context
from primum.study.report.wording import interval, number, whole

OUTCOMES = ("block", "review", "note", "pass")
SMALLEST = 5
_TABLES = {"records.found": False, "records.clean": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One check in words."""

    title: str
    definition: str
    outcome: str
    """block, review, note or pass."""
    said: str
    """The outcome in words."""
    value: str
    interval: str
    n: str
    place: str
    """Split, site, field and class that the finding is about."""
    mend: str
    """Empty where nothing was found."""


def records_section(context: Context) -> Mapping[str, object] | None:
    """Return one row a check, the worst first; None where no check of the records was made."""
    found: dict[str, list[tuple[int, Finding]]] = {}
    for place, finding in enumerate(context.run.findings):
        if finding.metric in RECORD_METRICS:
            found.setdefault(finding.metric, []).append((place, finding))
    if not found:
        return None
    outcomes = _outcomes(context)
    rows = [_row(findings, outcomes, context) for findings in found.values()]
    rows.sort(key=lambda row: OUTCOMES.index(row.outcome))
    bad, noted = sum(row.outcome in ("block", "review") for row in rows), sum(row.outcome == "note" for row in rows)
    lead = context.words("records.lead", n=len(rows), bad=bad, noted=noted)
    tables = {title: [row for row in rows if (row.outcome == "pass") is passed] for title, passed in _TABLES.items()}
    return {"tables": tables, "lead": lead, "suspects": context.words("records.suspects")}


def _outcomes(context: Context) -> Mapping[int, str]:
    """Return the worst outcome of any rule on each finding, by the finding's place."""
    worst: dict[int, str] = {}
    for rule in context.run.verdict.get("rules") or ():
        if not isinstance(rule, Mapping) or rule.get("outcome") not in OUTCOMES:
            continue
        outcome, must = str(rule["outcome"]), rule.get("must_be") or {}
        for place in rule.get("findings") or ():
            held = "pass" if _inside(context.run.findings[place], must) else outcome
            if OUTCOMES.index(held) < OUTCOMES.index(worst.get(place, "pass")):
                worst[place] = held
    return worst


def _inside(finding: Finding, must: Mapping[str, float]) -> bool:
    """Return whether a finding's value satisfies a rule, so that it is not what the rule failed on."""
    value = finding.value
    if value is None:
        return False
    return value <= must.get("at_most", value) and value >= must.get("at_least", value)


def _row(findings: Sequence[tuple[int, Finding]], outcomes: Mapping[int, str], context: Context) -> CheckRow:
    lower = METRICS.get(findings[0][1].metric).direction != "higher"

    def badness(one: tuple[int, Finding]) -> tuple[int, float]:
        value = one[1].value or 0.0
        return OUTCOMES.index(outcomes.get(one[0], "pass")), -value if lower else value

    place, worst = min(findings, key=badness)
    outcome = outcomes.get(place, "pass")
    key, hidden = f"mend.{worst.metric}", bool(worst.slice) and worst.n < SMALLEST
    return CheckRow(
        title=context.title(worst.metric),
        definition=context.definition(worst.metric),
        outcome=outcome,
        said=context.words(f"records.{outcome}"),
        value="·" if hidden else number(worst.value),
        interval="·" if hidden else interval(worst.low, worst.high),
        n="·" if hidden else whole(worst.n),
        place=_place(worst, context),
        mend=translate(key, context.words.lang) if outcome != "pass" and known(key, context.words.lang) else "",
    )


def _place(finding: Finding, context: Context) -> str:
    column, detail = finding.detail.get("column"), finding.detail
    parts = [
        "" if column is None else str(column),
        str(detail.get("conversion", "")),
        "" if finding.class_ is None else context.words("records.class", name=finding.class_),
        context.group(finding.slice) if finding.slice else "",
        "" if finding.split is None else context.split(finding.split),
    ]
    return " · ".join(part for part in parts if part)
