"""Which patients the external sets claim, by hospital and by window of time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort.attributes import moment
from primum.cohort.cohort import Cohort
from primum.cohort.columns import is_none, number
from primum.cohort.plan import ExternalSet, SplitPlan, TimeWindow
from primum.errors import SplitError, nearest
from primum.evidence.split_names import EXTERNAL

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def asked_sets(plan: SplitPlan) -> dict[str | None, ExternalSet]:
    """Return the external sets by name; that without a name, None, comes first."""
    asked: dict[str | None, ExternalSet] = {}
    if plan.external_sites or plan.external_time is not None:
        asked[None] = ExternalSet(sites=plan.external_sites, time=plan.external_time)
    asked.update(plan.external_sets)
    return asked


def claims(cohort: Cohort, asked: dict[str | None, ExternalSet], patient_of: IntArray, n_patients: int) -> BoolArray:
    """Return which patient each external set claims, shape (n_patients, sets).

    Args:
        cohort: the records.
        asked: the sets by name.
        patient_of: index of each record's patient, shape (n,).
        n_patients: patients.
    Raises:
        SplitError: a site or a window is not there, or a record or a patient would be in two sets.
    """
    records = np.zeros((len(cohort), len(asked)), dtype=bool)
    for place, (name, one) in enumerate(asked.items()):
        try:
            records[:, place] = _external(cohort, one)
        except SplitError as exc:
            if name is None:
                raise
            raise SplitError(f"split: external set {name!r}: {str(exc).removeprefix('split: ')}") from exc
    claimed = any_of(records, patient_of, n_patients)
    names = [repr(name or EXTERNAL) for name in asked]
    for found, what in ((records, "records stand"), (claimed, "patients have records")):
        twice = found.sum(axis=1) > 1
        if twice.any():
            both = " and ".join(np.array(names)[found[twice][0]][:2])
            raise SplitError(
                f"split: {int(twice.sum())} {what} in two external sets, as in {both}; draw their limits so that no "
                f"patient is in both, or give every record's split in a column."
            )
    return claimed


def _external(cohort: Cohort, one: ExternalSet) -> BoolArray:
    outside = np.zeros(len(cohort), dtype=bool)
    if one.sites:
        outside |= _of_sites(cohort, one.sites)
    if one.time is not None:
        outside |= _of_window(cohort, one.time)
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


def any_of(members: BoolArray, patient_of: IntArray, n_patients: int) -> BoolArray:
    """Return for each patient and column whether any of his records is a member; shape (n_patients, k)."""
    found = np.zeros((n_patients, members.shape[1]), dtype=bool)
    for column in range(members.shape[1]):
        found[patient_of[members[:, column]], column] = True
    return found
