from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from primum.evidence import Predictions


def make(
    n: int,
    *,
    k: int = 2,
    seed: int = 0,
    heat: float = 1.0,
    signal: float = 2.0,
    split: str = "calibration",
    site: np.ndarray | None = None,
    groups: dict[str, np.ndarray] | None = None,
    labels: bool = False,
    patient: np.ndarray | None = None,
) -> Predictions:
    """Return predictions whose true probabilities are known; `heat` above 1 makes them too sure."""
    rng = np.random.default_rng(seed)
    if labels:
        odds = rng.normal(size=(n, k)) * signal
        target = (rng.random((n, k)) < 1 / (1 + np.exp(-odds))).astype(np.int64)
        p = 1 / (1 + np.exp(-heat * odds))
        predicted = (p >= 0.5).astype(np.int64)
    else:
        logits = rng.normal(size=(n, k)) * signal
        true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        target = (true.cumsum(1) < rng.random((n, 1))).sum(1).clip(0, k - 1)
        p = np.exp(heat * logits)
        p /= p.sum(1, keepdims=True)
        predicted = p.argmax(1)
    return Predictions(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        split=np.full(n, split, dtype=object),
        target_type="labels" if labels else "classes",
        classes=tuple(f"c{i}" for i in range(k)),
        target=target,
        predicted=predicted,
        probabilities=p,
        groups=groups or {},
        site=site,
        patient=patient,
    )


@pytest.fixture
def made() -> Callable[..., Predictions]:
    return make
