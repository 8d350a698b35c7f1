"""Counterfactual swaps: the same record, had it been written of a patient of another sex, age or name.

Text and vitals change together. What would become nonsense (a man with an ovarian cyst, a child's illness at fifty) is
left as it was and counted. Nothing is changed in place, and texts are swapped as they are read, so that memory does not
grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.records import Records, TextColumn, VitalColumn
from primum.cohort.swap_ages import moved_age, with_other_age
from primum.cohort.swap_plan import Swap
from primum.cohort.swap_words import speaks_of_a_time_of_life, speaks_of_one_sex, with_other_names, with_other_sex

BoolArray = npt.NDArray[np.bool_]
Rewrite = Callable[[int, str], str | None]
"""From a record's number and text to the swapped text; None where that would make nonsense."""
_CHUNK = 4096
_ABSENT = frozenset({"0", "no", "false", "none", "否", "无"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """Records after a swap."""

    records: Records
    """All records in their order; those that did not change are as they were."""
    changed: BoolArray
    """Which records say something else now, shape (n,)."""
    skipped: BoolArray
    """Which could have been swapped but would have become nonsense and so were not, shape (n,)."""
    groups: npt.NDArray[np.object_] | None
    """The attribute's group of each record after the swap, shape (n,); None for names."""


def swapped_records(cohort: Cohort, swap: Swap) -> Swapped:
    """Return the cohort's records after a swap made by `find_swaps`; the cohort itself stays as it is.

    Sex-specific anatomy and conditions, and for ages what belongs to a time of life, keep a record from being swapped.
    Source: Garg et al. 2019, AIES (counterfactual token fairness), section 3, for text; the vitals follow it here.
    """
    records = cohort.records
    groups = cohort.sensitive.get(swap.attribute)
    vitals = {name: _swapped_vital(records.vitals[name], swap, groups) for name in swap.vitals}
    touched = np.zeros(len(records), dtype=bool)
    for name, vital in vitals.items():
        touched |= _differs(records.vitals[name], vital)
    nonsense = _nonsense_in_vitals(records, swap)
    rewrite = _rewrite(cohort, swap)
    if records.text is not None and rewrite is not None:
        for row, text in _texts(records.text):
            new = rewrite(row, text)
            nonsense[row] |= new is None
            touched[row] |= new is not None and new != text
            touched[row] |= new is None and swap.kind != "name"
    if swap.kind == "age" and groups is not None:
        touched &= np.isin(groups, list(swap.to))
    changed = touched & ~nonsense
    after = None if groups is None else _groups_after(groups, swap, changed)
    text_after = records.text if rewrite is None else _swapped_text(records.text, rewrite, changed)
    new_vitals = {name: _only(changed, records.vitals[name], vital) for name, vital in vitals.items()}
    return Swapped(
        records=replace(records, text=text_after, vitals={**records.vitals, **new_vitals}),
        changed=changed,
        skipped=touched & nonsense,
        groups=after,
    )


def _texts(column: TextColumn) -> Iterator[tuple[int, str]]:
    row = 0
    for chunk in column.chunks(_CHUNK):
        for text in chunk:
            if text:
                yield row, text
            row += 1


def _rewrite(cohort: Cohort, swap: Swap) -> Rewrite | None:
    if swap.kind == "sex":
        return lambda _, text: None if speaks_of_one_sex(text) else with_other_sex(text)
    if swap.kind == "name":
        return lambda _, text: with_other_names(text)
    return _age_rewrite(cohort, swap) if swap.kind == "age" else None


def _age_rewrite(cohort: Cohort, swap: Swap) -> Rewrite:
    groups = cohort.sensitive[swap.attribute]
    numbers = [cohort.records.vitals[name] for name in swap.vitals if cohort.records.vitals[name].kind == "number"]

    def rewrite(row: int, text: str) -> str | None:
        group = groups[row]
        if group not in swap.to:
            return text
        known = [float(vital.values[row]) for vital in numbers if not np.isnan(vital.values[row])]
        old, new = swap.bands[group], swap.bands[swap.to[group]]
        if speaks_of_a_time_of_life(text) or (known and not old[0] <= known[0]):
            return None
        return with_other_age(text, old, new, age=known[0] if known else None)

    return rewrite


def _nonsense_in_vitals(records: Records, swap: Swap) -> BoolArray:
    """Return which records have a vital that only one sex has (pregnancies, PSA), or are too young to move."""
    nonsense = np.zeros(len(records), dtype=bool)
    for vital in records.vitals.values():
        if swap.kind == "sex" and vital.name not in swap.vitals:
            nonsense |= _of_one_sex(vital)
        if swap.kind == "age" and vital.name in swap.vitals and vital.kind == "number":
            youngest = min(band[0] for band in swap.bands.values())
            nonsense |= vital.values.astype(np.float64) < youngest
    return nonsense


def _of_one_sex(vital: VitalColumn) -> BoolArray:
    if vital.kind == "number":
        values = vital.values.astype(np.float64)
        named = speaks_of_one_sex(vital.name.replace("_", " "))
        return np.asarray(named & ~np.isnan(values) & (values != 0), dtype=bool)
    levels = {level for level in vital.values.tolist() if level is not None}
    present = {level for level in levels if level.casefold() not in _ABSENT}
    if not speaks_of_one_sex(vital.name.replace("_", " ")):
        present = {level for level in present if speaks_of_one_sex(level)}
    return np.array([level in present for level in vital.values.tolist()], dtype=bool)


def _swapped_vital(vital: VitalColumn, swap: Swap, groups: npt.NDArray[np.object_] | None) -> VitalColumn:
    if vital.name not in swap.exchange:
        return _moved(vital, swap, groups)
    exchange = swap.exchange[vital.name]
    values = [exchange.get(value, value) for value in vital.values.tolist()]
    return replace(vital, values=np.array(values, dtype=np.float64 if vital.kind == "number" else object))


def _moved(vital: VitalColumn, swap: Swap, groups: npt.NDArray[np.object_] | None) -> VitalColumn:
    """Return an age in years moved from each record's band to another."""
    moved = vital.values.astype(np.float64)
    for old, new in swap.to.items():
        for row in np.flatnonzero((groups == old) & ~np.isnan(moved)):
            moved[row] = moved_age(moved[row], swap.bands[old], swap.bands[new])
    return replace(vital, values=moved)


def _differs(old: VitalColumn, new: VitalColumn) -> BoolArray:
    if old.kind == "number":
        return np.asarray((old.values != new.values) & ~np.isnan(old.values.astype(np.float64)), dtype=bool)
    return np.asarray(old.values != new.values, dtype=bool)


def _only(changed: BoolArray, old: VitalColumn, new: VitalColumn) -> VitalColumn:
    return replace(old, values=np.where(changed, new.values, old.values))


def _groups_after(groups: npt.NDArray[np.object_], swap: Swap, changed: BoolArray) -> npt.NDArray[np.object_]:
    after = groups.copy()
    after[changed] = [swap.to.get(group, group) for group in groups[changed]]
    return after


def _swapped_text(base: TextColumn | None, rewrite: Rewrite, changed: BoolArray) -> TextColumn | None:
    return None if base is None else SwappedText(base, rewrite, changed)


class SwappedText:
    """A TextColumn that rewrites the texts of chosen records as they are read."""

    def __init__(self, base: TextColumn, rewrite: Rewrite, chosen: BoolArray) -> None:
        self._base = base
        self._rewrite = rewrite
        self._chosen = chosen

    def __len__(self) -> int:
        return len(self._base)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records."""
        numbers = np.asarray(rows, dtype=np.int64).tolist()
        return [self._of(row, text) for row, text in zip(numbers, self._base.take(rows), strict=True)]

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def _of(self, row: int, text: str | None) -> str | None:
        return self._rewrite(row, text) if text and self._chosen[row] else text
