"""Which measure suits this use: picked from the intended use by a rule that the report states."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.dataset import base_rate_sentence
from primum.study.report.sections.fairness.gather import WHOLE, Fairness, few, is_gap, worst_key

USES: Mapping[str, tuple[str, ...]] = {
    "screen": ("tpr_gap", "equal_opportunity_difference", "npv_gap"),
    "confirm": ("ppv_gap", "fpr_gap", "predictive_parity_difference"),
    "allocate": ("calibration_gap", "selection_rate_gap", "demographic_parity_difference"),
    "quantity": ("relative_mae_gap", "standardised_bias_gap", "mae_gap", "bias_gap"),
    "decide": ("equalised_odds_difference", "tpr_gap", "fpr_gap", "calibration_gap"),
}
"""The measures that suit a use, in the order in which they matter."""
FIELDS = ("setting", "user", "question", "population")
"""Where the words are looked for, in this order."""
WORDS: Mapping[str, str] = {
    "screen": r"screen\w*|triag\w*|rul(?:e|es|ing) out|early detection|surveillance|case.finding"
    r"|筛查|分诊|排除|早期发现|初筛",
    "confirm": r"confirm\w*|rul(?:e|es|ing) in\b|biops\w*|surg\w*|operat(?:e|ion)\w*|(?<!non-)invasive|prescri\w*"
    r"|before (?:treatment|therapy)|确诊|确认|活检|手术|有创|侵入性|处方|治疗前",
    "allocate": r"allocat\w*|prioriti[sz]\w*|waiting list|capacity|resource\w*|enrol\w*|care management"
    r"|分配|优先|排队|名额|资源|床位",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One measure that suits the use, and what this run found by it."""

    measure: str
    meaning: str
    found: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What was picked, why, what this run found by it, and the other uses."""

    use: str
    title: str
    why: str
    reason: str
    advice: Sequence[Advice]
    cautions: Sequence[str]
    uses: Sequence[tuple[str, str, str, bool]]
    """Every use: name, measures, why, whether it was picked."""


def guide(fair: Fairness) -> Guide:
    """Return the measures that suit the intended use, and how they were picked."""
    use, word, field = pick(fair.context.run.study, number=fair.kind == "number")
    words = fair.context.words
    reason = (
        words("fair.guide.because_number")
        if use == "quantity"
        else words("fair.guide.because", word=word, field=words(f"fair.guide.field.{field}"))
        if word
        else words("fair.guide.because_nothing")
    )
    others = [name for name in USES if (name == "quantity") == (fair.kind == "number")]
    return Guide(
        use=use,
        title=words(f"fair.guide.{use}.title"),
        why=words(f"fair.guide.{use}.why"),
        reason=reason,
        advice=[_advice(metric, fair) for metric in USES[use] if _suits(metric, fair)],
        cautions=_cautions(use, fair),
        uses=[_use(name, use, fair) for name in others] if len(others) > 1 else [],
    )


def pick(study: Mapping[str, object], *, number: bool) -> tuple[str, str, str]:
    """Return the use, the word that decided it and the field the word stands in; "decide" and no word otherwise.

    The rule: a predicted number is a quantity. Otherwise the fields are read in order (setting, user, question,
    population), and the first word of a list decides: of screening, of confirming or of allocating. Without any the
    answer is taken to support a decision in which a missed patient and a false alarm both do harm.
    """
    if number:
        return "quantity", "", ""
    stated = study.get("intended_use")
    told: dict[str, object] = dict(stated) if isinstance(stated, Mapping) else {}
    told["question"] = study.get("question")
    for field in FIELDS:
        text = str(told.get(field) or "")
        found = ((use, _search(expression, text)) for use, expression in WORDS.items())
        matches = [(match.start(), use, match.group(0)) for use, match in found if match is not None]
        if matches:
            _, use, word = min(matches)
            return use, word, field
    return "decide", "", ""


def _search(expression: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![A-Za-z])(?:{expression})", text, re.IGNORECASE)


def _suits(metric: str, fair: Fairness) -> bool:
    return metric in fair.by_metric or metric in USES["decide"][:3]


def _advice(metric: str, fair: Fairness) -> Advice:
    context, words = fair.context, fair.context.words
    found = [f for f in fair.by_metric.get(metric, ()) if f.value is not None and (is_gap(f) or metric in WHOLE)]
    judged = sorted((f for f in found if not few(f) and len(f.slice) == 1), key=worst_key)
    meaning = telling.meaning(metric, fair)
    title = context.title(metric)
    if not found:
        return Advice(measure=title, meaning=meaning, found=words("fair.guide.not_measured"), kind="unknown")
    if not judged:
        return Advice(measure=title, meaning=meaning, found=words("fair.guide.too_few"), kind="unknown")
    return Advice(measure=title, meaning=meaning, found=_found(judged[0], fair), kind=_kind(judged[0], fair))


def _kind(finding: Finding, fair: Fairness) -> str:
    return "worse" if is_gap(finding) and fair.harmed(finding) else "same"


def _found(finding: Finding, fair: Fairness) -> str:
    words = fair.context.words
    key = "fair.guide.shown" if _kind(finding, fair) == "worse" else "fair.guide.largest"
    return words(
        key,
        value=telling.amount(finding.metric, finding.value, fair.context),
        slice=fair.context.group(finding.slice),
        figures=telling.figures(finding, fair.context),
    )


def _cautions(use: str, fair: Fairness) -> list[str]:
    words = fair.context.words
    cautions = []
    if fair.kind != "number" and base_rate_sentence(fair):
        cautions.append(words("fair.guide.base_rates"))
    intended = fair.context.run.study.get("intended_use")
    risk = str(intended.get("risk") or "") if isinstance(intended, Mapping) else ""
    if risk == "high":
        cautions.append(words("fair.guide.high_risk"))
    if use != "quantity":
        cautions.append(words("fair.guide.impossible"))
    return cautions


def _use(name: str, picked: str, fair: Fairness) -> tuple[str, str, str, bool]:
    words = fair.context.words
    measures = words.listing([fair.context.title(metric) for metric in USES[name][:2]])
    return words(f"fair.guide.{name}.title"), measures, words(f"fair.guide.{name}.why"), name == picked
