"""predictions.parquet: written by a run, read again without loss."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from primum.errors import PredictionsError
from primum.evidence.predictions import FloatArray, IntArray, Predictions, TextArray
from primum.files import atomic_path

PROBABILITY = "p:"
"""What the name of a probability column begins with; the class follows."""
SEPARATOR = ";"
"""What stands between the labels of one record."""
_META = b"primum"
_RESERVED = ("id", "split", "target", "predicted", "patient")


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions.parquet, atomically.

    Columns: id, split, target, predicted, p:<class>..., each sensitive attribute, site, and patient where patients have
    several records. Labels are joined with ";". A number has no p columns.

    Raises:
        PredictionsError: an attribute has the name of another column, or a label holds the separator.
        OutputError: the place cannot be written to.
    """
    _check_names(predictions)
    columns: dict[str, pa.Array] = {
        "id": _text(predictions.ids),
        "split": _text(predictions.split),
        "target": _outcomes(predictions, predictions.target),
        "predicted": _outcomes(predictions, predictions.predicted),
    }
    if predictions.probabilities is not None:
        for index, name in enumerate(predictions.classes):
            columns[PROBABILITY + name] = pa.array(predictions.probabilities[:, index], type=pa.float64())
    columns |= {name: _text(values) for name, values in predictions.groups.items()}
    if predictions.site is not None:
        columns["site"] = _text(predictions.site)
    if predictions.patient is not None:
        columns["patient"] = _text(predictions.patient)
    meta = {
        "target_type": predictions.target_type,
        "classes": list(predictions.classes),
        "probabilities": predictions.probabilities is not None,
        "groups": list(predictions.groups),
        "site": predictions.site is not None,
    }
    table = pa.table(columns).replace_schema_metadata({_META: json.dumps(meta, ensure_ascii=False).encode()})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_predictions(path: Path) -> Predictions:
    """Return what `write_predictions` wrote.

    Raises:
        PredictionsError: the file is missing, damaged or was not written by a run.
    """
    if not path.is_file():
        raise PredictionsError(f"{path}: no such file; a finished run holds predictions.parquet.")
    try:
        table = pq.read_table(path)
        meta = json.loads((table.schema.metadata or {})[_META])
        return _from_table(table, meta)
    except (pa.ArrowInvalid, KeyError, ValueError, OSError):
        raise PredictionsError(
            f"{path}: was not written by a run, or is damaged; a table of another model is read by `primum assess`."
        ) from None


def split_labels(joined: str) -> tuple[str, ...]:
    """Return the labels of one record, in order, without blanks."""
    return tuple(part.strip() for part in joined.split(SEPARATOR) if part.strip())


def code_labels(joined: TextArray, classes: tuple[str, ...]) -> IntArray:
    """Return 0/1 for each record and label, shape (n, k).

    Raises:
        KeyError: a label is not among `classes`.
    """
    place = {name: index for index, name in enumerate(classes)}
    coded = np.zeros((len(joined), len(classes)), dtype=np.int64)
    for row, text in enumerate(joined.tolist()):
        for label in split_labels(text or ""):
            coded[row, place[label]] = 1
    return coded


def _check_names(predictions: Predictions) -> None:
    for name in predictions.groups:
        clash = name in _RESERVED or name.startswith(PROBABILITY) or (name == "site" and predictions.site is not None)
        if clash and not _is_site(predictions, name):
            raise PredictionsError(
                f"sensitive attribute {name!r}: predictions.parquet has a column of that name already; "
                f"rename the attribute."
            )
    bad = [name for name in predictions.classes if SEPARATOR in name]
    if predictions.target_type == "labels" and bad:
        raise PredictionsError(f"label {bad[0]!r}: holds {SEPARATOR!r}, which stands between labels; rename it.")


def _is_site(predictions: Predictions, name: str) -> bool:
    """Return whether an attribute is the hospital itself, which the column `site` then holds."""
    site = predictions.site
    return name == "site" and site is not None and np.array_equal(predictions.groups[name], site)


def _text(values: TextArray) -> pa.Array:
    return pa.array(values, type=pa.string())


def _outcomes(predictions: Predictions, values: IntArray | FloatArray) -> pa.Array:
    if predictions.target_type == "number":
        return pa.array(values, type=pa.float64())
    names = np.array(predictions.classes, dtype=object)
    if predictions.target_type == "classes":
        return _text(names[values.astype(np.int64)])
    return pa.array([SEPARATOR.join(names[row == 1]) for row in values], type=pa.string())


def _from_table(table: pa.Table, meta: dict[str, object]) -> Predictions:
    kind, classes = str(meta["target_type"]), tuple(map(str, _listed(meta["classes"])))
    if kind not in ("classes", "labels", "number"):
        raise ValueError(kind)
    columns = table.column_names
    probabilities = None
    if meta["probabilities"]:
        probabilities = np.column_stack([_numbers(table, PROBABILITY + name) for name in classes])
    return Predictions(
        ids=_objects(table, "id"),
        split=_objects(table, "split"),
        target_type=kind,  # type: ignore[arg-type]  # checked above
        classes=classes,
        target=_coded(table, "target", kind, classes),
        predicted=_coded(table, "predicted", kind, classes),
        probabilities=probabilities,
        groups={str(name): _objects(table, str(name)) for name in _listed(meta["groups"])},
        site=_objects(table, "site") if meta["site"] else None,
        patient=_objects(table, "patient") if "patient" in columns else None,
    )


def _coded(table: pa.Table, column: str, kind: str, classes: tuple[str, ...]) -> IntArray | FloatArray:
    if kind == "number":
        return _numbers(table, column)
    if kind == "labels":
        return code_labels(_objects(table, column), classes)
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[name] for name in table.column(column).to_pylist()], dtype=np.int64)


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    return value


def _objects(table: pa.Table, column: str) -> npt.NDArray[np.object_]:
    found = np.empty(table.num_rows, dtype=object)
    found[:] = table.column(column).to_pylist()
    return found


def _numbers(table: pa.Table, column: str) -> FloatArray:
    return np.array(table.column(column).to_numpy(), dtype=np.float64)
