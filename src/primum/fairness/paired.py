"""What mitigation changed, paired: every gap of the mitigated model minus that of its unmitigated twin.

Both models are counted in the same resamples, so that what is common to them cancels. Resampled are counts of joint
cells (slices, truth, what the one said, what the other said), never rows: time grows with cells x resamples. Where
patients have several records, whole patients are drawn and their cells come with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.paired import aligned
from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.resampling import MAX_UNDEFINED, units_of, weight_chunks
from primum.evidence.split_names import measured_splits
from primum.evidence.sums import ratio
from primum.fairness.change_metrics import OF_ATTRIBUTES, OF_SLICES, change_name
from primum.i18n import translate
from primum.later import sparse

TWIN = "unmitigated"
"""The name of the model without mitigation, in `versus`."""
FEWEST = 10
"""Patients with the class and without it that a slice needs for its rates to be judged."""
_METHOD = (
    "absolute gap of the mitigated minus that of the unmitigated model on the same records; paired basic bootstrap "
    "interval over patients, {n} resamples of joint counts"
)
_REFERENCE = "Davison & Hinkley 1997, sections 2.4 and 5.2"


def change_findings(
    mitigated: Predictions,
    unmitigated: Predictions,
    *,
    aims: Collection[tuple[str, str]] = (),
    splits: Sequence[str] | None = None,
    n_resamples: int = 1000,
    seed: int = 7,
) -> list[Finding]:
    """Return the change of every gap, for each slice of one attribute and for each attribute; below 0 it shrank.

    Args:
        mitigated: the model's.
        unmitigated: its twin's, of the same records in any order.
        aims: (attribute, difference) pairs that the mitigation was to make small; the findings that say whether it did
            carry `role: aim` in their detail.
        splits: each gives its own findings; one without records gives none. None: test and every external set.
        n_resamples: of the paired bootstrap.
        seed: of the paired bootstrap.
    Raises:
        PredictionsError: the two are not about the same records.
    """
    findings = []
    asked = measured_splits(mitigated.split) if splits is None else splits
    for split in asked if mitigated.target_type != "number" else ():
        ours = mitigated.of_split(split)
        if len(ours):
            theirs = aligned(ours, unmitigated.of_split(split), name=TWIN, split=split)
            cells = _resampled(ours, theirs, n_resamples=n_resamples, seed=seed)
            for place, attribute in enumerate(ours.groups):
                changes = (_marked(change, aims) for change in _of_attribute(cells, ours, place, attribute))
                findings += [_finding(change, split=split, n_resamples=n_resamples) for change in changes]
    return findings


def change_sentence(finding: Finding, lang: str) -> str:
    """Return in words whether mitigation helped, as far as this finding tells."""
    return translate(
        f"mitigation.{outcome_of(finding)}",
        lang,
        before=_shown(finding.detail.get("unmitigated")),
        after=_shown(finding.detail.get("mitigated")),
        low=_shown(finding.low),
        high=_shown(finding.high),
    )


def outcome_of(finding: Finding) -> str:
    """Return shrank, grew or unclear, by whether the interval excludes zero; few without enough patients."""
    if finding.low is None or finding.high is None or not finding.enough:
        return "few"
    if finding.high < 0:
        return "shrank"
    return "grew" if finding.low > 0 else "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Joint cells of the records, and how many records each holds in the data and in every resample."""

    levels: IntArray
    """Code of the level of each attribute, shape (cells, attributes)."""
    truth: npt.NDArray[np.bool_]
    """Which class or label the records of the cell have, shape (cells, k)."""
    said: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
    """What the mitigated and the unmitigated model said, shape (cells, k) each."""
    counts: FloatArray
    """Shape (cells, 1 + resamples); the first column is the data."""
    names: tuple[tuple[str, ...], ...]
    """Names of the levels of each attribute."""


def _resampled(ours: Predictions, theirs: Predictions, *, n_resamples: int, seed: int) -> _Cells:
    names, columns = [], []
    for groups in ours.groups.values():
        of_attribute, codes = np.unique(groups.astype(str), return_inverse=True)
        names.append(tuple(map(str, of_attribute)))
        columns.append(codes.reshape(-1, 1))
    outcomes = [np.asarray(v, dtype=np.int64).reshape(len(ours), -1) for v in (ours.target, ours.predicted)]
    outcomes.append(np.asarray(theirs.predicted, dtype=np.int64).reshape(len(ours), -1))
    rows = np.concatenate([*columns, *outcomes], axis=1)
    kinds, place = np.unique(rows, axis=0, return_inverse=True)
    width, first = outcomes[0].shape[1], len(columns)
    truth, new, old = (
        _indicators(kinds[:, first + i * width : first + (i + 1) * width], len(ours.classes)) for i in range(3)
    )
    counts = np.bincount(place.ravel(), minlength=len(kinds)).astype(np.float64)
    resampled = _draw(ours, place.ravel(), counts, n_resamples=n_resamples, seed=seed)
    return _Cells(
        levels=kinds[:, :first],
        truth=truth,
        said=(new, old),
        counts=np.column_stack([counts, resampled]),
        names=tuple(names),
    )


def _indicators(coded: IntArray, k: int) -> npt.NDArray[np.bool_]:
    return np.eye(k, dtype=bool)[coded[:, 0]] if coded.shape[1] == 1 and k > 1 else coded == 1


def _draw(table: Predictions, place: IntArray, counts: FloatArray, *, n_resamples: int, seed: int) -> FloatArray:
    """Return each cell's count in every resample, shape (cells, n_resamples)."""
    units, n_units = units_of(table)
    if n_units == len(table):
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(len(table), counts / len(table), size=n_resamples)
        return np.ascontiguousarray(drawn.T).astype(np.float64)
    of_patients = sparse.csr_array(
        sparse.coo_array((np.ones(len(place)), (place, units)), shape=(len(counts), n_units))
    )
    chunks = weight_chunks(n_units, n_resamples, seed=seed, rows=len(counts))
    return np.concatenate([np.asarray(of_patients @ weights) for weights in chunks], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One gap of both models, in the data and in every resample."""

    metric: str
    """Of the gap."""
    after: FloatArray
    """The mitigated model's, shape (1 + resamples,); the first is the data's."""
    before: FloatArray
    """The unmitigated model's."""
    n: int
    enough: bool
    slice: Mapping[str, str]
    class_: str | None
    overall: bool
    """Whether it is about the attribute and all classes, or the only one of two."""
    more: Mapping[str, object]
    """What else the finding's detail says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """One model's rates of one class, by level; each of shape (levels, 1 + resamples)."""

    tpr: FloatArray
    fpr: FloatArray
    selection_rate: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """One class seen by the levels of one attribute, for both models."""

    attribute: str
    names: tuple[str, ...]
    class_: str
    only: bool
    """Whether there is no other class to look at."""
    own: tuple[_Rates, _Rates]
    """Of the mitigated and of the unmitigated model."""
    rest: tuple[_Rates, _Rates]
    """Of everyone outside the level."""
    totals: IntArray
    """Records of each level."""
    supports: IntArray
    """Records of each level with the class and without it, shape (levels, 2)."""

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """Which levels have enough records of both kinds."""
        enough: npt.NDArray[np.bool_] = self.supports.min(1) >= FEWEST
        return enough


def _of_attribute(cells: _Cells, table: Predictions, place: int, attribute: str) -> Iterator[_Change]:
    names = cells.names[place]
    if len(names) < 2:
        return
    inside = np.arange(len(names))[:, None] == cells.levels[:, place]
    two = table.target_type == "classes" and len(table.classes) == 2
    classes = [1] if two else list(range(len(table.classes)))
    views = [
        _view(cells, inside, c, attribute=attribute, names=names, class_=table.classes[c], only=len(classes) == 1)
        for c in classes
    ]
    for view in views:
        yield from _of_slices(view)
    of_classes = [list(_of_levels(view)) for view in views]
    for changes in of_classes:
        yield from changes
    if len(views) > 1:
        yield from map(_over_classes, zip(*of_classes, strict=True))


def _marked(change: _Change, aims: Collection[tuple[str, str]]) -> _Change:
    """Return the change, marked when it answers whether the mitigation did what it was to do."""
    asked = change.overall and (str(change.more.get("attribute")), change.metric) in aims
    return replace(change, more={**change.more, "role": "aim"}) if asked else change


def _of_slices(view: _View) -> Iterator[_Change]:
    """Yield the change of each level's gaps to the others."""
    everyone = view.supports.sum(0)
    for level, name in enumerate(view.names):
        two = len(view.names) == 2
        other = {view.attribute: view.names[1 - level]} if two else {"group": "everyone else"}
        enough = view.supports[level].min() >= FEWEST and (everyone - view.supports[level]).min() >= FEWEST
        for metric in OF_SLICES:
            rate = metric.removesuffix("_gap")
            after, before = (
                np.abs(getattr(own, rate)[level] - getattr(rest, rate)[level])
                for own, rest in zip(view.own, view.rest, strict=True)
            )
            yield _Change(
                metric=metric,
                after=after,
                before=before,
                n=int(view.totals[level]),
                enough=bool(enough),
                slice={view.attribute: name},
                class_=view.class_,
                overall=False,
                more={"against": other},
            )


def _of_levels(view: _View) -> Iterator[_Change]:
    """Yield the change of each difference between the levels; named is the level that the twin serves worst."""
    enough = int(view.judged.sum()) >= 2
    judged = view.judged if enough else np.ones(len(view.names), dtype=bool)
    after, before = (_differences(rates, judged) for rates in view.own)
    kept = [name for name, is_judged in zip(view.names, judged, strict=True) if is_judged]
    for metric in OF_ATTRIBUTES:
        of_twin = view.own[1].selection_rate if metric.startswith("demographic") else view.own[1].tpr
        worst = int(np.nan_to_num(of_twin[judged][:, 0], nan=np.inf).argmin())
        yield _Change(
            metric=metric,
            after=after[metric],
            before=before[metric],
            n=int(view.totals[judged].sum()),
            enough=enough,
            slice={view.attribute: kept[worst]},
            class_=view.class_,
            overall=view.only,
            more={"attribute": view.attribute, "levels": kept},
        )


def _over_classes(changes: Sequence[_Change]) -> _Change:
    """Return the mean of a difference over the classes for which there are enough patients."""
    chosen = [one for one in changes if one.enough] or list(changes)
    after, before = (np.mean([getattr(one, when) for one in chosen], axis=0) for when in ("after", "before"))
    worst = max(chosen, key=lambda one: float(np.nan_to_num(one.before[0])))
    return replace(
        worst, after=after, before=before, class_=None, overall=True, more={**worst.more, "classes": len(chosen)}
    )


def _view(
    cells: _Cells,
    inside: npt.NDArray[np.bool_],
    c: int,
    *,
    attribute: str,
    names: tuple[str, ...],
    class_: str,
    only: bool,
) -> _View:
    truth = cells.truth[:, c]
    positives, negatives = ((inside & part) @ cells.counts for part in (truth, ~truth))
    own, rest = [], []
    for said in cells.said:
        hits, alarms = ((inside & part & said[:, c]) @ cells.counts for part in (truth, ~truth))
        own.append(_rates(hits, alarms, positives, negatives))
        rest.append(_rates(*(x.sum(0) - x for x in (hits, alarms, positives, negatives))))
    supports = np.column_stack([positives[:, 0], negatives[:, 0]]).astype(np.int64)
    return _View(
        attribute=attribute,
        names=names,
        class_=class_,
        only=only,
        own=(own[0], own[1]),
        rest=(rest[0], rest[1]),
        totals=supports.sum(1),
        supports=supports,
    )


def _rates(hits: FloatArray, alarms: FloatArray, positives: FloatArray, negatives: FloatArray) -> _Rates:
    return _Rates(
        tpr=ratio(hits, positives),
        fpr=ratio(alarms, negatives),
        selection_rate=ratio(hits + alarms, positives + negatives),
    )


def _differences(rates: _Rates, judged: npt.NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Return the largest difference between any two of the levels judged; NaN where a level has no rate."""
    tpr, fpr, selection = (_of_pairs(rate[judged]) for rate in (rates.tpr, rates.fpr, rates.selection_rate))
    return {
        "equal_opportunity_difference": tpr.max(0),
        "equalised_odds_difference": np.maximum(tpr, fpr).max(0),
        "average_odds_difference": ((tpr + fpr) / 2).max(0),
        "demographic_parity_difference": selection.max(0),
    }


def _of_pairs(rate: FloatArray) -> FloatArray:
    """Return the absolute difference of every pair of levels, shape (pairs, 1 + resamples)."""
    first, second = np.triu_indices(len(rate), k=1)
    differences: FloatArray = np.abs(rate[first] - rate[second])
    return differences


def _finding(change: _Change, *, split: str, n_resamples: int) -> Finding:
    difference = change.after - change.before
    ends = _basic_interval(difference)
    after, before = _plain(change.after[0]), _plain(change.before[0])
    return Finding(
        pillar="fairness",
        metric=change_name(change.metric),
        value=_plain(difference[0]),
        low=None if ends is None else ends[0],
        high=None if ends is None else ends[1],
        level=None if ends is None else LEVEL,
        n=change.n,
        slice=change.slice,
        versus={"model": TWIN},
        class_=change.class_,
        split=split,
        enough=change.enough and ends is not None,
        method=_METHOD.format(n=n_resamples),
        reference=_REFERENCE,
        detail={"mitigated": after, "unmitigated": before, "metric": change.metric, **change.more},
    )


def _basic_interval(change: FloatArray) -> tuple[float, float] | None:
    """Return twice the value minus the quantiles: an absolute gap near zero is resampled too large, and this mends it.

    In simulations of a closed gap it covers 90 to 94 % where the percentile interval covers 85 to 92 %.
    """
    value, resampled = change[0], change[1:]
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not len(resampled) or len(defined) < (1 - MAX_UNDEFINED) * len(resampled):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(2 * value - high), float(2 * value - low)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
