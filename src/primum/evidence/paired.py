"""Whether a model is better than something simpler, on the same records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.errors import PredictionsError
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS, gain_name
from primum.evidence.predictions import Predictions, TargetType
from primum.evidence.resampling import percentile_interval, resample
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import Supports
from primum.evidence.sums import point_values

DEFAULT_METRICS: dict[TargetType, tuple[str, ...]] = {
    "classes": ("auroc", "balanced_accuracy", "log_loss", "accuracy"),
    "labels": ("auroc", "macro_f1"),
    "number": ("mae",),
}
"""What a comparison measures when it is not told."""
_METHOD = "difference on the same records; paired percentile bootstrap over patients, {n} resamples"


def gain_findings(
    predictions: Predictions,
    baseline: Predictions,
    *,
    name: str,
    metrics: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    n_resamples: int = 1000,
    seed: int = 7,
) -> list[Finding]:
    """Return how much better a model is than a baseline; positive is better for every metric.

    Args:
        predictions: the model's.
        baseline: of the same records, in any order; rows in other splits are ignored.
        name: of the baseline, as it stands in `versus`.
        metrics: of METRICS, over all classes together; those that either side cannot have (no probabilities) are left
            out.
        splits: each gives its own findings; one without records gives none. None: test and every external set.
        n_resamples: of the paired bootstrap.
        seed: of the paired bootstrap.
    Raises:
        PredictionsError: the two are not about the same records.
    """
    names = DEFAULT_METRICS[predictions.target_type] if metrics is None else tuple(metrics)
    findings = []
    for split in measured_splits(predictions.split) if splits is None else splits:
        ours = predictions.of_split(split)
        if len(ours):
            theirs = aligned(ours, baseline.of_split(split), name=name, split=split)
            findings += _gains(ours, theirs, name=name, metrics=names, split=split, n_resamples=n_resamples, seed=seed)
    return findings


def aligned(ours: Predictions, theirs: Predictions, *, name: str, split: str) -> Predictions:
    """Return the baseline's rows in the order of the model's.

    Raises:
        PredictionsError: the two are not about the same records.
    """
    place = {id_: row for row, id_ in enumerate(theirs.ids.tolist())}
    rows = [place.get(id_, -1) for id_ in ours.ids.tolist()]
    if len(theirs) != len(ours) or -1 in rows:
        raise PredictionsError(
            f"baseline {name!r}: expected the same {len(ours)} records in split {split!r} as the model, got "
            f"{len(theirs)} of which {sum(row >= 0 for row in rows)} are the same; predict the same records with both."
        )
    aligned = theirs.take(np.array(rows, dtype=np.int64))
    if theirs.classes != ours.classes or not np.array_equal(aligned.target, ours.target):
        raise PredictionsError(
            f"baseline {name!r}: its classes or targets in split {split!r} differ from the model's; use one cohort."
        )
    return aligned


def _gains(
    ours: Predictions,
    theirs: Predictions,
    *,
    name: str,
    metrics: Sequence[str],
    split: str,
    n_resamples: int,
    seed: int,
) -> list[Finding]:
    values, base = point_values(ours), point_values(theirs)
    supports = Supports(ours)
    model, baseline = resample([ours, theirs], n_resamples=n_resamples, seed=seed, metrics=frozenset(metrics))
    findings = []
    for metric in metrics:
        if metric not in values or metric not in base:
            continue
        sign = -1.0 if METRICS.get(metric).direction == "lower" else 1.0
        mine, other = values[metric], base[metric]
        support = supports.of((metric, None))
        ends = percentile_interval(sign * (model[metric, None] - baseline[metric, None]))
        known = mine is not None and other is not None and ends is not None
        findings.append(
            Finding(
                pillar="safety",
                metric=gain_name(metric),
                value=sign * (mine - other) if mine is not None and other is not None else None,
                low=ends[0] if known and ends else None,
                high=ends[1] if known and ends else None,
                level=LEVEL if known else None,
                n=support.records,
                versus={"baseline": name},
                split=split,
                enough=support.enough and known,
                method=_METHOD.format(n=n_resamples),
                reference="Davison & Hinkley 1997, sections 2.4 and 3.8",
                detail={"model": mine, "baseline": other, "metric": metric},
            )
        )
    return findings
