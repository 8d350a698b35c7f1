"""Splits: which records are trained on, tuned on, calibrated on and tested on. One patient is never in two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort.allot import keyed_order, quota
from primum.cohort.attributes import moment
from primum.cohort.cohort import SPLIT_NAMES, Cohort
from primum.cohort.columns import coded, is_none, number
from primum.cohort.plan import SplitPlan, TimeWindow
from primum.cohort.strata import UNSTRATIFIED, memberships, strata
from primum.errors import SplitError, nearest

TextArray = npt.NDArray[np.object_]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LEAST_PATIENTS = 2
"""Fewest patients of a class in a split: with one, neither a spread nor an interval exists."""
_INNER = SPLIT_NAMES[:4]


def make_splits(cohort: Cohort, plan: SplitPlan, *, keep_divided: bool = False) -> TextArray:
    """Return the name of each record's split, shape (n,).

    By fractions: external patients are set aside; the others are divided class by class (a patient with several
    classes counts as his rarest; numbers by quantile) in the order of a hash of seed and patient id. The same
    patients get the same splits in whatever order the records come.

    Raises:
        SplitError: fractions do not sum to 1, a site is not known, a given split has an unknown name or divides a
            patient, or a class has fewer than two patients in a split.
    """
    patient_of, patients = coded(cohort.patients)
    if plan.column is not None:
        split = _given(cohort, plan)
        if not keep_divided:
            _check_undivided(split, patient_of, plan.column)
        used = [name for name in _INNER if (split == name).any()]
    else:
        fractions = _fractions(plan)
        outside = _any_of(_external(cohort, plan)[:, None], patient_of, len(patients))[:, 0]
        split = _divided(cohort, patient_of, patients, outside=outside, fractions=fractions, seed=plan.seed)
        used = [name for name, share in zip(_INNER, fractions, strict=True) if share > 0]
    _check_classes(cohort, split, patient_of, used)
    return split


def _divided(
    cohort: Cohort,
    patient_of: IntArray,
    patients: list[str],
    *,
    outside: BoolArray,
    fractions: npt.NDArray[np.float64],
    seed: int,
) -> TextArray:
    members = memberships(cohort.target)
    has = _any_of(members, patient_of, len(patients))
    stratum = strata(cohort.target, patient_of, has, outside)
    order = keyed_order(patients, seed)
    chosen = np.full(len(patients), len(_INNER), dtype=np.int64)
    carry = np.zeros(len(_INNER))
    for label in _rarest_first(stratum[~outside]):
        mine = order[(stratum[order] == label) & ~outside[order]]
        least = np.zeros(len(_INNER), dtype=np.int64)
        if label != UNSTRATIFIED and members.shape[1]:
            have = np.bincount(chosen[has[:, label]], minlength=len(_INNER) + 1)[: len(_INNER)]
            least = np.where(fractions > 0, np.clip(LEAST_PATIENTS - have, 0, None), 0)
        given = quota(len(mine), fractions, carry, least)
        carry += len(mine) * fractions - given
        chosen[mine] = np.repeat(np.arange(len(_INNER)), given)
    names = np.array([*_INNER, "external"], dtype=object)
    return names[chosen[patient_of]]


def _rarest_first(stratum: IntArray) -> list[int]:
    labels, counts = np.unique(stratum, return_counts=True)
    return [int(label) for label in labels[np.lexsort((labels, counts))]]


def _fractions(plan: SplitPlan) -> npt.NDArray[np.float64]:
    shares = np.array([plan.train, plan.validation, plan.calibration, plan.test], dtype=np.float64)
    total = float(shares.sum())
    if (shares < 0).any() or abs(total - 1) > 1e-6:
        raise SplitError(f"split: train, validation, calibration and test must be shares that sum to 1, got {total:g}.")
    if plan.train <= 0 or plan.test <= 0:
        raise SplitError("split: train and test must both be above 0.")
    return shares / total


def _external(cohort: Cohort, plan: SplitPlan) -> BoolArray:
    outside = np.zeros(len(cohort), dtype=bool)
    if plan.external_sites:
        outside |= _of_sites(cohort, plan.external_sites)
    if plan.external_time is not None:
        outside |= _of_window(cohort, plan.external_time)
    return outside


def _of_sites(cohort: Cohort, sites: tuple[str, ...]) -> BoolArray:
    if cohort.site is None:
        raise SplitError("split: external sites are named, but the study has no site column; add `site` to the cohort.")
    known = sorted(set(cohort.site))
    unknown = [site for site in sites if site not in known]
    if unknown:
        named = ", ".join(f"{site!r}{nearest(site, known)}" for site in unknown)
        raise SplitError(f"split: no record is from the external site {named}; the sites are {', '.join(known[:30])}.")
    return np.isin(cohort.site.astype(str), sites)


def _of_window(cohort: Cohort, window: TimeWindow) -> BoolArray:
    if cohort.time is None:
        raise SplitError("split: an external window of time needs a time column; add `time` to the cohort.")
    present = np.flatnonzero(~is_none(cohort.time))
    times = cohort.time[present]
    as_number = len(times) > 0 and isinstance(times[0], float)
    inside = np.ones(len(times), dtype=bool)
    if window.start is not None:
        inside &= np.asarray(times >= _edge(window.start, as_number), dtype=bool)
    if window.end is not None:
        inside &= np.asarray(times < _edge(window.end, as_number), dtype=bool)
    if not inside.any():
        raise SplitError("split: no record lies in the external window of time; check its start and end.")
    outside = np.zeros(len(cohort), dtype=bool)
    outside[present[inside]] = True
    return outside


def _edge(value: str | float, as_number: bool) -> object:
    edge: object = number(str(value)) if as_number else moment(str(value))
    if edge is None or edge != edge:
        expected = "a number like the time column" if as_number else "an ISO date such as 2024-05-31"
        raise SplitError(f"split: the external window's edge {value!r} is not {expected}.")
    return edge


def _given(cohort: Cohort, plan: SplitPlan) -> TextArray:
    if cohort.given_split is None:
        raise SplitError(f"split: column {plan.column!r} was not read with the records.")
    values, n_missing = cohort.given_split, int(is_none(cohort.given_split).sum())
    if n_missing:
        raise SplitError(f"split: column {plan.column!r} is empty in {n_missing} records; give each record its split.")
    names = {value: plan.names.get(value, value) for value in sorted(set(values))}
    unknown = [value for value, name in names.items() if name not in SPLIT_NAMES]
    if unknown:
        named = ", ".join(f"{value!r}{nearest(value, SPLIT_NAMES)}" for value in unknown[:10])
        raise SplitError(
            f"split: column {plan.column!r} holds the unknown name {named}; expected {', '.join(SPLIT_NAMES)}, "
            f"or say under `names` what each value stands for."
        )
    split = np.array([names[value] for value in values], dtype=object)
    for needed in ("train", "test"):
        if not (split == needed).any() and not (needed == "test" and (split == "external").any()):
            raise SplitError(f"split: column {plan.column!r} gives no record to {needed}.")
    return split


def _check_undivided(split: TextArray, patient_of: IntArray, column: str) -> None:
    codes = np.array([SPLIT_NAMES.index(name) for name in split], dtype=np.int64)
    pairs = np.unique(np.stack([patient_of, codes]), axis=1)
    divided = int((np.bincount(pairs[0]) > 1).sum())
    if divided:
        raise SplitError(
            f"split: column {column!r} puts {divided} patients into more than one split; "
            f"keep all records of a patient together."
        )


def _check_classes(cohort: Cohort, split: TextArray, patient_of: IntArray, used: list[str]) -> None:
    classes = cohort.target.classes or ("any",)
    members = memberships(cohort.target)
    members = members if members.shape[1] else np.ones((len(cohort), 1), dtype=bool)
    short = []
    for name in used:
        rows = split == name
        for code, label in enumerate(classes):
            n = len(np.unique(patient_of[rows & members[:, code]]))
            if n < LEAST_PATIENTS:
                short.append(f"{label!r} has {n} in {name}" if cohort.target.classes else f"{name} has {n}")
    if short:
        more = f" and {len(short) - 6} more" if len(short) > 6 else ""
        raise SplitError(
            f"split: fewer than two patients a class and split: {', '.join(short[:6])}{more}; "
            f"add patients, merge classes with label_map, or set a split's share to 0."
        )


def _any_of(members: BoolArray, patient_of: IntArray, n_patients: int) -> BoolArray:
    """Return for each patient and column whether any of his records is a member; shape (n_patients, k)."""
    found = np.zeros((n_patients, members.shape[1]), dtype=bool)
    for column in range(members.shape[1]):
        found[patient_of[members[:, column]], column] = True
    return found
