"""What membership inference finds: whether the model's answers give away who it was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, Predictions
from primum.privacy.membership.alike import unalike
from primum.privacy.membership.attacks import LOSS, RATIO, SOURCES, scores_of
from primum.privacy.membership.exposure import FEWEST, exposure_findings
from primum.privacy.membership.figures import DELTA, Measured, advantage, area, caught, epsilon_bound, roc
from primum.privacy.membership.knowledge import knowledge
from primum.privacy.membership.patients import MEMBERS, OTHERS, Patients, members_and_others
from primum.privacy.membership.shadows import shadow_heads

ENOUGH = 50
"""Patients on either side for a verdict: with fewer, one audit in twenty of a model that leaks nothing has 0.6."""
RATES: Mapping[str, float] = {"membership_tpr_at_1_percent": 0.01, "membership_tpr_at_0_1_percent": 0.001}
_METHODS = {
    "membership_auc": "area by ranks over patients; DeLong's variance on the logit scale (DeLong et al. 1988)",
    "membership_advantage": "share of members caught less that of false alarms, thresholds chosen on the other half of "
    "patients; Newcombe's interval (1998)",
    "membership_epsilon": "one half of patients chooses the threshold, the other measures; Clopper-Pearson bounds, "
    "95 % together; one training, patients taken as independent trials",
}
_CAUGHT = "share of members above the lowest threshold with at most {rate:g} of false alarms; Clopper-Pearson interval"


def membership_findings(
    predictions: Predictions,
    *,
    uncalibrated: Predictions | None = None,
    features: FloatArray | None = None,
    seed: int = 7,
) -> list[Finding]:
    """Return how well attacks tell the patients of train from those of test by the answers; none without both.

    Patients are the units: a patient's records are averaged. Of fewer than five patients on a side nothing is said;
    below fifty, or where the two differ as populations, figures are given but `enough` is False.

    Args:
        predictions: in use, with the rows of train and test; other splits are ignored.
        uncalibrated: the same rows before calibration, where that differs; they have the loss attack's area only.
        features: of every record of `predictions`, shape (n, d), made without the study's training; they allow the
            attacks that know how hard a record is. None leaves the loss attack alone.
        seed: of the shadow heads and of the halves that choose thresholds.
    """
    table = members_and_others(predictions)
    patients = Patients.of(table)
    if min(int(patients.member.sum()), int((~patients.member).sum())) < FEWEST:
        return []
    shadows = None
    if features is not None:
        rows = np.isin(predictions.split.astype(str), (MEMBERS, OTHERS))
        shadows = shadow_heads(features[rows], table, patients.units, seed=seed)
    differs = unalike(table, patients, difficulty=None if shadows is None else shadows.mean)
    scores = scores_of(knowledge(table), shadows)
    looked_at = {LOSS, RATIO} & set(scores)
    findings: list[Finding] = []
    for attack, score in scores.items():
        told = _told(attack, "in_use", differs)
        findings += _of_attack(patients.sides(score), told, seed=seed)
        if attack in looked_at:
            findings += exposure_findings(
                table, patients, score, detail=told, alike=not differs, attacks=len(looked_at)
            )
    if uncalibrated is not None:
        sides = patients.sides(knowledge(members_and_others(uncalibrated)))
        findings.append(_area(sides, _told(LOSS, "uncalibrated", differs)))
    return findings


def _told(attack: str, answers: str, differs: tuple[str, ...]) -> dict[str, object]:
    return {"attack": attack, "answers": answers, **({"unalike": list(differs)} if differs else {})}


def _of_attack(sides: tuple[FloatArray, FloatArray], told: Mapping[str, object], *, seed: int) -> Iterator[Finding]:
    """Yield every figure about all patients."""
    yield _area(sides, told)
    for metric, rate in RATES.items():
        few = rate * len(sides[1]) < 1
        figure = caught(*sides, false_alarms=rate)
        yield _finding(metric, figure, sides, told, method=_CAUGHT.format(rate=rate), enough=not few)
    yield _finding("membership_advantage", advantage(*sides, seed=seed), sides, told)
    bound = epsilon_bound(*sides, seed=seed)
    yield _finding("membership_epsilon", Measured(value=bound, low=bound, high=None), sides, {**told, "delta": DELTA})


def _area(sides: tuple[FloatArray, FloatArray], told: Mapping[str, object]) -> Finding:
    steps = [[round(x, 5), round(y, 5)] for x, y in roc(*sides)]
    return _finding("membership_auc", area(*sides), sides, {**told, "roc": steps})


def _finding(
    metric: str,
    figure: Measured,
    sides: tuple[FloatArray, FloatArray],
    told: Mapping[str, object],
    *,
    method: str = "",
    enough: bool = True,
) -> Finding:
    members, others = len(sides[0]), len(sides[1])
    return Finding(
        pillar="privacy",
        metric=metric,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        level=LEVEL,
        n=members,
        versus={"split": OTHERS},
        split=MEMBERS,
        enough=enough and min(members, others) >= ENOUGH and "unalike" not in told,
        method=method or _METHODS[metric],
        reference=f"{SOURCES[str(told['attack'])]}; {METRICS.get(metric).reference}",
        detail={**told, "versus_n": others},
    )
