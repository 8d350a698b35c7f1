"""What fine-tuning bought: the model beside its baselines, said plainly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from primum.evidence.finding import Finding
from primum.evidence.split_names import measured_splits
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, whole

LEADS = {
    "classes": ("auroc_gain", "balanced_accuracy_gain", "accuracy_gain", "log_loss_gain"),
    "labels": ("auroc_gain", "macro_f1_gain", "log_loss_gain"),
    "number": ("mae_gain", "rmse_gain", "r2_gain"),
    "regions": ("dice_gain", "map50_gain", "froc_gain"),
}
MANY_CLASSES = ("balanced_accuracy_gain", "accuracy_gain", "auroc_gain", "log_loss_gain")
"""With more than two classes AUROC is near its ceiling for any model, so the share of right answers leads."""
ORDER = (
    "untuned_backbone",
    "before_pretraining",
    "text_alone",
    "vitals_alone",
    "image_alone",
    "tfidf_logistic_regression",
    "gradient_boosting",
    "pixel_logistic_regression",
    "hog_logistic_regression",
    "majority",
)
SIMPLE = (
    "tfidf_logistic_regression",
    "gradient_boosting",
    "pixel_logistic_regression",
    "hog_logistic_regression",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One plain sentence about what was gained."""

    outcome: str
    """better, same or worse; unknown when there are too few patients."""
    text: str
    figures: str


def gains_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences, forest plots of paired gains and the table of baselines; None when neither is there."""
    by_baseline = _gains(context)
    several = "image_alone" in by_baseline  # then "alone" leaves out more than the other of two
    statements = [_statement(name, found, context, several=several) for name, found in by_baseline.items()]
    forests = [_forest(metric, by_baseline, context) for metric in _leads(context)]
    tables = _tables(context)
    if not statements and not tables:
        return None
    return {"statements": statements, "forests": [f for f in forests if f is not None], "tables": tables}


def outcome_of(finding: Finding) -> str:
    """Return better, same or worse by whether the paired interval excludes zero; unknown without an interval."""
    if finding.low is None or finding.high is None or not finding.enough:
        return "unknown"
    if finding.low > 0:
        return "better"
    return "worse" if finding.high < 0 else "same"


def _leads(context: Context) -> tuple[str, ...]:
    if len(context.run.classes()) > 2 and context.run.target_type() == "classes":
        return MANY_CLASSES
    return LEADS.get(context.run.judged_kind(), LEADS["classes"])


def _gains(context: Context) -> Mapping[str, Sequence[Finding]]:
    """Return the gains on test about everybody, by baseline, in the order in which they are told."""
    found: dict[str, list[Finding]] = {}
    for finding in context.run.findings:
        name = finding.versus.get("baseline")
        if name and finding.split == "test" and not finding.slice and finding.metric.endswith("_gain"):
            found.setdefault(name, []).append(finding)
    order = {name: place for place, name in enumerate(ORDER)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def _statement(name: str, found: Sequence[Finding], context: Context, *, several: bool) -> Statement:
    leads = [f for metric in _leads(context) for f in found if f.metric == metric]
    lead = leads[0] if leads else found[0]
    outcome = outcome_of(lead)
    plain = name in ORDER and name != "image_alone" and not (several and name.endswith("_alone"))
    kind = "simple" if name in SIMPLE else name if plain else "other"
    text = context.words(f"gain.{kind}.{outcome}", baseline=context.baseline(name))
    others = [f for f in found if f is not lead and outcome_of(f) not in (outcome, "unknown", "same")]
    if others:
        listed = [context.words(f"gain.by.{outcome_of(f)}", figures=_figures(f, context)) for f in others]
        text += " " + context.words("gain.but", listing=context.words.listing(listed))
    return Statement(outcome=outcome, text=text, figures=_figures(lead, context))


def _figures(finding: Finding, context: Context) -> str:
    return context.words(
        "gain.figures",
        metric=context.title(_plain(finding.metric)),
        value=number(finding.value, signed=True),
        interval=context.span(finding, signed=True),
        n=whole(finding.n),
    )


def _plain(metric: str) -> str:
    return metric.removesuffix("_gain")


def _forest(metric: str, by_baseline: Mapping[str, Sequence[Finding]], context: Context) -> Forest | None:
    rows = [(name, f) for name, found in by_baseline.items() for f in found if f.metric == metric]
    ends = ends_of(f for _, f in rows)
    if not ends:
        return None
    scale = scale_of(ends, reference=0.0)
    css = {"better": "good", "worse": "bad"}
    return Forest(
        title=context.title(metric),
        note=context.definition(metric),
        axis=forest_axis(scale),
        rows=[
            forest_line(
                context.words("gain.versus", baseline=context.baseline(name)),
                f,
                scale,
                signed=True,
                css=css.get(outcome_of(f), "quiet"),
            )
            for name, f in rows
        ],
    )


def _tables(context: Context) -> list[tuple[str, list[str], list[tuple[str, list[str], bool]]]]:
    """Return (split, metric titles, rows of predictor, figures, is the model) for test and external."""
    baselines = context.run.baselines
    order = ["model", *ORDER, *(name for name in baselines if name not in ORDER and name != "model")]
    tables = []
    for split in measured_splits(split for figures in baselines.values() for split in figures or ()):
        rows = {n: baselines[n][split] for n in order if isinstance((baselines.get(n) or {}).get(split), Mapping)}
        metrics = list(dict.fromkeys(metric for figures in rows.values() for metric in figures))
        if rows and metrics:
            lines = [(context.baseline(n), _cells(figures, metrics), n == "model") for n, figures in rows.items()]
            tables.append((context.split(split), [context.title(m) for m in metrics], lines))
    return tables


def _cells(figures: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    return [number(v if isinstance(v := figures.get(m), int | float) else None) for m in metrics]
