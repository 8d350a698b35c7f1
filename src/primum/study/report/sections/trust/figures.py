"""The pictures of trust, each with the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.split_names import measured_splits
from primum.evidence.sums import confidence_and_outcome
from primum.safety import decision_curve, risk_coverage
from primum.safety.abstention import sureness_of, wrong_of
from primum.safety.net_benefit import came_of
from primum.study.report import curves
from primum.study.report.charts import Labels
from primum.study.report.charts_trust import decision_chart, reliability_pair_chart, risk_coverage_chart
from primum.study.report.context import MOST_OVERLAID, Context
from primum.study.report.sections.shapes import Figure, Table
from primum.study.report.wording import number, percent, whole

_THRESHOLDS = np.arange(0.01, 0.96, 0.01)
_LEAST = 20
"""The risk-coverage curve begins at this many answered: before, one error is all of it."""


def figures_of(context: Context) -> Sequence[Figure]:
    """Return reliability before and after, risk-coverage and decision curve; none without probabilities."""
    predictions = context.run.predictions
    if predictions is None or predictions.probabilities is None:
        return []
    parts = [(name, predictions.of_split(name)) for name in measured_splits(predictions.split)]
    if not parts:
        return []
    found: list[Figure | None] = [_reliability(*parts[0], context), _risk(parts, context)]
    if predictions.target_type == "classes" and len(predictions.classes) == 2:
        found += [_decision(name, part, context) for name, part in parts]
    return [figure for figure in found if figure is not None]


def _reliability(split: str, part: Predictions, context: Context) -> Figure | None:
    before = context.run.uncalibrated
    if before is None or not _bins(part):
        return None
    words = context.words
    after, earlier = _bins(part), _bins(before.of_split(split))
    labels = Labels(
        title=words("trust.reliability_title", split=context.split_in(split)),
        description=words("shapes.reliability_description", bins=len(after), n=len(part)),
        x=words("shapes.reliability_x"),
        y=words("shapes.reliability_y"),
    )
    names = [words("trust.after"), words("trust.before")]
    rows = [
        [name, f"{one.start:.1f} – {one.end:.1f}", whole(one.n), percent(one.predicted), percent(one.observed)]
        for name, bins in zip(names, (after, earlier), strict=True)
        for one in bins
    ]
    return Figure(
        title=labels.title,
        caption=words("trust.reliability_caption"),
        picture=reliability_pair_chart(after, earlier, labels),
        legend=names,
        table=Table(
            head=["", *(words(f"shapes.bin.{key}") for key in ("bin", "n", "predicted", "observed"))], rows=rows
        ),
    )


def _bins(part: Predictions) -> list[curves.Bin]:
    said, came = confidence_and_outcome(part)
    return [one for one in curves.reliability(came == 1, said) if one.n >= curves.SMALLEST_CELL]


def _risk(parts: Sequence[tuple[str, Predictions]], context: Context) -> Figure:
    words, saved = context.words, context.run.abstention
    names, lines, rows = [], [], []
    for split, part in parts[:MOST_OVERLAID]:
        share, error = _curve(part)
        area = context.overall("aurc", split)
        value = number(area.value if area is not None else None)
        names.append(words("shapes.line", name=context.split(split), metric=context.title("aurc"), value=value))
        lines.append((share, error))
        for wanted in (0.25, 0.5, 0.75, 1.0):
            place = int(np.searchsorted(share, wanted - 1e-9))
            if place < len(share):
                rows.append([context.split(split), percent(wanted), percent(float(error[place]))])
    share_used = context.overall("answered_share", parts[0][0])
    used = None if share_used is None or not share_used.value else share_used.value
    labels = Labels(
        title=words("trust.risk_title"),
        description="; ".join(names),
        x=context.title("answered_share"),
        y=context.title("answered_error"),
    )
    allowed = float(saved["risk"]) if saved else None
    return Figure(
        title=labels.title,
        caption=context.overlaid(words("trust.risk_caption_target" if saved else "trust.risk_caption"), len(parts)),
        picture=risk_coverage_chart(lines, labels, allowed=allowed, answered=used),
        legend=names,
        table=Table(head=["", labels.x, labels.y], rows=rows),
    )


def _curve(part: Predictions) -> tuple[FloatArray, FloatArray]:
    """Return the curve from _LEAST answered on, at no more than 200 places."""
    assert part.probabilities is not None
    share, error = risk_coverage(sureness_of(part.probabilities, np.asarray(part.predicted)), wrong_of(part))
    first = min(_LEAST, len(share)) - 1
    kept = np.unique(np.linspace(first, len(share) - 1, 200).astype(np.int64))
    return share[kept], error[kept]


def _decision(split: str, part: Predictions, context: Context) -> Figure | None:
    assert part.probabilities is not None
    came = came_of(part, 1)
    if min(came.sum(), (~came).sum()) < curves.SMALLEST_CELL:
        return None
    words = context.words
    curve = decision_curve(part.probabilities[:, 1], came, _THRESHOLDS.tolist())
    labels = Labels(
        title=words("trust.decision_title", split=context.split_in(split)),
        description=words("trust.decision_description", positive=part.classes[1]),
        x=words("trust.decision_x"),
        y=context.title("net_benefit"),
    )
    rows = [
        [percent(float(curve.thresholds[at])), number(float(curve.model[at])),
         f"{number(float(curve.low[at]))} – {number(float(curve.high[at]))}", number(float(curve.everybody[at]))]
        for at in range(4, len(curve.thresholds), 10)
    ]  # fmt: skip
    head = [labels.x, words("trust.by_model"), words("forest.interval"), words("trust.treat_all")]
    return Figure(
        title=labels.title,
        caption=words("trust.decision_caption", positive=part.classes[1]),
        picture=decision_chart(curve, labels),
        legend=[words("trust.by_model"), words("trust.treat_all")],
        table=Table(head=head, rows=rows),
    )
