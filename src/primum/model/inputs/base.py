"""What every kind of input brings: how its columns become arrays, and these tensors.

A new kind of input is one file beside this one plus an encoder in `primum.model.encoders`. torch is imported where
tensors are made: who asks a model through ONNX Runtime reads the arrays and never needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records

if TYPE_CHECKING:
    import torch

Batch = dict[str, "torch.Tensor"]
Arrays = dict[str, npt.NDArray[Any]]


class Prepared(Protocol):
    """One input of n records, ready to be cut into batches."""

    lengths: npt.NDArray[np.int64]
    """How much a record costs in a padded batch (tokens; 1 where every record costs the same), shape (n,)."""

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return the tensors of these records; `present` (b,) bool says which records have this input at all."""


class AbstractInput(Protocol):
    """Turns an input's columns into tensors; what it learnt from the training records is plain JSON."""

    name: str

    def prepare(self, records: Records) -> Prepared:
        """Return the input of all records, ready for batches."""

    def state(self) -> dict[str, Any]:
        """Return what is needed to build the same input again, as plain JSON."""


def tensors(arrays: Arrays) -> Batch:
    """Return arrays as tensors that share their memory."""
    import torch

    return {name: torch.from_numpy(array) for name, array in arrays.items()}


class PreparedFeatures:
    """Features that a frozen encoder computed once; the encoder passes them through."""

    def __init__(self, features: torch.Tensor, present: torch.Tensor) -> None:
        """Keep features of shape (n, d) and present of shape (n,)."""
        self.features = features
        self.present = present
        self.lengths = np.ones(len(features), dtype=np.int64)

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return the features of these records."""
        import torch

        index = torch.as_tensor(np.asarray(rows, dtype=np.int64))
        return {"features": self.features[index], "present": self.present[index]}

    def joined(self, more: PreparedFeatures) -> PreparedFeatures:
        """Return these records followed by `more`."""
        import torch

        return PreparedFeatures(torch.cat([self.features, more.features]), torch.cat([self.present, more.present]))


class PreparedSelection:
    """Some records of a prepared input, as if there were no others."""

    def __init__(self, prepared: Prepared, rows: npt.NDArray[np.int64]) -> None:
        """Keep the records `rows` of `prepared`."""
        self._prepared = prepared
        self._rows = rows
        self.lengths = prepared.lengths[rows]

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return the tensors of these of the selected records."""
        return self._prepared.collate(self._rows[np.asarray(rows, dtype=np.int64)])
