from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from primum.evidence import Predictions


def make_classes(
    n: int, k: int = 2, *, seed: int = 0, strength: float = 1.5, patients: int | None = None, sites: int | None = None
) -> Predictions:
    """Return fabricated predictions of a model of middling skill."""
    rng = np.random.default_rng(seed)
    target = rng.integers(k, size=n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), target] += strength
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)

    def names(prefix: str, count: int) -> np.ndarray:
        return np.array([f"{prefix}{i}" for i in rng.integers(count, size=n)], dtype=object)

    return Predictions(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=tuple(f"c{i}" for i in range(k)),
        target=target,
        predicted=p.argmax(1),
        probabilities=p,
        groups={"sex": names("s", 2)},
        patient=None if patients is None else names("p", patients),
        site=None if sites is None else names("h", sites),
    )


def make_labels(n: int, k: int = 4, *, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    target = (rng.random((n, k)) < 0.3).astype(np.int64)
    p = np.clip(0.3 + 0.3 * target + 0.2 * rng.normal(size=(n, k)), 0.01, 0.99)
    ids = np.array([str(i) for i in range(n)], dtype=object)
    return Predictions(
        ids=ids,
        split=np.full(n, "test", dtype=object),
        target_type="labels",
        classes=tuple(f"l{i}" for i in range(k)),
        target=target,
        predicted=(p >= 0.5).astype(np.int64),
        probabilities=p,
    )


def make_number(n: int, *, seed: int = 0, error: float = 0.5) -> Predictions:
    rng = np.random.default_rng(seed)
    target = 100 + rng.normal(size=n)
    return Predictions(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        split=np.full(n, "test", dtype=object),
        target_type="number",
        classes=(),
        target=target,
        predicted=target + error * rng.normal(size=n),
        probabilities=None,
    )


@pytest.fixture
def classes() -> Callable[..., Predictions]:
    return make_classes


@pytest.fixture
def labels() -> Callable[..., Predictions]:
    return make_labels


@pytest.fixture
def number() -> Callable[..., Predictions]:
    return make_number
