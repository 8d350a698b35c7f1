"""What was done about the probabilities, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from primum.evidence.finding import Finding
from primum.study.report.context import Context
from primum.study.report.sections.gains import Statement, outcome_of
from primum.study.report.wording import number, percent, whole


def statements(context: Context) -> Sequence[Statement]:
    """Return one sentence each about calibration, conformal sets, abstention and the ensemble; those there are."""
    found = (_calibration(context), _conformal(context), _abstention(context), _ensemble(context))
    return [one for one in found if one is not None]


def _calibration(context: Context) -> Statement | None:
    saved, words = context.run.calibration, context.words
    if not saved:
        return None
    method = str(saved["common"]["method"])
    key = f"trust.calibration.{saved['why']}" if method == "none" else "trust.calibration.changed"
    text = words(key, method=words.known(f"trust.method.{method}", otherwise=method), n=whole(saved["n"]))
    if saved.get("sites"):
        text += " " + words("trust.calibration.sites", listing=words.listing(sorted(saved["sites"])))
    gain = _versus_uncalibrated("log_loss_gain", context)
    ece = _versus_uncalibrated("ece_gain", context)
    if gain is None:
        return Statement(outcome="same", text=text, figures="")
    figures = [
        words(
            "gain.figures",
            metric=context.title(f.metric.removesuffix("_gain")),
            value=number(f.value, signed=True),
            interval=context.span(f, signed=True),
            n=whole(f.n),
        )
        for f in (gain, ece)
        if f is not None
    ]
    return Statement(outcome=outcome_of(gain), text=text, figures=" · ".join(figures))


def _versus_uncalibrated(metric: str, context: Context) -> Finding | None:
    found = context.measured(metric, "test")
    return next((f for f in found if f.versus.get("baseline") == "uncalibrated" and not f.slice), None)


def _conformal(context: Context) -> Statement | None:
    saved, words = context.run.conformal, context.words
    coverage = next((f for f in context.measured("conformal_coverage", "test") if not f.slice and not f.class_), None)
    if not saved or coverage is None:
        return None
    number_of = str(saved["target_type"]) == "number"
    size = context.overall("conformal_width" if number_of else "conformal_set_size", "test")
    text = words(
        "trust.conformal.interval" if number_of else "trust.conformal.set",
        target=f"{100 * float(saved['coverage']):g}",
        coverage=percent(coverage.value),
        size=number(size.value if size is not None else None),
    )
    pooled = [f"{name} = {level}" if name != "class" else level
              for name, levels in saved["threshold"]["pooled"].items() for level in levels]  # fmt: skip
    if pooled:
        more = len(pooled) - 8
        listed = words.listing(pooled[:8])
        text += " " + words("trust.conformal.pooled", listing=listed)
        text += " " + words("trust.more", n=more) if more > 0 else ""
    low = coverage.high is not None and coverage.high < float(saved["coverage"])
    return Statement(
        outcome="worse" if low else "better",
        text=text,
        figures=f"{context.title('conformal_coverage')}: {context.span(coverage)} · n = {whole(coverage.n)}",
    )


def _abstention(context: Context) -> Statement | None:
    saved, words = context.run.abstention, context.words
    if not saved:
        return None
    asked = {"risk": percent(float(saved["risk"])), "confidence": f"{100 * float(saved['confidence']):g}"}
    if saved["threshold"] is None:
        text = words("trust.abstention.unattainable", n=whole(saved["n"]), **asked)
        if saved["lowest"] is not None:
            text += " " + words("trust.abstention.lowest", lowest=percent(float(saved["lowest"])))
        return Statement(outcome="worse", text=text, figures="")
    share, error = context.overall("answered_share", "test"), context.overall("answered_error", "test")
    text = words(
        "trust.abstention.kept",
        threshold=f"{float(saved['threshold']):.3f}",
        answered=percent(share.value if share is not None else None),
        error=percent(error.value if error is not None else None),
        errors=whole(saved["errors"]),
        given=whole(saved["answered"]),
        **asked,
    )
    kept = error is None or error.value is None or error.value <= float(saved["risk"])
    figures = (
        "" if error is None else f"{context.title('answered_error')}: {context.span(error)} · n = {whole(error.n)}"
    )
    return Statement(outcome="better" if kept else "unknown", text=text, figures=figures)


def _ensemble(context: Context) -> Statement | None:
    words = context.words
    rate = context.overall("disagreement_rate", "test") or context.overall("disagreement_spread", "test")
    if rate is None:
        return None
    of_number = rate.metric == "disagreement_spread"
    made = words(f"trust.ensemble.{rate.detail['how']}", members=whole(int(rate.detail["members"])))
    share = number(rate.value) if of_number else percent(rate.value)
    text = words("trust.ensemble.spread" if of_number else "trust.ensemble.rate", made=made, share=share)
    ranked, beyond = (
        context.overall("disagreement_auroc", "test"),
        context.overall("disagreement_beyond_confidence", "test"),
    )
    told = [f for f in (rate, ranked, beyond) if f is not None]
    outcome = "same"
    if ranked is not None and beyond is not None and ranked.enough:
        helps = beyond.low is not None and beyond.low > 0
        tells = ranked.low is not None and ranked.low > 0.5
        text += " " + words(
            "trust.ensemble.beyond" if helps else "trust.ensemble.tells" if tells else "trust.ensemble.blind"
        )
        outcome = "better" if helps or tells else "worse"
    figures = " · ".join(f"{context.title(f.metric)}: {context.span(f, signed=f is beyond)}" for f in told)
    return Statement(outcome=outcome, text=text, figures=f"{figures} · n = {whole(rate.n)}")
