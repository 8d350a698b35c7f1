"""What is asked of a model's inputs, whoever computes the answer: torch, or ONNX Runtime without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records, TextList
from primum.cohort.roles import VitalKind
from primum.errors import InputError
from primum.model.inputs.base import AbstractInput, Prepared, PreparedSelection
from primum.model.inputs.cells import CELLS
from primum.model.inputs.image import ImageInput, PreparedImage
from primum.model.inputs.text import PreparedText
from primum.model.inputs.vitals import PreparedVitals, VitalsInput

FloatArray = npt.NDArray[np.float64]
REPEATED = 0.9
"""Share of different texts up to which reading each once is worth the trouble."""


def prepare(inputs: Mapping[str, AbstractInput], records: Records) -> dict[str, Prepared]:
    """Return each input of the records, ready for batches.

    Raises:
        InputError: the records have none of the inputs the model was tuned on.
    """
    if not set(records.input_names()) & set(inputs):
        raise InputError(f"the records have none of the model's inputs ({', '.join(inputs)}).")
    return each_prepared(inputs, records)


def each_prepared(inputs: Mapping[str, AbstractInput], records: Records) -> dict[str, Prepared]:
    """Return each input of the records; one that they lack is missing throughout."""
    names = records.input_names()
    return {name: one.prepare(records if name in names else _without(records, name)) for name, one in inputs.items()}


def _without(records: Records, name: str) -> Records:
    text = TextList([None] * len(records)) if name == "text" else None
    return Records(n=len(records), text=text)


def vital_kinds(inputs: Mapping[str, AbstractInput]) -> dict[str, VitalKind]:
    """Return whether each vital was tuned as a number or as a category."""
    vitals = inputs.get("vitals")
    return {code.name: code.kind for code in vitals.codes} if isinstance(vitals, VitalsInput) else {}


def colour(inputs: Mapping[str, AbstractInput]) -> bool | None:
    """Return whether the model was tuned on images in colour; None where it reads none."""
    image = inputs.get("image")
    return image.colour if isinstance(image, ImageInput) else None


def vital_names(inputs: Mapping[str, AbstractInput]) -> tuple[str, ...]:
    """Return the vitals the model reads: numbers, then categories."""
    fitted = inputs.get("vitals")
    return tuple(c.name for c in (*fitted.numbers, *fitted.categories)) if isinstance(fitted, VitalsInput) else ()


def vitals_there(prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
    """Return which vitals each record has, in the order of `vital_names`, shape (n, v)."""
    vitals = prepared.get("vitals")
    if isinstance(vitals, PreparedVitals):
        return vitals.there()
    return np.zeros((len(next(iter(prepared.values())).lengths), 0), dtype=bool)


def cells_there(prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
    """Return which cells of a picture each record has, row by row: all or none, shape (n, CELLS); (n, 0) of no image.

    Of pictures that an encoder has read already no part can be taken away.
    """
    image = prepared.get("image")
    if isinstance(image, PreparedImage):
        return np.repeat(image.present[:, None], CELLS, axis=1)
    return np.zeros((len(next(iter(prepared.values())).lengths), 0), dtype=bool)


def thinned(
    prepared: Mapping[str, Prepared],
    rows: npt.NDArray[np.int64],
    tokens: Sequence[npt.NDArray[np.bool_]],
    vitals: npt.NDArray[np.bool_],
    cells: npt.NDArray[np.bool_] | None = None,
) -> dict[str, Prepared]:
    """Return records of which only a part is left.

    Args:
        prepared: what `prepare` returned.
        rows: the record that each is made from, shape (m,).
        tokens: which of its tokens each keeps; with none it has no text.
        vitals: which vitals each keeps, in the order of `vital_names`, shape (m, v).
        cells: which cells of its picture each keeps, shape (m, CELLS); None: the picture stays whole.
    """
    left: dict[str, Prepared] = {}
    for name, one in prepared.items():
        if isinstance(one, PreparedText):
            left[name] = one.thinned(rows, tokens)
        elif isinstance(one, PreparedVitals):
            left[name] = one.thinned(rows, vitals)
        elif isinstance(one, PreparedImage):
            left[name] = one.chosen(rows) if cells is None else one.thinned(rows, cells)
        else:
            left[name] = PreparedSelection(one, rows)
    return left


def answers_of(logits: npt.NDArray[Any], *, kind: str, scale: float, shift: float) -> FloatArray:
    """Return probabilities (n, k), or the numbers in their own unit (n,), from what a head says.

    Args:
        logits: shape (n, outputs); of a number the mean and, where it is learnt, the log variance.
        kind: classes, labels or number.
        scale: of a number, in its own unit.
        shift: of a number, in its own unit.
    """
    said = np.asarray(logits, dtype=np.float64)
    if kind == "classes":
        odds = np.exp(said - said.max(1, keepdims=True))
        return np.asarray(odds / odds.sum(1, keepdims=True))
    if kind == "labels":
        return np.asarray(np.where(said >= 0, 1 / (1 + np.exp(-np.abs(said))), 1 - 1 / (1 + np.exp(-np.abs(said)))))
    return np.asarray(said[:, 0] * scale + shift)
