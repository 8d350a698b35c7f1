"""How well the model stands small changes: decisions changed and accuracy lost, the worst first, worst cases, and how
far a search for the worst plausible change got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.i18n import compared_with
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole

DROP, FLIPS, WORST, NEGATION = (
    "perturbation_accuracy_drop",
    "perturbation_flip_rate",
    "worst_case_accuracy",
    "negation_response",
)


LEFT_AUROC = "image_part_auroc"
ADVERSARIAL, TURNED, CHANGES = "adversarial_accuracy", "adversarial_turned", "adversarial_changes"
MISSED = "pixel_search_missed"


def robustness_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences and the forests; None where nothing was measured."""
    sentences, forests = _perturbed(context)
    searched, found = _searched(context)
    if not (forests or found):
        return None
    return {"sentences": [*sentences, *_left(context), *searched], "forests": [*forests, *found]}


def _perturbed(context: Context) -> tuple[list[str], list[Forest]]:
    found = {name: list(context.measured(name, "test")) for name in (DROP, FLIPS, WORST, NEGATION)}
    if not found[DROP]:
        return [], []
    drops = sorted(found[DROP], key=lambda f: -(f.value or 0.0))
    flips = sorted(found[FLIPS], key=lambda f: -(f.value or 0.0))
    worst = sorted(found[WORST], key=lambda f: f.value or 0.0)
    return _sentences(context, drops, found[WORST], found[NEGATION]), [
        _forest(context, DROP, drops, reference=0.0),
        _forest(context, FLIPS, flips, reference=None),
        _forest(context, WORST, worst, reference=float(drops[0].detail.get("before", 0.0))),
    ]


def _left(context: Context) -> list[str]:
    """Return how well the model ranks by parts of images, a sentence each."""
    said = []
    for f in context.measured(LEFT_AUROC, "test"):
        part = compared_with("left", f.versus.get("left", ""), context.words.lang)
        figures = {"value": number(f.value), "low": number(f.low), "high": number(f.high), "n": whole(f.n)}
        said.append(context.words("robust.left", part=part, whole=number(f.detail.get("whole")), **figures))
    return said


def _searched(context: Context) -> tuple[list[str], list[Forest]]:
    """Return what the search reached: a sentence for each kind of change, and both figures as forests."""
    reached, turned = (list(context.measured(name, "test")) for name in (ADVERSARIAL, TURNED))
    if not reached:
        return [], []
    needed = {f.versus.get("perturbation"): f for f in context.measured(CHANGES, "test")}
    words, said = context.words, []
    for f in turned:
        kind = f.versus.get("perturbation")
        figures = {"value": percent(f.value), "low": percent(f.low), "high": percent(f.high), "n": whole(f.n)}
        sentence = words(f"robust.searched.{kind}", **figures)
        if kind in needed:
            sentence += words("robust.needed", value=f"{needed[kind].value:.1f}")
        said.append(sentence)
    for f in context.measured(MISSED, "test"):
        figures = {"value": percent(f.value), "low": percent(f.low), "high": percent(f.high), "n": whole(f.n)}
        said.append(words("robust.missed" if f.value else "robust.missed_none", **figures))
    before = float(reached[0].detail.get("before", 0.0))
    return said, [
        _forest(context, ADVERSARIAL, reached, reference=before),
        _forest(context, TURNED, turned, reference=None),
    ]


def _sentences(
    context: Context, drops: Sequence[Finding], worst: Sequence[Finding], negation: Sequence[Finding]
) -> list[str]:
    words, first = context.words, drops[0]
    said = [
        words(
            "robust.worst",
            change=_change(context, first),
            before=percent(first.detail.get("before")),
            after=percent(first.detail.get("after")),
            n=whole(first.n),
        )
    ]
    for f in worst:
        if f.versus.get("perturbation") == "all":
            said.append(words("robust.all", value=percent(f.value), low=percent(f.low), high=percent(f.high)))
    said += [words("robust.negation", value=percent(f.value), n=whole(f.n)) for f in negation]
    return said


def _change(context: Context, finding: Finding) -> str:
    name = finding.versus.get("perturbation", "")
    if finding.metric in (ADVERSARIAL, TURNED):
        name = f"search_{name}"
    return compared_with("perturbation", name, context.words.lang)


def _forest(context: Context, metric: str, rows: Sequence[Finding], *, reference: float | None) -> Forest:
    scale = scale_of(ends_of(rows), reference=reference)
    return Forest(
        title=context.title(metric),
        note=context.definition(metric),
        axis=forest_axis(scale),
        rows=[forest_line(_change(context, f), f, scale, signed=metric == DROP) for f in rows],
    )
