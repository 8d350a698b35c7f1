from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from primum.evidence import Predictions


def make(
    n: int,
    groups: dict[str, np.ndarray],
    *,
    seed: int = 0,
    k: int = 2,
    lose: np.ndarray | float = 0.0,
    site: np.ndarray | None = None,
    patient: np.ndarray | None = None,
) -> Predictions:
    """Return predictions of a fair model of middling skill, whose hits are lost with the probability `lose`."""
    rng = np.random.default_rng(seed)
    target = rng.integers(k, size=n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), target] += 2.0
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    lost = (p.argmax(1) == target) & (rng.random(n) < lose) & (target > 0)
    p[lost] = np.roll(p[lost], 1, axis=1)
    return Predictions(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=tuple(f"c{i}" for i in range(k)),
        target=target,
        predicted=p.argmax(1),
        probabilities=p,
        groups={name: values.astype(object) for name, values in groups.items()},
        site=site,
        patient=patient,
    )


def levels(n: int, k: int, *, seed: int, prefix: str = "g") -> np.ndarray:
    return np.array([f"{prefix}{i}" for i in np.random.default_rng(seed).integers(k, size=n)], dtype=object)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def made() -> Callable[..., Predictions]:
    return make
