"""Choosing a calibration method: by cross-fitted log loss, the simplest that is as good as the best.

A method is fitted on nine tenths of the calibration split and judged on the tenth, ten times. Of the methods whose loss
lies within one standard error of the best one's, the simplest is taken (Breiman et al. 1984, Classification and
Regression Trees, section 3.4.3; errors of the paired difference over patients). Nothing is changed unless that method
beats leaving the probabilities alone by more than noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from primum.cohort.table1 import SMALL
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.resampling import units_of
from primum.safety.calibration.calibrator import Calibrator, Map
from primum.safety.calibration.methods import METHODS
from primum.safety.calibration.scores import BoolArray, Kind, losses, truth_of
from primum.safety.folds import folds_of

FEWEST = 50
"""Patients of the calibration split below which nothing is fitted: the noise of the loss would hide any gain."""
FEWEST_OF_SITE = 100
"""Patients of a site in the calibration split for a map of its own."""
_NOISE = NormalDist().inv_cdf(0.95)
"""Standard errors by which a method must beat leaving the probabilities alone: one-sided, at 5 %."""


def choose_calibrator(
    predictions: Predictions, *, method: str = "auto", by_site: bool = False, keep_order: bool = False
) -> Calibrator:
    """Return the calibrator for a model, fitted on the split calibration.

    Args:
        predictions: with probabilities; only the split calibration is looked at.
        method: of METHODS, or auto.
        by_site: whether sites with patients enough get a map of their own where it is better beyond noise.
        keep_order: only methods that leave every decision as it is; for models trained to favour rare classes.
    """
    table = predictions.of_split("calibration")
    kind: Kind = "labels" if table.target_type == "labels" else "classes"
    n = units_of(table)[1] if len(table) else 0
    if method == "none" or table.probabilities is None or n < FEWEST:
        why = "asked" if method == "none" else "few"
        return Calibrator(kind=kind, classes=table.classes, common=Map(method="none"), n=n, why=why)
    tried = _tried(table, kind, method, keep_order=keep_order)
    found = cross_fitted_losses(table, kind, tried)
    chosen = method if method != "auto" else chosen_of(found)
    why = "asked" if method != "auto" else "noise" if chosen == "none" else "better"
    common = _fitted(chosen, table, kind)
    sites, few = _of_sites(table, kind, common, tried) if by_site else ({}, {})
    return Calibrator(
        kind=kind,
        classes=table.classes,
        common=common,
        sites=sites,
        too_few=few,
        n=n,
        losses={name: float(values.mean()) for name, values in found.items()},
        why=why,
    )


def chosen_of(found: Mapping[str, FloatArray]) -> str:
    """Return the simplest method within one standard error of the best; none unless that beats it beyond noise.

    Args:
        found: method -> loss of each patient, the simplest method first.
    """
    best = min(found, key=lambda name: float(found[name].mean()))
    for name in found:
        difference = found[name] - found[best]
        if name == best or difference.mean() <= _error(difference):
            break
    gain = found["none"] - found[name]
    return name if name == "none" or gain.mean() > _NOISE * _error(gain) else "none"


def _error(difference: FloatArray) -> float:
    return float(difference.std(ddof=1) / np.sqrt(len(difference)))


def cross_fitted_losses(table: Predictions, kind: Kind, methods: Sequence[str]) -> dict[str, FloatArray]:
    """Return each method's log loss of every patient, fitted without him, shape (patients,)."""
    p, truth = _parts(table, kind)
    of_records = {name: np.empty(len(table)) for name in methods}
    for rest, held in folds_of(table):
        for name, values in of_records.items():
            fitted = METHODS.get(name).fit(p[rest], truth[rest], kind)
            values[held] = losses(METHODS.get(name).apply(fitted, p[held], kind), truth[held], kind)
    units, _ = units_of(table)
    counts = np.bincount(units)
    return {name: np.bincount(units, values) / counts for name, values in of_records.items()}


def _tried(table: Predictions, kind: Kind, method: str, *, keep_order: bool) -> list[str]:
    """Return none and what is asked for, or every method that the rarest class has patients enough for."""
    if method != "auto":
        return list(dict.fromkeys(["none", METHODS.get(method).name]))
    _, truth = _parts(table, kind)
    rarest = int(min(truth.sum(0).min(), (~truth).sum(0).min()))
    known = (METHODS.get(name) for name in METHODS)
    return [one.name for one in known if one.least <= rarest and (one.keeps_order or not keep_order)]


def _of_sites(
    table: Predictions, kind: Kind, common: Map, tried: Sequence[str]
) -> tuple[dict[str, Map], dict[str, int | None]]:
    """Return the maps of sites for which a map of their own beats the common one beyond noise, and sites too small."""
    own: dict[str, Map] = {}
    few: dict[str, int | None] = {}
    for site in sorted(set(table.site.tolist())) if table.site is not None else ():
        part = table.take(np.asarray(table.site == site, dtype=bool))
        n = units_of(part)[1]
        if n < FEWEST_OF_SITE:
            few[site] = n if n >= SMALL else None
            continue
        found = cross_fitted_losses(part, kind, [name for name in tried if _fits(part, kind, name)])
        p, truth = _parts(part, kind)
        units, _ = units_of(part)
        shared = np.bincount(units, losses(common.apply(p, kind), truth, kind)) / np.bincount(units)
        best = chosen_of(found)
        gain = shared - found[best]
        if gain.mean() > _NOISE * _error(gain):
            own[site] = _fitted(best, part, kind)
    return own, few


def _fits(part: Predictions, kind: Kind, name: str) -> bool:
    _, truth = _parts(part, kind)
    return METHODS.get(name).least <= int(min(truth.sum(0).min(), (~truth).sum(0).min()))


def _fitted(name: str, table: Predictions, kind: Kind) -> Map:
    return Map(method=name, numbers=METHODS.get(name).fit(*_parts(table, kind), kind))


def _parts(table: Predictions, kind: Kind) -> tuple[FloatArray, BoolArray]:
    if table.probabilities is None:
        raise ValueError("predictions without probabilities cannot be calibrated")
    return table.probabilities, truth_of(table.target.astype(np.int64), kind, len(table.classes))
