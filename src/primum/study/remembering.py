"""A Predictor that asks the model about each different record once, however many assessments ask again."""

from __future__ import annotations

import hashlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.build import take_records
from primum.cohort.records import Records, record_keys
from primum.evidence.split_names import measured_splits

FloatArray = npt.NDArray[np.float64]


class Predictor(Protocol):
    """What is asked."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""


class Remembering:
    """Answers what it has been told or has asked before; asks the model the rest, each different record once.

    It keeps a digest and an answer of every record that it has met, some hundred bytes each, and no record.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._answers: dict[bytes, npt.NDArray[np.float64] | float] = {}

    def tell(self, records: Records, answers: FloatArray) -> None:
        """Keep what the model has said of these records."""
        self._answers.update(zip(_digests(records), answers, strict=True))

    def predict(self, records: Records) -> FloatArray:
        """Return what the model says, in the records' order."""
        keys = _digests(records)
        new = {key: row for row, key in enumerate(keys) if key not in self._answers}
        if new:
            rows = np.sort(np.fromiter(new.values(), dtype=np.int64))
            asked = take_records(records, rows)
            self.tell(asked, np.asarray(self._predictor.predict(asked), dtype=np.float64))
        return np.array([self._answers[key] for key in keys], dtype=np.float64)


def remembering(
    predictor: Predictor, cohort: Cohort, split: npt.NDArray[np.object_], answers: FloatArray
) -> Remembering:
    """Return the model with what it has said of the records that judge it.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        answers: the model's on the whole cohort, before anything was done to them.
    """
    found = Remembering(predictor)
    rows = np.flatnonzero(np.isin(split.astype(str), measured_splits(split)))
    found.tell(take_records(cohort.records, rows), answers[rows])
    return found


def _digests(records: Records) -> list[bytes]:
    written = (repr(key).encode("utf-8", "surrogatepass") for key in record_keys(records))
    return [hashlib.blake2b(one, digest_size=16).digest() for one in written]
