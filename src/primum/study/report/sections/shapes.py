"""How the model errs: ROC, precision-recall, confusion and reliability for classes and labels; scatter for a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.split_names import measured_splits
from primum.study.report import charts, curves
from primum.study.report.context import MOST_OVERLAID, Context
from primum.study.report.wording import number, percent, whole

MOST_CONFUSED = 15
"""Rows of the list of confusions that stands beside a matrix of many classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The figures behind a picture."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its caption, legend and data."""

    title: str
    caption: str
    picture: Markup
    legend: Sequence[str]
    table: Table
    wide: bool = False


def shapes_section(context: Context) -> Mapping[str, object] | None:
    """Return the figures of test and external; None without predictions."""
    predictions = context.run.predictions
    if predictions is None:
        return None
    parts = [(name, predictions.of_split(name)) for name in measured_splits(predictions.split)]
    if not parts:
        return None
    draw = _for_number if predictions.target_type == "number" else _for_classes
    return {"figures": draw(parts, context)}


def _for_classes(parts: Sequence[tuple[str, Predictions]], context: Context) -> list[Figure]:
    found: list[Figure | None] = []
    if parts[0][1].probabilities is not None:
        found += [_curves("roc", parts, context), _curves("pr", parts, context)]
    for name, part in parts:
        if part.target_type == "classes":
            found.append(_confusion(name, part, context))
    for name, part in parts:
        found.append(_reliability(name, part, context))
    return [figure for figure in found if figure is not None]


def _truth(part: Predictions, column: int) -> curves.BoolArray:
    """Return whether each record is of the class (or has the label)."""
    truth: curves.BoolArray = part.target[:, column] == 1 if part.target_type == "labels" else part.target == column
    return truth


def _clusters(part: Predictions) -> IntArray:
    names = part.ids if part.patient is None else part.patient
    return np.unique(names.astype(str), return_inverse=True)[1].astype(np.int64)


def _curves(kind: str, parts: Sequence[tuple[str, Predictions]], context: Context) -> Figure | None:
    if parts[0][1].target_type == "classes" and len(parts[0][1].classes) == 2:
        drawn = parts[:MOST_OVERLAID]
        lines = [line for name, part in drawn if (line := _binary_line(kind, name, part, context)) is not None]
        caption = context.words(f"shapes.{kind}_binary", positive=parts[0][1].classes[1])
        caption = context.overlaid(caption, len(parts))
    else:
        lines = _class_lines(kind, parts[0][1], context)
        caption = context.words(f"shapes.{kind}_many", split=context.split(parts[0][0]))
    if not lines:
        return None
    names = [name for name, _, _ in lines]
    labels = charts.Labels(
        title=context.words(f"shapes.{kind}_title"),
        description="; ".join(names),
        x=context.words(f"shapes.{kind}_x"),
        y=context.words(f"shapes.{kind}_y"),
    )
    picture = charts.curve_chart([(curve, level) for _, curve, level in lines], labels, diagonal=kind == "roc")
    legend = names[:4]
    return Figure(
        title=labels.title, caption=caption, picture=picture, legend=legend, table=_curve_table(lines, labels)
    )


def _binary_line(
    kind: str, split: str, part: Predictions, context: Context
) -> tuple[str, curves.Curve, float | None] | None:
    assert part.probabilities is not None
    truth, score = _truth(part, 1), part.probabilities[:, 1]
    curve = (curves.roc_curve if kind == "roc" else curves.pr_curve)(truth, score)
    if curve is None:
        return None
    banded = curves.with_band(curve, truth, score, kind=kind, clusters=_clusters(part))
    metric = "auroc" if kind == "roc" else "auprc"
    finding = context.overall(metric, split)
    area = number(finding.value if finding is not None else curve.area)
    name = context.words("shapes.line", name=context.split(split), metric=context.title(metric), value=area)
    return name, banded, float(truth.mean()) if kind == "pr" else None


def _class_lines(kind: str, part: Predictions, context: Context) -> list[tuple[str, curves.Curve, float | None]]:
    """Return the mean over classes, the worst class and the best class."""
    assert part.probabilities is not None
    draw = curves.roc_curve if kind == "roc" else curves.pr_curve
    drawn = [(name, draw(_truth(part, k), part.probabilities[:, k])) for k, name in enumerate(part.classes)]
    known = sorted(((name, curve) for name, curve in drawn if curve is not None), key=lambda item: item[1].area)
    if not known:
        return []
    words = context.words
    chosen = [
        (words("shapes.macro"), curves.macro([curve for _, curve in known])),
        (words("shapes.worst", name=known[0][0]), known[0][1]),
        (words("shapes.best", name=known[-1][0]), known[-1][1]),
    ]
    metric = context.title("auroc" if kind == "roc" else "auprc")
    return [
        (words("shapes.line", name=name, metric=metric, value=number(curve.area)), curve, None)
        for name, curve in chosen
    ]


def _curve_table(lines: Sequence[tuple[str, curves.Curve, float | None]], labels: charts.Labels) -> Table:
    rows = [
        [f"{curves.GRID[at]:.1f}", *(_at(curve, at) for _, curve, _ in lines)] for at in range(0, len(curves.GRID), 10)
    ]
    return Table(head=[labels.x, *(f"{labels.y}: {name}" for name, _, _ in lines)], rows=rows)


def _at(curve: curves.Curve, at: int) -> str:
    if curve.low is None or curve.high is None:
        return f"{curve.y[at]:.2f}"
    return f"{curve.y[at]:.2f} ({curve.low[at]:.2f} – {curve.high[at]:.2f})"


def _confusion(split: str, part: Predictions, context: Context) -> Figure:
    words, names = context.words, part.classes
    counts = curves.confusion(part.target.astype(np.int64), part.predicted.astype(np.int64), len(names))
    right = int(np.trace(counts))
    labels = charts.Labels(
        title=words("shapes.confusion_title", split=context.split_in(split)),
        description=words("shapes.confusion_description", right=right, n=len(part)),
        x=words("shapes.predicted"),
        y=words("shapes.true"),
    )
    return Figure(
        title=labels.title,
        caption=words("shapes.confusion_caption", right=whole(right), n=whole(len(part))),
        picture=charts.confusion_chart(counts, names, labels),
        legend=(),
        table=_confusion_table(counts, names, context),
        wide=len(names) > 5,
    )


def _confusion_table(counts: IntArray, names: Sequence[str], context: Context) -> Table:
    """Return the whole matrix for few classes, and the most frequent confusions for many."""
    words = context.words
    if len(names) <= 6:
        rows = [[name, *(whole(int(n)) for n in counts[k])] for k, name in enumerate(names)]
        return Table(head=[words("shapes.true"), *names], rows=rows)
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSED]
    pairs = [divmod(int(place), len(names)) for place in order]
    listed = [
        [names[i], names[j], whole(int(wrong[i, j])), whole(int(counts[i].sum()))] for i, j in pairs if wrong[i, j]
    ]
    return Table(head=[words(f"shapes.confused.{key}") for key in ("true", "predicted", "n", "of")], rows=listed)


def _reliability(split: str, part: Predictions, context: Context) -> Figure | None:
    if part.probabilities is None or len(part) == 0:
        return None
    words = context.words
    truth, score, about = _calibration_pairs(part, context)
    bins = curves.reliability(truth, score)
    labels = charts.Labels(
        title=words("shapes.reliability_title", split=context.split_in(split)),
        description=words("shapes.reliability_description", bins=len(bins), n=len(score)),
        x=words("shapes.reliability_x"),
        y=words("shapes.reliability_y"),
    )
    rows = [
        [
            f"{one.start:.1f} – {one.end:.1f}",
            whole(one.n),
            percent(one.predicted),
            percent(one.observed),
            f"{percent(one.low)} – {percent(one.high)}",
        ]
        for one in bins
    ]
    head = [words(f"shapes.bin.{key}") for key in ("bin", "n", "predicted", "observed", "interval")]
    return Figure(
        title=labels.title,
        caption=about,
        picture=charts.reliability_chart(bins, labels),
        legend=(),
        table=Table(head=head, rows=rows),
    )


def _calibration_pairs(part: Predictions, context: Context) -> tuple[curves.BoolArray, FloatArray, str]:
    """Return what was true, with which probability, and the caption that says which probability is meant."""
    assert part.probabilities is not None
    words = context.words
    if part.target_type == "labels":
        return (part.target == 1).ravel(), part.probabilities.ravel(), words("shapes.reliability_labels")
    if len(part.classes) == 2:
        return part.target == 1, part.probabilities[:, 1], words("shapes.reliability_binary", positive=part.classes[1])
    top = part.probabilities.argmax(axis=1)
    return part.target == top, part.probabilities.max(axis=1), words("shapes.reliability_many")


def _for_number(parts: Sequence[tuple[str, Predictions]], context: Context) -> list[Figure]:
    figures = []
    for split, part in parts:
        truth, predicted = part.target.astype(np.float64), part.predicted.astype(np.float64)
        figures += [_scatter(split, truth, predicted, context), _residuals(split, predicted - truth, context)]
    return figures


def _scatter(split: str, truth: FloatArray, predicted: FloatArray, context: Context) -> Figure:
    words = context.words
    x_edges, y_edges, counts = curves.scatter_counts(truth, predicted)
    labels = charts.Labels(
        title=words("shapes.scatter_title", split=context.split_in(split)),
        description=words("shapes.scatter_description", n=int(counts.sum())),
        x=words("shapes.true_value"),
        y=words("shapes.predicted_value"),
    )
    quantiles = np.quantile(truth, np.linspace(0, 1, 6))
    return Figure(
        title=labels.title,
        caption=words("shapes.scatter_caption", smallest=curves.SMALLEST_CELL),
        picture=charts.density_chart(x_edges, y_edges, counts, labels),
        legend=(),
        table=_fifths(truth, predicted, quantiles, context),
    )


def _fifths(truth: FloatArray, predicted: FloatArray, edges: FloatArray, context: Context) -> Table:
    """Return the mean truth and prediction in each fifth of the true values that holds enough patients."""
    index = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, len(edges) - 2)
    rows = []
    for fifth in range(len(edges) - 1):
        chosen = index == fifth
        if int(chosen.sum()) >= curves.SMALLEST_CELL:
            means = number(float(truth[chosen].mean())), number(float(predicted[chosen].mean()))
            rows.append([str(fifth + 1), whole(int(chosen.sum())), *means])
    return Table(head=[context.words(f"shapes.fifth.{key}") for key in ("fifth", "n", "true", "predicted")], rows=rows)


def _residuals(split: str, residuals: FloatArray, context: Context) -> Figure:
    words = context.words
    edges, counts = curves.histogram(residuals)
    labels = charts.Labels(
        title=words("shapes.residual_title", split=context.split_in(split)),
        description=words("shapes.residual_description", mean=number(float(residuals.mean()), signed=True)),
        x=words("shapes.residual_x"),
        y=words("shapes.residual_y"),
    )
    spread = np.quantile(residuals, [0.05, 0.25, 0.5, 0.75, 0.95])
    rows = [[f"{share} %", number(float(q), signed=True)] for share, q in zip((5, 25, 50, 75, 95), spread, strict=True)]
    return Figure(
        title=labels.title,
        caption=words("shapes.residual_caption", mean=number(float(residuals.mean()), signed=True)),
        picture=charts.histogram_chart(edges, counts, labels),
        legend=(),
        table=Table(head=[words("shapes.quantile"), words("shapes.residual_x")], rows=rows),
    )
