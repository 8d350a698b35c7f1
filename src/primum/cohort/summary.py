"""cohort.json: counts, hashes, Table 1 and what is repeated. Figures only, never what a record says.

A cell that 1 to 4 patients stand behind is written as null, in Table 1 with "suppressed": true. Names of a category's
levels, of groups and of sites are column values, so those of fewer than five patients are pooled as "other".
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.columns import is_none
from primum.cohort.records import ImageColumn
from primum.cohort.repeats import Repeats, find_repeats
from primum.cohort.strata import memberships
from primum.cohort.table1 import SMALL, Columns, table_one

TextArray = npt.NDArray[np.object_]


def summarise(cohort: Cohort, split: TextArray) -> dict[str, Any]:
    """Return the content of cohort.json.

    Layout: `records`, `patients`, `fingerprint`, `source`, `erased` (patients, records), `inputs`, `target`; `splits`
    and `sites` (name -> records, patients, classes); `table1` (see `primum.cohort.table1.table_one`); `repeats` and
    `text_length`; `test_sha256`, by which the same test records are known again.

    Args:
        cohort: the records.
        split: name of each record's split, shape (n,).
    """
    repeats = find_repeats(cohort, split)
    columns = Columns.of(cohort, split)
    return {
        "records": len(cohort),
        "patients": len(set(cohort.patients)),
        "fingerprint": cohort.fingerprint,
        "source": dict(cohort.source),
        "erased": erased_counts(cohort),
        "inputs": _inputs(cohort),
        "target": {
            "column": cohort.roles.target.column,
            "kind": cohort.target.kind,
            "classes": list(cohort.target.classes),
        },
        "splits": {name: _counts(cohort, rows) for name, rows in columns.splits.items()},
        "sites": {name: _counts(cohort, rows) for name, rows in columns.sites.items()},
        "table1": table_one(cohort, columns),
        "repeats": _repeats(repeats),
        "text_length": _text_length(repeats),
        "test_sha256": test_digest(cohort, split),
    }


def test_digest(cohort: Cohort, split: TextArray) -> str:
    """Return a SHA-256 of the records of test, whatever their order and the inputs in use; empty where there are none.

    It is over the sorted digests of id and target: which columns the model may see makes no other test of it.
    """
    rows = np.flatnonzero(split == "test")
    if not len(rows):
        return ""
    ones = sorted(
        hashlib.sha256(f"{one}\0{np.asarray(value).tolist()}".encode()).digest()
        for one, value in zip(cohort.ids[rows], cohort.target.values[rows], strict=True)
    )
    return hashlib.sha256(b"".join(ones)).hexdigest()


def erased_counts(cohort: Cohort) -> dict[str, int | None]:
    """Return how many patients and records were left out by erasure; None where one to four patients are behind it."""
    patients = len(cohort.erased)
    few = 0 < patients < SMALL
    return {"patients": None if few else patients, "records": None if few else sum(cohort.erased.values())}


def _inputs(cohort: Cohort) -> dict[str, Any]:
    return {
        "text": list(cohort.roles.inputs.text),
        "vitals": [
            {"column": v.name, "kind": v.kind, "unit": v.unit, "range": None if v.range is None else list(v.range)}
            for v in cohort.records.vitals.values()
        ],
        **({} if cohort.records.image is None else {"image": _image(cohort, cohort.records.image)}),
    }


def _image(cohort: Cohort, images: ImageColumn) -> dict[str, Any]:
    role = cohort.roles.inputs.image
    return {
        "column": None if role is None else role.column,
        "size": images.size,
        "colour": "grey" if images.channels == 1 else "rgb",
        "images": int((~is_none(images.keys)).sum()),
        "different": len({key for key in images.keys if key is not None}),
    }


def _counts(cohort: Cohort, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    members, patients = memberships(cohort.target)[rows], cohort.patients[rows]
    counts: dict[str, int | None] = {}
    for code, name in enumerate(cohort.target.classes):
        few = 0 < len(set(patients[members[:, code]])) < SMALL
        counts[name] = None if few else int(members[:, code].sum())
    return {"records": int(rows.sum()), "patients": len(set(patients)), "classes": counts}


def _repeats(repeats: Repeats) -> dict[str, int]:
    return {
        "duplicate_records": repeats.duplicate_records,
        "duplicate_records_across_splits": repeats.duplicate_records_across_splits,
        "repeated_texts": repeats.texts,
        "records_with_repeated_text": repeats.text_records,
        "repeated_texts_across_splits": repeats.texts_across_splits,
        "repeated_texts_with_differing_targets": repeats.texts_with_differing_targets,
    }


def _text_length(repeats: Repeats) -> dict[str, Any] | None:
    lengths = repeats.text_lengths
    if lengths is None or not (lengths > 0).any():
        return None
    q1, median, q3 = np.quantile(lengths[lengths > 0], [0.25, 0.5, 0.75])
    return {
        "unit": "characters",
        "q1": float(q1),
        "median": float(median),
        "q3": float(q3),
        "missing": int((lengths == 0).sum()),
    }
