"""Splits: which records are trained on, tuned on, calibrated on and tested on. One patient is never in two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from primum.cohort.allot import keyed_order, quota
from primum.cohort.build import take
from primum.cohort.claims import any_of, asked_sets, claims
from primum.cohort.cohort import SPLIT_NAMES, Cohort
from primum.cohort.columns import coded, is_none
from primum.cohort.plan import SplitPlan
from primum.cohort.strata import UNSTRATIFIED, memberships, strata
from primum.errors import SplitError, nearest
from primum.evidence.split_names import EXTERNAL, is_external, is_split, split_of_set

TextArray = npt.NDArray[np.object_]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LEAST_PATIENTS = 2
"""Fewest patients of a class in a split: with one, neither a spread nor an interval exists."""
_INNER = SPLIT_NAMES[:4]


def make_splits(cohort: Cohort, plan: SplitPlan, *, keep_divided: bool = False) -> TextArray:
    """Return the name of each record's split, shape (n,).

    Records of an external set that has a file of its own are that set. The others are divided as the plan says. By
    fractions: external patients are set aside; the others are divided class by class (a patient with several
    classes counts as his rarest; numbers by quantile) in the order of a hash of seed and patient id. The same
    patients get the same splits in whatever order the records come.

    Raises:
        SplitError: fractions do not sum to 1, a site is not known, a given split has an unknown name or divides a
            patient, a record or a patient would be in two external sets, or a class has fewer than two patients in a
            split.
    """
    if cohort.outside is not None:
        return _beside_files(cohort, plan, cohort.outside, keep_divided=keep_divided)
    patient_of, patients = coded(cohort.patients)
    if plan.column is not None:
        split = _given(cohort, plan)
        if not keep_divided:
            _check_undivided(split, patient_of, f"column {plan.column!r}")
        used = [name for name in _INNER if (split == name).any()]
    else:
        fractions = _fractions(plan)
        asked = asked_sets(plan)
        claimed = claims(cohort, asked, patient_of, len(patients))
        place = _divided(cohort, patient_of, patients, claimed=claimed, fractions=fractions, seed=plan.seed)
        names = np.array([*_INNER, *(EXTERNAL if name is None else split_of_set(name) for name in asked)], dtype=object)
        split = names[place]
        used = [name for name, share in zip(_INNER, fractions, strict=True) if share > 0]
    _check_classes(cohort, split, patient_of, used)
    return split


def _divided(
    cohort: Cohort,
    patient_of: IntArray,
    patients: list[str],
    *,
    claimed: BoolArray,
    fractions: npt.NDArray[np.float64],
    seed: int,
) -> IntArray:
    """Return the place of each record's split: of the inner ones, then of the external sets that claim patients."""
    outside: BoolArray = np.asarray(claimed.any(axis=1))
    members = memberships(cohort.target)
    has = any_of(members, patient_of, len(patients))
    stratum = strata(cohort.target, patient_of, has, outside)
    order = keyed_order(patients, seed)
    chosen = np.full(len(patients), len(_INNER), dtype=np.int64)
    if claimed.shape[1]:
        chosen += claimed.argmax(axis=1)
    carry = np.zeros(len(_INNER))
    for label in _rarest_first(stratum[~outside]):
        mine = order[(stratum[order] == label) & ~outside[order]]
        least = np.zeros(len(_INNER), dtype=np.int64)
        if label != UNSTRATIFIED and members.shape[1]:
            have = np.bincount(chosen[has[:, label]], minlength=len(_INNER))[: len(_INNER)]
            least = np.where(fractions > 0, np.clip(LEAST_PATIENTS - have, 0, None), 0)
        given = quota(len(mine), fractions, carry, least)
        carry += len(mine) * fractions - given
        chosen[mine] = np.repeat(np.arange(len(_INNER)), given)
    return chosen[patient_of]


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


def _beside_files(cohort: Cohort, plan: SplitPlan, outside: TextArray, *, keep_divided: bool) -> TextArray:
    """Return the splits of a cohort of which some records come from files of external sets."""
    inside = is_none(outside)
    split = np.array([None if name is None else split_of_set(name) for name in outside], dtype=object)
    apart = set(split[~inside])
    split[inside] = make_splits(replace(take(cohort, inside), outside=None), plan, keep_divided=keep_divided)
    twice = sorted(apart & set(split[inside]))
    if twice:
        raise SplitError(f"split: {twice[0]!r} is the name of two external sets; give each its own.")
    if not keep_divided:
        _check_undivided(split, coded(cohort.patients)[0], "an external set with a file of its own (see own_ids)")
    return split


def _given(cohort: Cohort, plan: SplitPlan) -> TextArray:
    if cohort.given_split is None:
        raise SplitError(f"split: column {plan.column!r} was not read with the records.")
    values, n_missing = cohort.given_split, int(is_none(cohort.given_split).sum())
    if n_missing:
        raise SplitError(f"split: column {plan.column!r} is empty in {n_missing} records; give each record its split.")
    names = {value: plan.names.get(value, value) for value in sorted(set(values))}
    unknown = [value for value, name in names.items() if not is_split(name)]
    if unknown:
        named = ", ".join(f"{value!r}{nearest(value, SPLIT_NAMES)}" for value in unknown[:10])
        raise SplitError(
            f"split: column {plan.column!r} holds the unknown name {named}; expected {', '.join(SPLIT_NAMES)} "
            f"or {EXTERNAL}:NAME, or say under `names` what each value stands for."
        )
    split = np.array([names[value] for value in values], dtype=object)
    for needed in ("train", "test"):
        if not (split == needed).any() and not (needed == "test" and any(map(is_external, set(split)))):
            raise SplitError(f"split: column {plan.column!r} gives no record to {needed}.")
    return split


def _check_undivided(split: TextArray, patient_of: IntArray, by: str) -> None:
    codes, _ = coded(split)
    pairs = np.unique(np.stack([patient_of, codes]), axis=1)
    divided = int((np.bincount(pairs[0]) > 1).sum())
    if divided:
        raise SplitError(
            f"split: {by} puts {divided} patients into more than one split; keep all records of a patient together."
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
