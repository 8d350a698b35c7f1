"""Slice discovery: the worst-served slice over attributes and vitals.

It is found on half of the patients and confirmed on the other half, so that the search cannot flatter itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, mover, wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import UNKNOWN, FloatArray, Predictions, TextArray
from primum.evidence.slices import coded
from primum.fairness.means import mean_gaps

BoolArray = npt.NDArray[np.bool_]
Fields = Mapping[str, FloatArray | TextArray]
"""What a search may look at beside the attributes: each record's number (NaN: missing) or category."""

MOST_CONDITIONS = 3
_BEAM = 12
_FEWEST = 20
"""Records that a slice must have in each half: below, what the search finds is mostly luck."""
_MOST = 50_000
"""Records that are searched, evenly spread: a slice of two per cent then has five hundred in each half."""
_SHARE = 0.02
"""Smallest share of the records that a slice may be."""
_QUANTILES = (0.2, 0.4, 0.6, 0.8)
_METHOD = (
    "beam search over conditions on one half of the patients, most standard errors above the rest; gap measured on the "
    "other half, {what}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    field: str
    says: str
    """What the finding's slice shows: a level, or a range of the number."""
    rows: BoolArray


def discovery_findings(predictions: Predictions, *, split: str, fields: Fields | None = None) -> list[Finding]:
    """Return the worst-served slice that a search finds, confirmed on held-out patients; none for too few records.

    Args:
        predictions: of one split.
        split: its name.
        fields: vitals and other columns of the same records; numbers are cut at their quintiles.
    """
    if len(predictions) > _MOST:
        rows = np.linspace(0, len(predictions) - 1, _MOST).astype(np.int64)
        predictions = predictions.take(rows)
        fields = {name: values[rows] for name, values in (fields or {}).items()}
    halves = _first_half(predictions)
    if min(halves.sum(), (~halves).sum()) < 4 * _FEWEST:
        return []
    loss = _losses(predictions)
    conditions = _conditions(predictions, fields or {})
    chosen = _search(conditions, loss, halves)
    if not chosen:
        return []
    inside = np.logical_and.reduce([condition.rows for condition in chosen])
    return [_confirmed(predictions, loss, inside, ~halves, chosen, split=split)]


def _first_half(predictions: Predictions) -> BoolArray:
    """Return which records a search sees: by a checksum of the patient, so that it does not depend on row order."""
    names = predictions.ids if predictions.patient is None else predictions.patient
    return np.array([zlib.crc32(f"primum:{name}".encode()) % 2 == 0 for name in names.tolist()], dtype=bool)


def _losses(predictions: Predictions) -> FloatArray:
    """Return each record's error: wrong or not (for labels the share of wrong labels), or a number's absolute error."""
    if predictions.target_type == "number":
        spread = float(predictions.target.std()) or 1.0
        return np.asarray(np.abs(predictions.predicted - predictions.target) / spread, dtype=np.float64)
    wrong = (predictions.predicted != predictions.target).astype(np.float64)
    return np.asarray(wrong.mean(1) if predictions.target_type == "labels" else wrong)


def _conditions(predictions: Predictions, fields: Fields) -> list[_Condition]:
    columns: dict[str, FloatArray | TextArray] = dict(predictions.groups)
    if predictions.site is not None:
        columns.setdefault("site", predictions.site)
    columns |= {name: values for name, values in fields.items() if name not in columns}
    conditions = []
    for name, values in columns.items():
        if values.dtype.kind == "f":
            conditions += _of_numbers(name, values.astype(np.float64))
        else:
            conditions += _of_levels(name, values.astype(object))
    return conditions


def _of_levels(name: str, values: TextArray) -> list[_Condition]:
    present = np.empty(len(values), dtype=object)
    present[:] = [UNKNOWN if value is None else value for value in values.tolist()]
    codes, levels = coded(present)
    return [_Condition(field=name, says=level, rows=codes == code) for code, level in enumerate(levels)]


def _of_numbers(name: str, values: FloatArray) -> list[_Condition]:
    known = ~np.isnan(values)
    if not known.any():
        return []
    cuts = np.unique(np.quantile(values[known], _QUANTILES))
    edges = [-np.inf, *cuts.tolist(), np.inf]
    found = []
    for low, high in zip(edges, edges[1:], strict=False):
        says = f"<{high:.4g}" if low == -np.inf else f">={low:.4g}" if high == np.inf else f"{low:.4g}-{high:.4g}"
        found.append(_Condition(field=name, says=says, rows=known & (values >= low) & (values < high)))
    if not known.all():
        found.append(_Condition(field=name, says=UNKNOWN, rows=~known))
    return found


def _search(conditions: Sequence[_Condition], loss: FloatArray, half: BoolArray) -> tuple[_Condition, ...]:
    """Return the conditions of the slice with the most standard errors above the rest in this half."""
    least = max(_FEWEST, _SHARE * half.sum())
    mean, spread = loss[half].mean(), loss[half].std() or 1.0
    best: tuple[float, tuple[_Condition, ...]] = (0.0, ())
    beam: list[tuple[_Condition, ...]] = [()]
    for _ in range(MOST_CONDITIONS):
        grown: dict[frozenset[tuple[str, str]], tuple[float, tuple[_Condition, ...]]] = {}
        for chosen in beam:
            inside = np.logical_and.reduce([half, *(c.rows for c in chosen)])
            for condition in conditions:
                if condition.field in {c.field for c in chosen}:
                    continue
                rows = inside & condition.rows
                n = int(rows.sum())
                if least <= n < 0.5 * half.sum():
                    score = float((loss[rows].mean() - mean) / spread * np.sqrt(n))
                    parts = (*chosen, condition)
                    grown[frozenset((c.field, c.says) for c in parts)] = (score, parts)
        ranked = sorted(grown.values(), key=lambda one: -one[0])[:_BEAM]
        if ranked and ranked[0][0] > best[0]:
            best = ranked[0]
        beam = [parts for _, parts in ranked]
    return best[1]


def _confirmed(
    predictions: Predictions,
    loss: FloatArray,
    inside: BoolArray,
    held_out: BoolArray,
    chosen: Sequence[_Condition],
    *,
    split: str,
) -> Finding:
    ours, others = loss[inside & held_out], loss[~inside & held_out]
    if predictions.target_type == "classes":
        bounds = [
            wilson_bounds(np.array([part.sum()]), np.array([float(len(part))]), critical=1.96)
            for part in (ours, others)
        ]
        value = np.array([ours.mean() if len(ours) else np.nan]) - others.mean()
        low, high = mover(
            ours.mean(keepdims=True) if len(ours) else value, bounds[0], others.mean(keepdims=True), bounds[1]
        )
        what = "hybrid score interval (Newcombe 1998)"
    else:
        sums = [np.array([[len(part), part.sum(), (part**2).sum()]]) for part in (ours, others)]
        gaps = mean_gaps(sums[0], sums[1], critical=1.96)
        value, low, high, what = gaps.value, gaps.low, gaps.high, "Welch's interval"
    known = bool(np.isfinite(value[0]))
    return Finding(
        pillar="fairness",
        metric="discovered_slice_gap",
        value=float(value[0]) if known else None,
        low=float(low[0]) if known else None,
        high=float(high[0]) if known else None,
        level=LEVEL if known else None,
        n=len(ours),
        slice={condition.field: condition.says for condition in chosen},
        versus={"group": "everyone else"},
        split=split,
        enough=known and len(ours) >= _FEWEST,
        method=_METHOD.format(what=what),
        reference=METRICS.get("discovered_slice_gap").reference,
        detail={
            "slice_value": float(ours.mean()) if len(ours) else None,
            "versus_value": float(others.mean()),
            "versus_n": len(others),
            "found_on": int((inside & ~held_out).sum()),
        },
    )
