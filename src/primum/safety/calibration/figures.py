"""How far probabilities can be read as frequencies: slope, intercept, the parts of the Brier score, and what
calibration bought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from primum.cohort.table1 import SMALL
from primum.evidence import Finding, Predictions, gain_findings
from primum.evidence.calibration import slope_and_intercept
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.performance import slices_by_site
from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.resampling import percentile_interval, units_of, weight_chunks
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_CALIBRATION
from primum.evidence.sums import N_BINS, Block, Figures, bin_of, confidence_and_outcome
from primum.later import stats

UNCALIBRATED = "uncalibrated"
"""The name, in `versus`, of the same model before calibration."""
GAINS = ("ece", "log_loss", "brier")
_ROBUST = "logistic regression of the outcome on the log odds; standard error from sums over patients (sandwich)"
_BOOTSTRAP = "{bins} bins of equal width; percentile bootstrap over patients, {n} resamples"
_REFLECTED = (
    "{bins} bins of equal width, less what chance adds to every bin; bootstrap over patients, {n} resamples, reflected "
    "at the value"
)
_BRIER_PARTS = ("brier_reliability", "brier_resolution", "brier_uncertainty")


def calibration_findings(
    predictions: Predictions, before: Predictions | None = None, *, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return calibration slope, intercept and the parts of the Brier score on test and each external set.

    Slope and intercept also for every hospital of at least five patients, where there are several.

    Args:
        predictions: with probabilities; without them there is no finding.
        before: the same model's predictions before calibration; then also what calibration bought, paired.
        n_resamples: of the bootstrap over patients.
        seed: of the bootstrap.
    """
    if predictions.probabilities is None:
        return []
    findings: list[Finding] = []
    for split in measured_splits(predictions.split):
        part = predictions.of_split(split)
        if len(part):
            for slice_, rows in slices_by_site(part):
                if units_of(rows)[1] >= SMALL:
                    findings += _line(rows, split, slice_)
            findings += _brier_parts(part, split, n_resamples=n_resamples, seed=seed)
    if before is not None:
        findings += gain_findings(
            predictions, before, name=UNCALIBRATED, metrics=GAINS, n_resamples=n_resamples, seed=seed
        )
    return findings


def _line(part: Predictions, split: str, slice_: Mapping[str, str]) -> list[Finding]:
    said, came = confidence_and_outcome(part)
    units, n_units = _units_of_pairs(part, len(said))
    everybody: IntArray = np.zeros(len(said), dtype=np.int64)
    slope, intercept = slope_and_intercept(said, came, everybody, 1, critical=1.0)
    found = {"calibration_slope": float(slope.value[0]), "calibration_intercept": float(intercept.value[0])}
    x = np.log(np.clip(said, 1e-12, 1)) - np.log(np.clip(1 - said, 1e-12, 1))
    errors = _robust_errors(x, came, found, units, n_units)
    fewest = min(len(np.unique(units[came == 1])), len(np.unique(units[came == 0])))
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    return [
        _finding(
            name,
            split,
            part,
            value,
            (value - z * errors[name], value + z * errors[name]),
            enough=n_units >= ENOUGH_FOR_CALIBRATION and fewest >= 10,
            method=_ROBUST,
            slice_=slice_,
        )
        for name, value in found.items()
    ]


def _robust_errors(
    x: FloatArray, came: FloatArray, found: Mapping[str, float], units: IntArray, n_units: int
) -> dict[str, float]:
    """Return standard errors that hold where a patient has several pairs (Liang & Zeger 1986, Biometrika 73(1))."""
    slope, alone = found["calibration_slope"], found["calibration_intercept"]
    if not np.isfinite(slope) or not np.isfinite(alone):
        return {name: float("nan") for name in found}
    one = _sandwich(np.ones((len(x), 1)), came, 1 / (1 + np.exp(-np.clip(alone + x, -30, 30))), units, n_units)
    free = 0.0
    for _ in range(30):  # the intercept that belongs to the slope; at slope 1 it is another
        p = 1 / (1 + np.exp(-np.clip(free + slope * x, -30, 30)))
        step = float((came - p).sum() / max((p * (1 - p)).sum(), 1e-12))
        free += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    both = _sandwich(np.column_stack([np.ones(len(x)), x]), came, p, units, n_units)
    return {"calibration_slope": both[1], "calibration_intercept": one[0]}


def _sandwich(table: FloatArray, came: FloatArray, p: FloatArray, units: IntArray, n_units: int) -> list[float]:
    bread = np.linalg.pinv((table * (p * (1 - p))[:, None]).T @ table)
    scores = np.column_stack([np.bincount(units, (came - p) * column, n_units) for column in table.T])
    variance = bread @ (scores.T @ scores) @ bread * n_units / max(n_units - 1, 1)
    return [float(one) for one in np.sqrt(np.maximum(np.diag(variance), 0.0))]


def _brier_parts(part: Predictions, split: str, *, n_resamples: int, seed: int) -> list[Finding]:
    said, came = confidence_and_outcome(part)
    units, n_units = units_of(part)
    block = brier_block(said, came, len(part))
    matrix = block.matrix(units, n_units)
    point = {key[0]: float(values[0]) for key, values in block.finish(block.totals()).items()}
    draws: dict[str, list[FloatArray]] = {name: [] for name in _BRIER_PARTS}
    for weights in weight_chunks(n_units, n_resamples, seed=seed, rows=block.q):
        for key, values in block.finish(np.asarray(matrix @ weights)).items():
            draws[key[0]].append(values)
    findings = []
    for name, chunks in draws.items():
        ends = percentile_interval(np.concatenate(chunks), level=LEVEL) if chunks else None
        value, reflected = point[name], name == "brier_reliability"
        if ends is not None and reflected:
            ends = min(2 * value - ends[1], value), max(2 * value - ends[0], value)
        findings.append(
            _finding(
                name,
                split,
                part,
                value,
                ends,
                enough=n_units >= ENOUGH_FOR_CALIBRATION,
                method=(_REFLECTED if reflected else _BOOTSTRAP).format(bins=N_BINS, n=n_resamples),
            )
        )
    return findings


def brier_block(said: FloatArray, came: FloatArray, n_records: int) -> Block:
    """Return the Brier score's parts as sums over records, so that resampling them costs a matrix product.

    Args:
        said: probabilities, shape (pairs,), a record's together.
        came: whether each came true, shape (pairs,).
        n_records: records.
    Source: Murphy 1973, J. Appl. Meteorol. 12; less the bias of finite bins, Ferro & Fricker 2012, Q. J. R. Meteorol.
        Soc. 138.
    """
    bins = bin_of(said)
    records = np.repeat(np.arange(n_records), len(said) // n_records)
    rows = np.concatenate([bins, bins + N_BINS, bins + 2 * N_BINS])
    values = np.concatenate([np.ones(len(said)), said, came])

    def finish(sums: FloatArray) -> Figures:
        n, p, y = (sums[place * N_BINS : (place + 1) * N_BINS] for place in range(3))
        total = n.sum(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(n > 0, y / n, 0.0)
            chance = np.where(n > 1, share * (1 - share) / (n - 1), 0.0)
            overall = y.sum(0) / total
            gap = np.where(n > 0, p / n - share, 0.0)
            spread = overall * (1 - overall) / np.maximum(total - 1, 1)
            return {
                ("brier_reliability", None): (n * (gap**2 - chance)).sum(0) / total,
                ("brier_resolution", None): (n * ((share - overall) ** 2 - chance)).sum(0) / total + spread,
                ("brier_uncertainty", None): overall * (1 - overall) + spread,
            }

    return Block(rows=rows, records=np.tile(records, 3), values=values, q=3 * N_BINS, finish=finish)


def _units_of_pairs(part: Predictions, n_pairs: int) -> tuple[IntArray, int]:
    units, n_units = units_of(part)
    return np.repeat(units, n_pairs // len(part)).astype(np.int64), n_units


def _finding(
    metric: str,
    split: str,
    part: Predictions,
    value: float,
    ends: Sequence[float] | None,
    *,
    enough: bool,
    method: str,
    slice_: Mapping[str, str] | None = None,
) -> Finding:
    known = bool(np.isfinite(value)) and ends is not None and bool(np.isfinite(ends).all())
    return Finding(
        pillar="safety",
        metric=metric,
        value=value if np.isfinite(value) else None,
        low=float(ends[0]) if known and ends else None,
        high=float(ends[1]) if known and ends else None,
        level=LEVEL if known else None,
        n=len(part),
        slice=slice_ or {},
        split=split,
        enough=enough and known,
        method=method,
        reference=METRICS.get(metric).reference,
    )
