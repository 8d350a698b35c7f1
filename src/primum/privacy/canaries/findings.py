"""Exposure: by how many bits a planted record stands out among its like that were never planted."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort import Records
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS, register_row
from primum.later import stats
from primum.privacy.canaries.drawing import Canaries

FloatArray = npt.NDArray[np.float64]
CANARY_METRIC = "canary_exposure"
LEAST = 20
"""Fewest canaries from which a mean is told."""
_METHOD = (
    "bits by which the label's loss on a planted record ranks below that on records of the same kind never planted, "
    "less log2(e), which chance gives; mean over canaries, Student's interval"
)

register_row(
    CANARY_METRIC,
    "Exposure of planted records",
    "植入记录的暴露程度",
    "By how many bits, on average, a made-up record planted in training stands out among its like; 0 is chance.",
    "植入训练的虚构记录与未植入的同类记录相比平均突出多少比特；0 为随机。",
    "bits",
    "lower",
    "Carlini et al. 2019, USENIX Security, section 4 (adapted to classifiers)",
)


class Asked(Protocol):
    """Whatever answers records."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities, shape (n, classes)."""


def canary_findings(predictor: Asked, canaries: Canaries, labels: npt.NDArray[np.int64]) -> list[Finding]:
    """Return how well a model remembers what was planted.

    Planted and unplanted records are of one distribution, so that without memory every rank is equally likely, whatever
    the model knows of medicine.

    Args:
        predictor: the model; nothing but its answers is used.
        canaries: as they were planted.
        labels: class of each record of the cohort, shape (n,).
    """
    planted = _losses(predictor.predict(canaries.planted), labels[canaries.rows])
    others = _losses(predictor.predict(canaries.references), labels[canaries.reference_rows])
    excess = exposures(planted, others) - _by_chance(len(others))
    n, value = len(excess), float(excess.mean())
    low = high = None
    if n > 1:
        reach = float(stats.t.isf((1 - LEVEL) / 2, n - 1) * excess.std(ddof=1) / np.sqrt(n))
        low, high = value - reach, value + reach
    return [
        Finding(
            pillar="privacy",
            metric=CANARY_METRIC,
            value=value,
            low=low,
            high=high,
            level=LEVEL,
            n=n,
            split="train",
            enough=n >= LEAST,
            method=_METHOD,
            reference=METRICS.get(CANARY_METRIC).reference,
            detail={"references": len(others), "most": float(np.log2(len(others) + 1) - _by_chance(len(others)))},
        )
    ]


def exposures(planted: FloatArray, others: FloatArray) -> FloatArray:
    """Return log2((references + 1) / rank) of each planted record's loss among the others' and its own; ties half.

    Source: Carlini et al. 2019, definition 6, with losses of a label in place of a sequence's perplexity.
    """
    ordered = np.sort(others)
    below, upto = np.searchsorted(ordered, planted, side="left"), np.searchsorted(ordered, planted, side="right")
    rank = 1 + below + (upto - below) / 2
    return np.asarray(np.log2((len(others) + 1) / rank), dtype=np.float64)


def _by_chance(references: int) -> float:
    """Return the mean exposure when every rank is equally likely; near log2(e) for many references."""
    ranks = np.arange(1, references + 2)
    return float(np.log2((references + 1) / ranks).mean())


def _losses(probabilities: FloatArray, labels: npt.NDArray[np.int64]) -> FloatArray:
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300))
