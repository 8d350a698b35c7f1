"""How training went: loss by step, the best step, and the proof that the model trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from primum.study.report.charts import Labels, Series, line_chart
from primum.study.report.context import Context
from primum.study.report.wording import number, whole

CHECKS = ("trainable_parameters", "moved", "frozen_unchanged", "reload_max_difference")


def learning_section(context: Context) -> Mapping[str, object] | None:
    """Return the learning curves and the training's checks; None without a history."""
    history, words = context.run.history, context.words
    train, validation = _rows(history.get("train")), _rows(history.get("validation"))
    if not train and not validation:
        return None
    best = history.get("best_step")
    mark = (float(best), words("learning.best")) if isinstance(best, int | float) else None
    charts = [_losses(train, validation, mark, context), *_scores(validation, mark, context)]
    return {
        "charts": [chart for chart in charts if chart is not None],
        "summary": _summary(history, context),
        "checks": _checks(history.get("checks"), context),
        "rows": [(number_of(r.get("step")), number_of(r.get("epoch")), number_of(r.get("loss"))) for r in validation],
    }


def number_of(value: object) -> str:
    """Return a number of a JSON file as the report writes it, or – for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–"
    return whole(value) if isinstance(value, int) else number(value)


def _rows(value: object) -> list[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, Mapping) and isinstance(row.get("step"), int | float)]


def _series(name: str, rows: Sequence[Mapping[str, Any]], key: str) -> Series | None:
    points = [(float(r["step"]), float(r[key])) for r in rows if isinstance(r.get(key), int | float)]
    return Series(name=name, x=[p[0] for p in points], y=[p[1] for p in points]) if points else None


def _losses(
    train: Sequence[Mapping[str, Any]],
    validation: Sequence[Mapping[str, Any]],
    mark: tuple[float, str] | None,
    context: Context,
) -> tuple[str, Markup, list[str]] | None:
    words = context.words
    both = [_series(words("learning.train"), train, "loss"), _series(words("learning.validation"), validation, "loss")]
    series = [one for one in both if one is not None]
    if not series:
        return None
    labels = Labels(
        title=words("learning.loss_title"),
        description=words("learning.loss_description", last=number(series[-1].y[-1]), first=number(series[-1].y[0])),
        x=words("learning.step"),
        y=words("learning.loss"),
    )
    return labels.title, line_chart(series, labels, mark=mark), [one.name for one in series]


def _scores(
    validation: Sequence[Mapping[str, Any]], mark: tuple[float, str] | None, context: Context
) -> list[tuple[str, Markup, list[str]]]:
    """Return one chart for each validation figure besides the loss, two at most."""
    skip = {"step", "epoch", "loss", "seconds", "log_loss"}
    names = [key for key in (validation[0] if validation else {}) if key not in skip]
    charts = []
    for name in names[:2]:
        series = _series(context.title(name), validation, name)
        if series is not None:
            labels = Labels(
                title=context.words("learning.score_title", metric=series.name),
                description=context.words("learning.score_description", metric=series.name, last=number(series.y[-1])),
                x=context.words("learning.step"),
                y=series.name,
            )
            charts.append((labels.title, line_chart([series], labels, mark=mark), [series.name]))
    return charts


def _summary(history: Mapping[str, Any], context: Context) -> list[str]:
    words = context.words
    sentences = []
    if isinstance(history.get("seconds"), int | float):
        sentences.append(words("learning.seconds", seconds=f"{history['seconds']:.0f}"))
    if isinstance(history.get("best_step"), int | float):
        sentences.append(words("learning.best_sentence", step=number_of(history["best_step"])))
    if isinstance(history.get("stopped_early"), bool):
        sentences.append(words("learning.stopped" if history["stopped_early"] else "learning.not_stopped"))
    sentences += _engine(history.get("engine"), context)
    shards = history.get("shards")
    if isinstance(shards, Mapping):
        sentences.append(words("learning.shards", **{key: shards[key] for key in ("shards", "trained", "kept")}))
    promise = history.get("privacy")
    if isinstance(promise, Mapping):
        sentences.append(
            words(
                "learning.private",
                epsilon=f"{promise['epsilon']:.2f}",
                delta=f"{promise['delta']:.2g}",
                n=whole(promise["patients"]),
                steps=whole(promise["steps_taken"]),
            )
        )
    return sentences


def _engine(engine: object, context: Context) -> list[str]:
    """Return how the tuned model answers, where the run had to decide it."""
    if not isinstance(engine, Mapping):
        return []
    found = engine.get("agreement")
    if engine.get("used") != "int8" or not isinstance(found, Mapping):
        return [context.words("learning.engine.torch")]
    mean, largest = (f"{found[key]:.4f}" for key in ("mean_difference", "max_difference"))
    return [context.words("learning.engine.int8", n=found["n"], mean=mean, largest=largest)]


def _checks(checks: object, context: Context) -> list[tuple[str, str]]:
    if not isinstance(checks, Mapping):
        return []
    rows = []
    for key, value in checks.items():
        label = context.words.known(f"learning.check.{key}", otherwise=str(key).replace("_", " "))
        if isinstance(value, bool):
            rows.append((label, context.words("yes" if value else "no")))
        elif isinstance(value, int | float):
            rows.append((label, f"{value:.1e}" if 0 < abs(value) < 0.001 else number_of(value)))
    return rows
