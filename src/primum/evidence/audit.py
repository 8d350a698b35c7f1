"""Predictions from any model's table, checked so that no wrong figure follows from a wrong table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from primum.errors import PredictionsError, nearest
from primum.evidence.bands import band_names, banded
from primum.evidence.predictions import UNKNOWN, FloatArray, IntArray, Predictions, TargetType, TextArray
from primum.evidence.sources import Source, missing, open_source
from primum.evidence.split_names import EXTERNAL, SPLITS, is_split, measured_splits
from primum.evidence.tables import PROBABILITY, code_labels, split_labels

MOST_GROUPS = 200
"""Most groups of a sensitive attribute; more is a number that wants bins, and no group would have enough patients."""
TOLERANCE = 1e-3
"""How far the probabilities of a row may sum from 1: three printed digits."""
SCORE = "score"
"""The column that a two-class table may have in place of p: columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveColumn:
    """An attribute by which patients may be served unequally, as a column of a table."""

    column: str
    """Name of the column, and of the attribute."""
    bins: tuple[float, ...] | None = None
    """Edges of the bands of a number, ascending."""


def predictions_from_table(
    table: object,
    *,
    target: str,
    target_type: TargetType = "classes",
    probabilities: Mapping[str, str] | None = None,
    sensitive: Sequence[SensitiveColumn | str] = (),
    site: str | None = None,
    split: str | None = None,
    id_column: str | None = None,
    patient: str | None = None,
    predicted: str | None = None,
) -> Predictions:
    """Return any model's predictions, from its table.

    Args:
        table: path of a csv, tsv, parquet or jsonl file, or a pandas, polars, pyarrow or other Arrow table.
        target: column of what was true; where it is missing, a column called "target" serves.
        target_type: classes, labels (";"-separated) or number.
        probabilities: class -> column. None takes the columns p:<class>; of two classes one is enough, or `score`,
            which is then the probability of the second class by name.
        sensitive: attributes; a number wants bins. A column of ready band names is taken as it is.
        site: column of the hospital; where it is missing, "site" serves. None: a column "site" if there is one.
        split: column of split names; None: a column "split" if there is one, else all rows are test.
        id_column: None: a column "id" if there is one, else the row's number.
        patient: None: a column "patient" if there is one, else each row is a patient.
        predicted: column of the decision; None: "predicted" if there is one, else the most probable class (labels: 0.5
            and above).
    Raises:
        PredictionsError: the table is not what an audit can read; one sentence says what and where.
    """
    if target_type not in get_args(TargetType):
        raise PredictionsError(f"target type: expected classes, labels or number, got {target_type!r}.")
    source = open_source(table)
    truth_column = _fallback(source, target, "target")
    source.require(truth_column, "target")
    decided = predicted or ("predicted" if "predicted" in source.columns else None)
    if target_type == "number":
        outcome = _numbers(source, truth_column, decided)
    elif target_type == "labels":
        outcome = _labels(source, truth_column, decided, probabilities)
    else:
        outcome = _classes(source, truth_column, decided, probabilities)
    return Predictions(
        ids=_ids(source, id_column),
        split=_splits(source, split),
        target_type=target_type,
        classes=outcome.classes,
        target=outcome.target,
        predicted=outcome.predicted,
        probabilities=outcome.probabilities,
        groups={one.column: _groups(source, one) for one in map(_as_column, sensitive)},
        site=_names(source, None if site is None else _fallback(source, site, "site"), "site"),
        patient=_patients(source, patient),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    classes: tuple[str, ...]
    target: IntArray | FloatArray
    predicted: IntArray | FloatArray
    probabilities: FloatArray | None


def _as_column(value: SensitiveColumn | str) -> SensitiveColumn:
    return SensitiveColumn(column=value) if isinstance(value, str) else value


def _fallback(source: Source, column: str, standard: str) -> str:
    """Return the column, or the standard name of predictions.parquet where only that is there."""
    return standard if column not in source.columns and standard in source.columns else column


def _numbers(source: Source, target: str, decided: str | None) -> _Outcome:
    source.require(decided or "predicted", "predicted number")
    truth, said = _finite(source, target), _finite(source, decided or "predicted")
    return _Outcome(classes=(), target=truth, predicted=said, probabilities=None)


def _finite(source: Source, column: str) -> FloatArray:
    values = source.numbers(column)
    _refuse(source, ~np.isfinite(values), f"column {column!r} has no finite number", "give every record one")
    return values


def _refuse(source: Source, wrong: npt.NDArray[np.bool_], what: str, mend: str) -> None:
    """Raise a PredictionsError that names the first wrong row and counts them, if there is one."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise PredictionsError(
            f"{source.name}: {what} in row {rows[0] + 1} ({len(rows)} of {len(wrong)} rows); {mend}."
        )


def _present(source: Source, column: str) -> TextArray:
    values = source.texts(column)
    _refuse(source, missing(values), f"column {column!r} is missing", "fill it or leave the row out")
    return values


def _classes(source: Source, target: str, decided: str | None, given: Mapping[str, str] | None) -> _Outcome:
    truth = _present(source, target)
    seen = sorted(set(truth.tolist()))
    if len(seen) < 2:
        raise PredictionsError(
            f"{source.name}: column {target!r} holds one class only, {seen[0]!r}; "
            f"an audit needs records of at least two."
        )
    columns = _probability_columns(source, given)
    if not columns and decided is None:
        raise PredictionsError(
            f"{source.name}: there are neither probabilities (p:<class>, or score for two classes) nor a column "
            f"'predicted'; give one."
        )
    if not columns:
        classes = tuple(sorted(set(seen) | set(_present(source, decided or "").tolist())))
        table = None
    elif len(columns) == 1:
        truth, classes, table = _from_one_column(source, truth, seen, columns)
    else:
        classes, table = tuple(columns), np.column_stack([_probability(source, c) for c in columns.values()])
        far = np.abs(table.sum(1) - 1) > TOLERANCE
        _refuse(source, far, "the probabilities do not sum to 1", "give each class its column and check the rounding")
    coded = _coded(source, truth, classes, target)
    if decided is None and table is not None:
        return _Outcome(classes=classes, target=coded, predicted=table.argmax(1), probabilities=table)
    said = _renamed(_present(source, decided or ""), classes)
    return _Outcome(
        classes=classes, target=coded, predicted=_coded(source, said, classes, decided or ""), probabilities=table
    )


def _probability_columns(source: Source, given: Mapping[str, str] | None) -> dict[str, str]:
    """Return class -> column; the bare score's class is an empty name."""
    if given is not None:
        for name, column in given.items():
            source.require(column, f"probability of {name!r}")
        return dict(given)
    named = {c[len(PROBABILITY) :]: c for c in source.columns if c.startswith(PROBABILITY)}
    return named or ({"": SCORE} if SCORE in source.columns else {})


def _probability(source: Source, column: str) -> FloatArray:
    values = source.numbers(column)
    _refuse(source, np.isnan(values), f"column {column!r} has no number", "give every record a probability")
    outside = (values < 0) | (values > 1)
    _refuse(source, outside, f"column {column!r} is outside 0 to 1", "turn scores into probabilities")
    return values


def _from_one_column(
    source: Source, truth: TextArray, seen: list[str], columns: Mapping[str, str]
) -> tuple[TextArray, tuple[str, ...], FloatArray]:
    """Return truth, the two classes and both probabilities from the second's, the one that the table is about."""
    [(positive, column)] = columns.items()
    if len(seen) != 2:
        raise PredictionsError(
            f"{source.name}: one column of probabilities, {column!r}, says all for two classes, but the target holds "
            f"{len(seen)}; give a column p:<class> for each."
        )
    positive = positive or seen[1]
    classes = _two_classes(source, seen, positive)
    p = _probability(source, column)
    return _renamed(truth, classes), classes, np.column_stack([1 - p, p])


def _two_classes(source: Source, seen: list[str], positive: str) -> tuple[str, str]:
    if positive in seen:
        [negative] = [name for name in seen if name != positive]
        return negative, positive
    if {name.lower() for name in seen} in ({"0", "1"}, {"false", "true"}):
        return f"not {positive}", positive
    raise PredictionsError(
        f"{source.name}: the probability is of {positive!r}{nearest(positive, seen)}, but the target's classes are "
        f"{seen[0]!r} and {seen[1]!r}; name one of these."
    )


def _renamed(values: TextArray, classes: tuple[str, ...]) -> TextArray:
    """Return 0/1 or false/true as the names of two classes, where the classes are called otherwise."""
    if len(classes) != 2 or not set(values.tolist()).isdisjoint(classes):
        return values
    names = {"0": classes[0], "false": classes[0], "1": classes[1], "true": classes[1]}
    renamed = np.empty(len(values), dtype=object)
    renamed[:] = [names.get(value.lower(), value) for value in values.tolist()]
    return renamed


def _coded(source: Source, values: TextArray, classes: tuple[str, ...], column: str) -> IntArray:
    place = {name: index for index, name in enumerate(classes)}
    unseen = sorted(set(values.tolist()) - set(classes))
    if unseen:
        raise PredictionsError(
            f"{source.name}: column {column!r} holds class {unseen[0]!r}, which has no probability "
            f"column{nearest(unseen[0], classes)}; the classes are {', '.join(classes[:30])}."
        )
    return np.array([place[value] for value in values.tolist()], dtype=np.int64)


def _labels(source: Source, target: str, decided: str | None, given: Mapping[str, str] | None) -> _Outcome:
    columns = _probability_columns(source, given)
    if not columns or "" in columns:
        raise PredictionsError(
            f"{source.name}: several labels a record need a column p:<label> for each; there is none."
        )
    classes = tuple(columns)
    table = np.column_stack([_probability(source, column) for column in columns.values()])
    truth = _coded_labels(source, target, classes)
    said = (table >= 0.5).astype(np.int64) if decided is None else _coded_labels(source, decided, classes)
    return _Outcome(classes=classes, target=truth, predicted=said, probabilities=table)


def _coded_labels(source: Source, column: str, classes: tuple[str, ...]) -> IntArray:
    """Return 0/1 a record and label; an empty cell is a record with none."""
    texts = source.texts(column)
    unseen = sorted({label for text in set(texts.tolist()) if text for label in split_labels(text)} - set(classes))
    if unseen:
        raise PredictionsError(
            f"{source.name}: column {column!r} holds label {unseen[0]!r}, which has no probability "
            f"column{nearest(unseen[0], classes)}; the labels are {', '.join(classes[:30])}."
        )
    return code_labels(texts, classes)


def _ids(source: Source, column: str | None) -> TextArray:
    name = column or ("id" if "id" in source.columns else None)
    if name is None:
        return np.array([str(row) for row in range(1, len(source) + 1)], dtype=object)
    source.require(name, "record id")
    ids = _present(source, name)
    _, first = np.unique(ids.astype(str), return_index=True)
    again = np.ones(len(ids), dtype=bool)
    again[first] = False
    _refuse(source, again, f"column {name!r} repeats an earlier id", "give each record its own, and patients a column")
    return ids


def _splits(source: Source, column: str | None) -> TextArray:
    name = column or ("split" if "split" in source.columns else None)
    if name is None:
        return np.full(len(source), "test", dtype=object)
    source.require(name, "split")
    splits = _present(source, name)
    names = set(splits.tolist())
    unknown = sorted(name for name in names if not is_split(name))
    if unknown:
        raise PredictionsError(
            f"{source.name}: column {name!r} holds split {unknown[0]!r}{nearest(unknown[0], SPLITS)}; "
            f"the splits are {', '.join(SPLITS)}, and {EXTERNAL}:NAME for each of several external sets."
        )
    if not measured_splits(names):
        raise PredictionsError(f"{source.name}: column {name!r} has no row of test or external; an audit needs one.")
    return splits


def _groups(source: Source, one: SensitiveColumn) -> TextArray:
    source.require(one.column, "sensitive attribute")
    texts = source.texts(one.column)
    if one.bins is not None and not set(texts.tolist()) <= {*band_names(one.bins), UNKNOWN, None}:
        texts = banded(source.numbers(one.column), one.bins)
    texts[missing(texts)] = UNKNOWN
    groups = len(set(texts.tolist()))
    if groups == 1:
        raise PredictionsError(
            f"{source.name}: sensitive column {one.column!r} holds one group only, so that there is nobody to compare "
            f"with; leave it out, or check its values{' and bins' if one.bins is not None else ''}."
        )
    if groups > MOST_GROUPS:
        raise PredictionsError(
            f"{source.name}: sensitive column {one.column!r} has {groups} groups, more than {MOST_GROUPS}; "
            f"give it bins, e.g. {{column: {one.column}, bins: [0, 45, 65, 120]}}."
        )
    return texts


def _names(source: Source, column: str | None, standard: str) -> TextArray | None:
    name = column or (standard if standard in source.columns else None)
    if name is None:
        return None
    source.require(name, standard)
    values = source.texts(name)
    values[missing(values)] = UNKNOWN
    return values


def _patients(source: Source, column: str | None) -> TextArray | None:
    name = column or ("patient" if "patient" in source.columns else None)
    if name is None:
        return None
    source.require(name, "patient")
    return _present(source, name)
