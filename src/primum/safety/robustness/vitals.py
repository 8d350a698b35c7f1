"""Vitals that are missing or measured a little otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from primum.cohort.records import VitalColumn

NOISE = 0.05
"""Standard deviation of the noise in that of the vital: about what two readings of the same patient differ by."""


def with_noise(vitals: Mapping[str, VitalColumn], generator: np.random.Generator) -> dict[str, VitalColumn]:
    """Return the vitals with noise on every number, rounded as the values are and kept inside the observed range."""
    changed = dict(vitals)
    for name, vital in vitals.items():
        if vital.kind != "number":
            continue
        values = np.asarray(vital.values, dtype=np.float64)
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        noisy = values + generator.normal(0.0, NOISE * float(known.std()), len(values))
        noisy = np.clip(noisy, known.min(), known.max())
        whole = bool(np.all(known == np.round(known)))
        changed[name] = replace(vital, values=np.round(noisy) if whole else noisy)
    return changed


def one_missing(vitals: Mapping[str, VitalColumn], generator: np.random.Generator) -> dict[str, VitalColumn]:
    """Return the vitals with one of each record's present values taken away."""
    names = list(vitals)
    columns = [vitals[name].values for name in names]
    present = np.column_stack(
        [
            np.isfinite(np.asarray(values, dtype=np.float64))
            if vitals[name].kind == "number"
            else np.array([value is not None for value in values.tolist()])
            for name, values in zip(names, columns, strict=True)
        ]
    )
    chosen = np.where(present, generator.random(present.shape), -1.0).argmax(1)
    changed = {}
    for place, name in enumerate(names):
        values = columns[place].copy()
        values[chosen == place] = np.nan if vitals[name].kind == "number" else None
        changed[name] = replace(vitals[name], values=values)
    return changed
