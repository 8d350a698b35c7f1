"""What the records give away by themselves: how many patients their quasi-identifiers single out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from primum.cohort import Cohort
from primum.cohort.table1 import SMALL
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import TextArray
from primum.evidence.slices import SITE
from primum.privacy.reidentification.classes import LookAlikes, look_alikes, outcomes_in_classes
from primum.privacy.reidentification.population import journalist_risk, population_uniqueness

_SHARE = "share of patients of the cohort; exact; one to four patients are counted as four, so that none is pointed at"
_BANDS = ((1, 1), (2, 4), (5, 10), (11, None))


def quasi_identifiers(cohort: Cohort) -> dict[str, TextArray]:
    """Return what an outsider may know of a patient: what the study states, else sensitive attributes and site."""
    if cohort.quasi_identifiers:
        return dict(cohort.quasi_identifiers)
    columns = dict(cohort.sensitive)
    if cohort.site is not None and cohort.roles.site not in columns:
        columns[SITE] = cohort.site
    return columns


def reidentification_findings(cohort: Cohort, *, population: int | None = None) -> list[Finding]:
    """Return k-anonymity, uniqueness, risk and l-diversity over the whole cohort; none without quasi-identifiers.

    Args:
        cohort: the records; patients are the units.
        population: people in the population that the cohort was drawn from; left out: nothing is said of it. Fewer than
            there are patients count as all of them.
    """
    quasi = quasi_identifiers(cohort)
    if not quasi or len(cohort) < SMALL:
        return []
    alike = look_alikes(quasi, cohort.patients)
    n = len(alike.size)
    detail: dict[str, Any] = {"quasi_identifiers": sorted(quasi), "classes": len(alike.class_sizes)}
    findings = [
        _exact("k_anonymity", float(alike.size.min()), n, detail, method="patients of the smallest class; exact")
    ]
    findings.append(_share("small_class_share", int((alike.size < SMALL).sum()), n, {**detail, "bands": _bands(alike)}))
    findings.append(_share("sample_uniqueness", int((alike.size == 1).sum()), n, detail))
    risk = float((1.0 / alike.size).mean())
    method = "mean over patients of one divided by the patients who look alike; exact"
    findings.append(_exact("prosecutor_risk", risk, n, detail, method=method))
    if population is not None:
        findings += _of_population(alike, max(population, n), detail)
    if cohort.target.kind != "number":
        findings += _of_outcomes(alike, cohort, detail)
    return findings


def _bands(alike: LookAlikes) -> list[list[Any]]:
    """Return [smallest, largest or null, share of patients or null where one to four] by how many look alike."""
    rows: list[list[Any]] = []
    for low, high in _BANDS:
        count = int(((alike.size >= low) & (alike.size <= (high or np.inf))).sum())
        rows.append([low, high, None if 0 < count < SMALL else count / len(alike.size)])
    return rows


def _of_population(alike: LookAlikes, population: int, detail: dict[str, Any]) -> Iterator[Finding]:
    n, told = len(alike.size), {**detail, "population": population}
    risk = float(journalist_risk(alike.size, population).mean())
    method = "mean over patients; the size of their class in the population is negative binomial given the sample"
    yield _exact("journalist_risk", risk, n, told, method=method)
    unique = population_uniqueness(alike.class_sizes, population)
    known = unique.low is not None
    yield Finding(
        pillar="privacy",
        metric="population_uniqueness",
        value=unique.value,
        low=unique.low,
        high=unique.high,
        level=LEVEL if known else None,
        n=n,
        enough=known,
        method="Pitman's model fitted by maximum likelihood; delta method on the logit scale",
        reference=METRICS.get("population_uniqueness").reference,
        detail=told,
    )


def _of_outcomes(alike: LookAlikes, cohort: Cohort, detail: dict[str, Any]) -> Iterator[Finding]:
    sizes, kinds = outcomes_in_classes(alike, cohort.target.values.astype(np.int64))
    several, n = sizes > 1, len(alike.size)
    if not several.any():
        return
    method = "over classes of two or more patients; exact"
    yield _exact("l_diversity", float(kinds[several].min()), n, detail, method=method)
    yield _share("outcome_disclosed_share", int(sizes[several & (kinds == 1)].sum()), n, detail)


def _share(metric: str, count: int, n: int, detail: dict[str, Any]) -> Finding:
    shown = SMALL - 1 if 0 < count < SMALL else count
    return _exact(metric, shown / n, n, detail, method=_SHARE)


def _exact(metric: str, value: float, n: int, detail: dict[str, Any], *, method: str) -> Finding:
    return Finding(
        pillar="privacy",
        metric=metric,
        value=value,
        level=None,
        n=n,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
