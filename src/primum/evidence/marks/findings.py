"""How well marks agree with the truth, as findings with intervals from resampled patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import primum.evidence.marks.metrics  # noqa: F401 - registers the figures' names
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.marks.calibration import scores_ece
from primum.evidence.marks.figures import FALSE_MARKS, KINDS, Figures, FloatArray, Key, figures_of, froc
from primum.evidence.marks.marking import Marking, MarkKind
from primum.evidence.marks.matching import Compared, compare
from primum.evidence.marks.storage import MarkedTable
from primum.evidence.metrics import METRICS, gain_name
from primum.evidence.predictions import Predictions
from primum.evidence.resampling import percentile_interval, units_of, weight_chunks
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE

_METHOD = "percentile bootstrap over patients, {n} resamples"
_PAIRED = "difference on the same pictures; paired percentile bootstrap over patients, {n} resamples"
_COUNT = "count of marks; exact"


def marks_findings(
    table: MarkedTable, predictions: Predictions, *, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return every figure of the model's marks on test and on each external set.

    Args:
        table: true and predicted marks.
        predictions: of the same records in the same order; says who the patients are.
        n_resamples: of the bootstrap.
        seed: of the bootstrap.
    """
    findings = []
    for split in measured_splits(table.split):
        rows = np.flatnonzero(table.split == split)
        part, people = table.of_split(split), predictions.take(rows)
        compared = compare(part.truth, part.found)
        kind, threshold = part.truth.kind, part.threshold

        def figures(
            weights: FloatArray, compared: Compared = compared, kind: MarkKind = kind, threshold: float = threshold
        ) -> Figures:
            found = figures_of(compared, kind, weights, threshold=threshold)
            return {**found, ("region_ece", None): scores_ece(compared, weights, threshold=threshold)}

        point, spread = resampled(figures, people, n_resamples=n_resamples, seed=seed)
        detail = _details(compared, threshold)
        for key, value in point.items():
            one = _finding(key, value, spread[key], _pictures(compared, key[1]), split=split, n=n_resamples)
            findings.append(_with_detail(one, detail.get(key, {})))
        findings += _counts(compared, split=split)
    return findings


def marks_gain_findings(
    table: MarkedTable, other: Marking, predictions: Predictions, *, name: str, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return how much better the model's marks are than another's, picture by picture; positive is better.

    Args:
        table: true marks and the model's.
        other: the other's marks in the same pictures.
        predictions: of the same records in the same order; says who the patients are.
        name: of the other, as it stands in `versus`.
        n_resamples: of the paired bootstrap.
        seed: of the paired bootstrap.
    """
    findings = []
    for split in measured_splits(table.split):
        rows = np.flatnonzero(table.split == split)
        part = table.of_split(split)
        ours, theirs = compare(part.truth, part.found), compare(part.truth, other.take(rows))
        kind, threshold = part.truth.kind, part.threshold
        wanted = ("map50", "froc", "region_sensitivity", *(("dice",) if kind == "masks" else ()))

        def difference(
            weights: FloatArray,
            ours: Compared = ours,
            theirs: Compared = theirs,
            kind: MarkKind = kind,
            threshold: float = threshold,
            wanted: tuple[str, ...] = wanted,
        ) -> Figures:
            first = figures_of(ours, kind, weights, threshold=threshold)
            second = figures_of(theirs, kind, weights, threshold=0.0)  # whatever it marks, it shows
            return {
                **{(f"{metric}:{side}", None): f[metric, None] for side, f in (("model", first), ("baseline", second))
                   for metric in wanted},
                **{(gain_name(metric), None): first[metric, None] - second[metric, None] for metric in wanted},
            }  # fmt: skip

        point, spread = resampled(difference, predictions.take(rows), n_resamples=n_resamples, seed=seed)
        for metric in wanted:
            key: Key = gain_name(metric), None
            one = _finding(key, point[key], spread[key], _pictures(ours, None), split=split, n=n_resamples)
            detail = {side: point[f"{metric}:{side}", None] for side in ("model", "baseline")} | {"metric": metric}
            findings.append(_against(_with_detail(one, detail), name, n_resamples))
    return findings


def resampled(
    figures: Callable[[FloatArray], Figures], people: Predictions, *, n_resamples: int, seed: int
) -> tuple[dict[Key, float | None], Figures]:
    """Return each figure's value, None where undefined, and its values in resamples of whole patients, shape (r,).

    Args:
        figures: from weights of the pictures, shape (n, r), to values of shape (r,).
        people: says which patient each picture is of.
        n_resamples: resamples.
        seed: of the draws.
    """
    units, n_units = units_of(people)
    whole = figures(np.ones((len(people), 1)))
    point = {key: float(v[0]) if np.isfinite(v[0]) else None for key, v in whole.items()}
    parts: dict[Key, list[FloatArray]] = {key: [] for key in whole}
    for weights in weight_chunks(n_units, n_resamples, seed=seed, rows=100 * len(people)):
        for key, values in figures(weights[units]).items():
            parts[key].append(values)
    return point, {key: np.concatenate(chunks) if chunks else np.empty(0) for key, chunks in parts.items()}


def _pictures(compared: Compared, label: str | None) -> int:
    """Return how many pictures show the label, or anything at all, which is what a figure of it rests on."""
    truths = compared.truths.sum(1) if label is None else compared.truths[:, compared.labels.index(label)]
    return int((truths > 0).sum())


def _finding(key: Key, value: float | None, spread: FloatArray, pictures: int, *, split: str, n: int) -> Finding:
    ends = percentile_interval(spread) if value is not None else None
    least = ENOUGH_FOR_A_SHARE if key[1] is not None else ENOUGH_FOR_A_MEAN
    return Finding(
        pillar="safety",
        metric=key[0],
        class_=key[1],
        value=value,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        level=LEVEL if ends else None,
        n=pictures,
        split=split,
        enough=ends is not None and pictures >= least,
        method=_METHOD.format(n=n) if ends else "not defined for these records",
        reference=METRICS.get(key[0]).reference,
    )


def _with_detail(finding: Finding, detail: Mapping[str, object]) -> Finding:
    return Finding.from_json({**finding.to_json(), "detail": {**finding.detail, **detail}})


def _against(finding: Finding, name: str, n: int) -> Finding:
    method = _PAIRED.format(n=n) if finding.level else finding.method
    return Finding.from_json({**finding.to_json(), "versus": {"baseline": name}, "method": method})


def _details(compared: Compared, threshold: float) -> dict[Key, dict[str, object]]:
    everybody = np.ones((len(compared.truths), 1))
    at = froc(compared, everybody)[:, 0]
    steps = {f"{f:g}": float(s) if np.isfinite(s) else None for f, s in zip(FALSE_MARKS, at, strict=True)}
    shown: dict[str, object] = {"threshold": threshold}
    of_labels: list[str | None] = [None, *compared.labels]
    ours = {(metric, name): shown for metric in ("region_sensitivity", "region_ppv") for name in of_labels}
    return {("froc", None): {"sensitivity_at_false_marks": steps}, **ours}


def _counts(compared: Compared, *, split: str) -> list[Finding]:
    return [
        Finding(
            pillar="safety",
            metric="region_count",
            class_=name,
            value=float(compared.truths[:, place].sum()),
            level=None,
            n=_pictures(compared, name),
            split=split,
            method=_COUNT,
            reference=METRICS.get("region_count").reference,
        )
        for place, name in enumerate(compared.labels)
    ]


__all__ = ["KINDS", "marks_findings", "marks_gain_findings", "resampled"]
