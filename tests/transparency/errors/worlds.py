"""Predictions whose errors fall by chance, or gather in a planted place."""

from __future__ import annotations

import numpy as np

from primum.evidence.predictions import Predictions
from tests.transparency.formulas import cohort_of


def world(seed, n=240, *, wrong=0.2, planted=0.0, per_patient=1, kind="classes"):
    """Return predictions and a cohort; in the planted region, women above 60, `planted` of the answers are wrong."""
    rng = np.random.default_rng([77, seed])
    age, rate = rng.normal(60, 12, n), rng.normal(80, 15, n)
    rate[rng.random(n) < 0.1] = np.nan
    sex = np.where(rng.random(n) < 0.5, "Female", "Male").astype(object)
    site = np.where(rng.random(n) < 0.5, "north", "south").astype(object)
    texts = ["x" * int(k) if k > 40 else None for k in rng.integers(20, 400, n)]
    patients = np.array([f"p{i // per_patient}" for i in range(n)], dtype=object)
    region = (age > 60) & (sex == "Female")
    # A patient's records are wrong together: the hardest case for whoever counts records.
    luck = np.repeat(rng.random(-(-n // per_patient)), per_patient)[:n]
    error = luck < np.where(region & (planted > 0), planted, wrong)
    truth = rng.integers(0, 2, n)
    if kind == "number":
        size = rng.exponential(1.0, n) * np.where(region & (planted > 0), 4.0, 1.0)
        target, predicted, classes = truth * 1.0, truth + size, ()
    else:
        target, predicted, classes = truth, np.where(error, 1 - truth, truth), ("no", "yes")
    cohort = cohort_of(
        target, texts=texts, patients=patients, classes=classes, sensitive={"sex": sex}, site=site, age=age, rate=rate
    )
    predictions = Predictions(
        ids=cohort.ids,
        split=np.full(n, "test", dtype=object),
        target_type=kind,
        classes=classes,
        target=target,
        predicted=predicted,
        probabilities=None,
    )
    return predictions, cohort
