"""Predictions of models that remember and of models that do not, made from a seed."""

from __future__ import annotations

import numpy as np

from primum.evidence import Predictions


def make(
    n: int = 800,
    *,
    k: int = 2,
    seed: int = 0,
    remembers: float = 0.0,
    train: float = 0.6,
    records: int = 1,
    kind: str = "classes",
    only: str | None = None,
    learnt: float = 1.5,
) -> Predictions:
    """Return answers with the rows of train and test.

    Args:
        n: patients.
        k: classes.
        seed: of everything.
        remembers: added to the log odds of the truth of the records that were trained on.
        train: share of patients in train.
        records: of each patient.
        kind: target type.
        only: the level of `sex` that is remembered; None: everybody.
        learnt: what the answers know of everybody's truth.
    """
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), records)
    member = (rng.permutation(n) < train * n)[patient]
    sex = rng.choice(["Female", "Male"], n, p=[0.3, 0.7])[patient]
    extra = remembers * member * (1.0 if only is None else sex == only)
    m = len(patient)
    common = {
        "ids": np.array([f"r{i}" for i in range(m)], dtype=object),
        "split": np.where(member, "train", "test").astype(object),
        "groups": {"sex": sex.astype(object)},
        "patient": patient.astype(str).astype(object) if records > 1 else None,
    }
    if kind == "number":
        target = rng.normal(size=m)
        said = target + rng.normal(size=m) * np.exp(-extra)
        return Predictions(
            **common, target_type="number", classes=(), target=target, predicted=said, probabilities=None
        )
    if kind == "labels":
        labels = rng.integers(2, size=(m, k))
        logit = (2 * labels - 1) * (learnt + extra[:, None]) + rng.normal(size=(m, k))
        p = 1 / (1 + np.exp(-logit))
        names = tuple(f"c{i}" for i in range(k))
        return Predictions(
            **common,
            target_type="labels",
            classes=names,
            target=labels,
            predicted=(p > 0.5).astype(np.int64),
            probabilities=p,
        )
    target = rng.integers(k, size=m)
    logits = rng.normal(size=(m, k))
    logits[np.arange(m), target] += learnt + extra
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    return Predictions(
        **common,
        target_type="classes",
        classes=tuple(f"c{i}" for i in range(k)),
        target=target,
        predicted=p.argmax(1),
        probabilities=p,
    )
