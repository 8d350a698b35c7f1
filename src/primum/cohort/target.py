"""The target from strings: class codes, label indicators or numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Target
from primum.cohort.columns import Coded, is_missing, number, spelled
from primum.cohort.faults import Faults, rows_named
from primum.cohort.roles import TargetRole
from primum.errors import ColumnError

Rows = npt.NDArray[np.int64]


def parse_target(role: TargetRole, cells: Coded, rows: Rows, *, label_map: Mapping[str, str], faults: Faults) -> Target:
    """Return the coded target; classes and labels are coded in the order of their sorted names.

    Args:
        role: column and kind.
        cells: the column, shape (n,).
        rows: row numbers in the source for messages, shape (n,).
        label_map: value in the column -> class name.
        faults: receives an error for missing values, for values that are no number, and for a constant target.
    """
    mapped = {spelled(value): name for value, name in label_map.items()}

    def name_of(value: str) -> str | None:
        if spelled(value) in mapped:
            return mapped[spelled(value)]
        return None if is_missing(value) else value

    if role.kind == "labels":
        return _labels(role, cells, name_of, faults)
    if role.kind == "number":
        return _number(role, cells, rows, faults)
    return _classes(role, cells, rows, name_of=name_of, faults=faults)


def _classes(
    role: TargetRole, cells: Coded, rows: Rows, *, name_of: Callable[[str], str | None], faults: Faults
) -> Target:
    names = [name_of(value) for value in cells.values]
    classes = role.classes or tuple(sorted({name for name in names if name is not None}))
    names = _known(role, names, faults)
    code_of = {name: code for code, name in enumerate(classes)}
    lookup = [-1 if name is None else code_of[name] for name in names]
    values = np.array([*lookup, -1], dtype=np.int64)[cells.codes]
    _check_present(role, values < 0, rows, faults)
    if len(classes) == 1 and not role.classes:
        faults.add(
            ColumnError(
                f"column {role.column!r}: every record has the class {classes[0]!r}; "
                f"a target needs at least two classes."
            )
        )
    return Target(kind="classes", classes=classes, values=values)


def _known(role: TargetRole, names: list[str | None], faults: Faults) -> list[str | None]:
    """Return the names, None in place of those that are not among the known classes."""
    strange = {name for name in names if name is not None and role.classes and name not in role.classes}
    if strange:
        faults.add(
            ColumnError(
                f"column {role.column!r}: holds {len(strange)} classes that are not among those learnt "
                f"({', '.join(role.classes[:10])}); map them with label_map, or leave their records out."
            )
        )
    return [None if name in strange else name for name in names]


def _labels(role: TargetRole, cells: Coded, name_of: Callable[[str], str | None], faults: Faults) -> Target:
    named = [
        {name for part in value.split(";") if part.strip() and (name := name_of(part.strip())) is not None}
        for value in cells.values
    ]
    classes = role.classes or tuple(sorted(set().union(*named)))
    named = [set(filter(None, _known(role, [*one], faults))) for one in named]
    lookup = np.zeros((len(named) + 1, len(classes)), dtype=np.int64)
    for row, names in enumerate(named):
        lookup[row, [classes.index(name) for name in names]] = 1
    if not classes:
        faults.add(ColumnError(f"column {role.column!r}: no record has a label; expected names separated by ';'."))
    return Target(kind="labels", classes=classes, values=lookup[cells.codes])


def _number(role: TargetRole, cells: Coded, rows: Rows, faults: Faults) -> Target:
    values = cells.numbers()
    wrong = cells.where(lambda value: not is_missing(value) and np.isnan(number(value)))
    _check_present(role, np.isnan(values) & ~wrong, rows, faults)
    if wrong.any():
        faults.add(
            ColumnError(
                f"column {role.column!r}: the target is to be a number, but {rows_named(rows[wrong])} hold something "
                f"else; mend them, or set the target's type to classes."
            )
        )
    elif len(values) and np.nanmin(np.append(values, np.inf)) == np.nanmax(np.append(values, -np.inf)):
        faults.add(ColumnError(f"column {role.column!r}: every record has the same number; nothing can be learnt."))
    return Target(kind="number", classes=(), values=values)


def _check_present(role: TargetRole, missing: npt.NDArray[np.bool_], rows: Rows, faults: Faults) -> None:
    if missing.any():
        faults.add(
            ColumnError(
                f"column {role.column!r}: the target is missing in {int(missing.sum())} of {len(missing)} records "
                f"({rows_named(rows[missing])}); fill it in, or leave these records out."
            )
        )
