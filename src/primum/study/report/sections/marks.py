"""Marked places: how many are found, at the price of how many false marks, and how well masks fit. No picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.marks import Compared, compare
from primum.evidence.split_names import measured_splits
from primum.study.report import charts
from primum.study.report.context import Context
from primum.study.report.sections.shapes import Figure, Table
from primum.study.report.wording import interval, number, whole

_FIGURES = (
    "map50", "ap50", "froc", "dice", "iou", "region_sensitivity", "region_ppv", "false_regions", "region_ece",
    "region_count",
)  # fmt: skip
_MOST_LINES = 4
_FALSE = 8.0
"""False marks a picture at which the FROC curve ends."""


def marks_section(context: Context) -> Mapping[str, object] | None:
    """Return a table of figures by split, the FROC curve and precision by recall; None without marked places."""
    table = context.run.marks
    if table is None:
        return None
    figures = []
    for split in measured_splits(table.split):
        part = table.of_split(split)
        compared = compare(part.truth, part.found)
        figures += [_froc(compared, split, context), _precision(compared, split, context)]
    blocks = [(context.split(split), _table(split, context)) for split in measured_splits(table.split)]
    gains = [f for f in context.run.findings if f.metric in _GAINS and f.versus.get("baseline") == "threshold"]
    said = [_gain(f, context) for f in gains if f.value is not None]
    return {
        "blocks": blocks,
        "sentences": said,
        "figures": [f for f in figures if f is not None],
        "threshold": context.words("marks.threshold", threshold=number(table.threshold)) if table.threshold else "",
    }


_GAINS = ("map50_gain", "dice_gain", "froc_gain")


def _gain(finding: Finding, context: Context) -> str:
    return context.words(
        "marks.gain",
        metric=context.title(finding.metric.removesuffix("_gain")),
        model=number(finding.detail.get("model")),
        baseline=number(finding.detail.get("baseline")),
        gain=number(finding.value, signed=True),
        interval=context.span(finding, signed=True),
        split=context.split_in(str(finding.split)),
    )


def _table(split: str, context: Context) -> Table:
    rows = []
    for metric in _FIGURES:
        for f in sorted(context.measured(metric, split), key=lambda f: f.class_ or ""):
            if f.value is None or f.slice or f.versus:
                continue
            name = context.title(metric) if f.class_ is None else f"{context.title(metric)} · {f.class_}"
            value = whole(int(f.value)) if metric == "region_count" else number(f.value)
            rows.append([name, value, interval(f.low, f.high), whole(f.n)])
    return Table(head=[context.words(f"marks.head.{key}") for key in ("metric", "value", "interval", "n")], rows=rows)


def _lines(compared: Compared, context: Context) -> list[tuple[str, Compared]]:
    """Return all labels together, then single ones where there are several."""
    lines = [(context.words("marks.all"), compared)]
    if len(compared.labels) == 1:
        return lines
    return lines + [(name, _of_label(compared, place)) for place, name in enumerate(compared.labels)][: _MOST_LINES - 1]


def _of_label(compared: Compared, place: int) -> Compared:
    mine = compared.label == place
    return Compared(
        labels=(compared.labels[place],),
        image=compared.image[mine],
        label=np.zeros(int(mine.sum()), np.int64),
        score=compared.score[mine],
        hit=compared.hit[mine],
        truths=compared.truths[:, [place]],
        inside=compared.inside[:, [place]],
    )


def _steps(compared: Compared) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sensitivity, false marks a picture and precision at each score, the best first; equal scores together."""
    order = np.argsort(-compared.score, kind="stable")
    score, hit = compared.score[order], compared.hit[order]
    ends = np.append(score[1:] != score[:-1], np.ones(min(len(score), 1), bool)).astype(bool)
    right, wrong = np.cumsum(hit)[ends], np.cumsum(~hit)[ends]
    return right / max(compared.truths.sum(), 1), wrong / max(len(compared.truths), 1), right / (right + wrong)


def _froc(compared: Compared, split: str, context: Context) -> Figure | None:
    series = []
    for name, one in _lines(compared, context):
        found, false, _ = _steps(one)
        at = np.linspace(0.0, _FALSE, 65)
        if len(found):
            reached = np.concatenate([[0.0], found])[(false[:, None] <= at[None, :]).sum(0)]
            series.append(charts.Series(name=name, x=at.tolist(), y=reached.tolist()))
    return _figure("froc", series, split, context)


def _precision(compared: Compared, split: str, context: Context) -> Figure | None:
    series = []
    for name, one in _lines(compared, context):
        found, _, precision = _steps(one)
        if len(found):
            at = np.linspace(0.0, float(found[-1]), 65)
            best = np.maximum.accumulate(precision[::-1])[::-1]
            read = best[np.searchsorted(found, at, side="left").clip(max=len(best) - 1)]
            series.append(charts.Series(name=name, x=at.tolist(), y=read.tolist()))
    return _figure("precision", series, split, context)


def _figure(kind: str, series: list[charts.Series], split: str, context: Context) -> Figure | None:
    if not series:
        return None
    words = context.words
    labels = charts.Labels(
        title=words(f"marks.{kind}_title", split=context.split_in(split)),
        description="; ".join(one.name for one in series),
        x=words(f"marks.{kind}_x"),
        y=words(f"marks.{kind}_y"),
    )
    picked = range(0, 65, 8)
    rows = [[number(series[0].x[i]), *(number(one.y[i]) for one in series)] for i in picked]
    return Figure(
        title=labels.title,
        caption=words(f"marks.{kind}_caption"),
        picture=charts.line_chart(series, labels),
        legend=[one.name for one in series],
        table=Table(head=[labels.x, *(one.name for one in series)], rows=rows),
    )
