"""The calibration methods by name: each a way to fit a few numbers on records and to map probabilities by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.registry import Registry
from primum.safety.calibration.beta import apply_beta, fit_beta
from primum.safety.calibration.isotonic import apply_isotonic, fit_isotonic
from primum.safety.calibration.scores import (
    BoolArray,
    Kind,
    as_columns,
    from_columns,
    log_odds,
    log_shares,
    sigmoid,
    softmax,
)
from primum.safety.calibration.temperature import inverse_temperature
from primum.safety.calibration.vector import fit_line, fit_vector

Numbers = Mapping[str, Any]
"""What a method fitted, as plain JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way of calibrating."""

    name: str
    fit: Callable[[FloatArray, BoolArray, Kind], Numbers]
    """From probabilities (n, k) and truth (n, k) to the fitted numbers."""
    apply: Callable[[Numbers, FloatArray, Kind], FloatArray]
    """From fitted numbers and probabilities (n, k) to calibrated ones."""
    least: int
    """Patients with and without each class that every number of it rests on; fewer, and it is not tried."""
    keeps_order: bool = False
    """Whether the most probable class, or the side of one half, stays what it was."""


METHODS: Registry[Method] = Registry("calibration method")
"""Every method by name, the simplest first."""


def _fit_temperature(probabilities: FloatArray, truth: BoolArray, kind: Kind) -> Numbers:
    columns = as_columns(probabilities, kind)
    if kind == "classes" and columns.shape[1] > 1:
        return {"slopes": [inverse_temperature(log_shares(probabilities), truth.argmax(1))]}
    of = as_columns(truth, kind)
    odds = log_odds(columns)
    pairs = (np.column_stack([np.zeros(len(odds)), odds[:, c]]) for c in range(odds.shape[1]))
    return {"slopes": [inverse_temperature(pair, of[:, c].astype(np.int64)) for c, pair in enumerate(pairs)]}


def _apply_temperature(numbers: Numbers, probabilities: FloatArray, kind: Kind) -> FloatArray:
    slopes = np.array(numbers["slopes"])
    if kind == "classes" and probabilities.shape[1] > 2:
        return softmax(slopes * log_shares(probabilities))
    return from_columns(sigmoid(slopes * log_odds(as_columns(probabilities, kind))), kind)


def _fit_vector(probabilities: FloatArray, truth: BoolArray, kind: Kind) -> Numbers:
    columns = as_columns(probabilities, kind)
    if kind == "classes" and columns.shape[1] > 1:
        slopes, intercepts = fit_vector(log_shares(probabilities), truth)
        return {"slopes": slopes.tolist(), "intercepts": intercepts.tolist()}
    odds, of = log_odds(columns), as_columns(truth, kind)
    lines = [fit_line(odds[:, [c]], of[:, c]) for c in range(odds.shape[1])]
    return {"slopes": [float(line[0]) for line in lines], "intercepts": [float(line[1]) for line in lines]}


def _apply_vector(numbers: Numbers, probabilities: FloatArray, kind: Kind) -> FloatArray:
    slopes, intercepts = np.array(numbers["slopes"]), np.array(numbers["intercepts"])
    if kind == "classes" and probabilities.shape[1] > 2:
        return softmax(slopes * log_shares(probabilities) + intercepts)
    return from_columns(sigmoid(slopes * log_odds(as_columns(probabilities, kind)) + intercepts), kind)


def _by_column(
    fit: Callable[[FloatArray, BoolArray], Numbers],
) -> Callable[[FloatArray, BoolArray, Kind], Numbers]:
    def fitted(probabilities: FloatArray, truth: BoolArray, kind: Kind) -> Numbers:
        columns, of = as_columns(probabilities, kind), as_columns(truth, kind)
        return {"columns": [dict(fit(columns[:, c], of[:, c])) for c in range(columns.shape[1])]}

    return fitted


def _on_columns(
    apply: Callable[[Numbers, FloatArray], FloatArray],
) -> Callable[[Numbers, FloatArray, Kind], FloatArray]:
    def applied(numbers: Numbers, probabilities: FloatArray, kind: Kind) -> FloatArray:
        columns = as_columns(probabilities, kind)
        mapped = [apply(one, columns[:, c]) for c, one in enumerate(numbers["columns"])]
        return from_columns(np.column_stack(mapped), kind)

    return applied


def _register() -> None:
    methods = (
        Method(name="none", fit=lambda p, t, k: {}, apply=lambda m, p, k: p, least=0, keeps_order=True),
        Method(name="temperature", fit=_fit_temperature, apply=_apply_temperature, least=0, keeps_order=True),
        Method(name="vector", fit=_fit_vector, apply=_apply_vector, least=10),
        Method(name="beta", fit=_by_column(fit_beta), apply=_on_columns(apply_beta), least=15),
        Method(name="isotonic", fit=_by_column(fit_isotonic), apply=_on_columns(apply_isotonic), least=50),
    )
    for method in methods:
        METHODS.register(method.name)(method)


_register()
