"""What several places tell together: the figure across external sets or hospitals, and what a new one can expect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from primum.evidence import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS, Metric, register_metric
from primum.evidence.pooling import LEAST_PLACES, pooled
from primum.evidence.predictions import FloatArray
from primum.evidence.split_names import EXTERNAL, is_external
from primum.later import special, stats

POOLED: Mapping[str, str] = {
    "auroc": "logit",
    "balanced_accuracy": "logit",
    "macro_f1": "logit",
    "calibration_slope": "plain",
    "calibration_intercept": "plain",
    "mae": "log",
}
"""Metric -> scale on which places are taken to be normal around their mean (Debray et al. 2017; Snell et al. 2018)."""
LEAST_RECORDS = 30
"""Records of a place from which on its interval is taken for normal on that scale."""
ENOUGH_PLACES = 5
"""Places from which on the prediction interval says more than that places are few."""
_SNELL = "Snell et al. 2018, Stat. Methods Med. Res. 27(11); Debray et al. 2017, BMJ 356:i6460"
_ACROSS = (
    "random effects over {k} places ({scale} scale; REML); Hartung and Knapp's interval; places with under 30 records, "
    "without an interval or at the scale's end left out: {left}"
)
_NEXT = (
    "prediction interval of random effects over {k} places ({scale} scale; the variance between places drawn from its "
    "Q profile, 2,000 draws); places with under 30 records, without an interval or at the scale's end left out: {left}"
)


@dataclass(frozen=True, slots=True)
class _Scale:
    name: str
    there: Callable[[FloatArray], FloatArray]
    back: Callable[[float], float]
    low: float
    """The figure must lie above."""
    high: float


_SCALES: Mapping[str, _Scale] = {
    "logit": _Scale("logit", lambda x: special.logit(x), lambda x: float(special.expit(x)), 0.0, 1.0),
    "log": _Scale("log", np.log, lambda x: float(np.exp(x)), 0.0, float("inf")),
    "plain": _Scale("plain", lambda x: x, float, float("-inf"), float("inf")),
}


def across_name(metric: str) -> str:
    """Return the name of a metric's mean over places, e.g. "auroc_across"."""
    return f"{metric}_across"


def next_name(metric: str) -> str:
    """Return the name of what a new place can expect, e.g. "auroc_new_place"."""
    return f"{metric}_new_place"


def place_findings(measured: Sequence[Finding]) -> list[Finding]:
    """Return each metric's mean over places and the interval for a new one, where there are three places or more.

    Over the external places: every external set, or its hospitals where it has several; and over the hospitals of test,
    which the model has seen.

    Args:
        measured: the findings by set and by hospital.
    """
    findings: list[Finding] = []
    plain = [f for f in measured if f.metric in POOLED and not f.versus and f.class_ is None and f.split is not None]
    for metric, scale in POOLED.items():
        of_metric = [f for f in plain if f.metric == metric]
        for split in ("test", EXTERNAL):
            findings += _over(_places(of_metric, split), metric, _SCALES[scale], split)
    return findings


def _places(findings: Sequence[Finding], split: str) -> list[Finding]:
    """Return one finding a place: of the hospitals of test, or of the external sets and their hospitals."""
    mine = [f for f in findings if (is_external(f.split) if split == EXTERNAL else f.split == split)]
    sites = [f for f in mine if set(f.slice) == {"site"}]
    divided = {f.split for f in sites}
    whole = [f for f in mine if not f.slice and f.split not in divided] if split == EXTERNAL else []
    return [*sites, *whole]


def _over(places: Sequence[Finding], metric: str, scale: _Scale, split: str) -> list[Finding]:
    used = [f for f in places if f.n >= LEAST_RECORDS and _inside(f, scale)]
    if len(used) < LEAST_PLACES:
        return []
    ends = scale.there(np.array([[f.value, f.low, f.high] for f in used], dtype=np.float64))
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    together = pooled(ends[:, 0], ((ends[:, 2] - ends[:, 1]) / (2 * z)) ** 2)
    left = len(places) - len(used)
    found = []
    for name, low, high, method, least in (
        (across_name(metric), together.low, together.high, _ACROSS, LEAST_PLACES),
        (next_name(metric), together.next_low, together.next_high, _NEXT, ENOUGH_PLACES),
    ):
        found.append(
            Finding(
                pillar="safety",
                metric=name,
                value=scale.back(together.mean),
                low=scale.back(low),
                high=scale.back(high),
                n=sum(f.n for f in used),
                split=split,
                enough=len(used) >= least,
                method=method.format(k=len(used), scale=scale.name, left=left),
                reference=METRICS.get(name).reference,
                detail={"places": len(used), "left_out": left, "tau": together.tau, "i2": together.i2},
            )
        )
    return found


def _inside(finding: Finding, scale: _Scale) -> bool:
    ends = (finding.low, finding.value, finding.high)
    if any(end is None for end in ends) or finding.low == finding.high:
        return False
    return all(end is not None and scale.low < end < scale.high for end in ends)


def _register() -> None:
    for of in POOLED:
        metric = METRICS.get(of)
        en, zh = metric.title["en"], metric.title["zh"]
        for name, title, definition in (
            (
                across_name(of),
                {"en": f"{en}: mean over places", "zh": f"{zh}：各地平均"},
                {
                    "en": f"{en}: the mean of the places', by how surely each is known and how far they differ.",
                    "zh": f"各地{zh}的平均值，按其确定程度及各地差异加权。",
                },
            ),
            (
                next_name(of),
                {"en": f"{en}: what a new place can expect", "zh": f"{zh}：新地点的预期"},
                {
                    "en": f"{en}: the mean of the places', with the interval in which a further place like them lies.",
                    "zh": f"各地{zh}的平均值，其区间为另一类似地点的取值范围。",
                },
            ),
        ):
            register_metric(
                Metric(
                    name=name,
                    title=title,
                    definition=definition,
                    unit=metric.unit,
                    direction=metric.direction,
                    reference=_SNELL,
                )
            )


_register()
