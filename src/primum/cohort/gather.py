"""One pass over a source: erased patients and those without consent left out, small columns coded, texts spooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from primum.cohort.columns import Coded, Interner, is_missing, spelled
from primum.cohort.fingerprint import TextHasher
from primum.cohort.leave_out import LeaveOut
from primum.cohort.readers import Table
from primum.cohort.roles import ConsentRole
from primum.cohort.text import SpooledText, TextSpool
from primum.errors import CohortError


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The columns of a source that were asked for; only records of patients not erased, whose consent is granted."""

    coded: Mapping[str, Coded]
    rows: npt.NDArray[np.int64]
    """Row number in the source, counted from 1; shape (n,)."""
    text: SpooledText | None
    text_digest: str
    """Digest of all texts, empty without a text column."""
    n_read: int
    """Records in the source, but for those of erased patients."""
    n_consent_empty: int = 0
    """Records whose consent is neither granted nor refused, but empty."""
    erased: Mapping[str, int] = field(default_factory=dict)
    """Entry of the list of erased patients -> records that were left out."""


def gather(
    table: Table,
    coded: Sequence[str],
    text: Sequence[str],
    *,
    consent: ConsentRole | None = None,
    leave_out: LeaveOut | None = None,
) -> Gathered:
    """Return the named columns of a table.

    Memory grows with the number of distinct values and four bytes a cell; texts go to the spool.

    Raises:
        ColumnError: a column is not there.
        CohortError: there is no record, none that is not erased, or none whose consent is granted.
    """
    pass_ = _Pass(list(dict.fromkeys(coded)), list(text), consent, leave_out)
    wanted = [*pass_.coded, *pass_.text, *pass_.consent_columns, *([leave_out.column] if leave_out else [])]
    table.require(wanted)
    for batch in table.batches(list(dict.fromkeys(wanted))):
        pass_.add(batch)
    gathered = pass_.finish()
    if gathered.n_read == 0 and gathered.erased:
        raise CohortError(f"{table.name}: every record is of an erased patient, so there is nothing to read.")
    if gathered.n_read == 0:
        raise CohortError(f"{table.name}: holds a header but no record.")
    if consent is not None and not len(gathered.rows):
        raise CohortError(
            f"{table.name}: no record grants consent; column {consent.column!r} never holds "
            f"{' or '.join(map(repr, consent.granted))}."
        )
    return gathered


class _Pass:
    """The state of one pass."""

    def __init__(
        self, coded: list[str], text: list[str], consent: ConsentRole | None, leave_out: LeaveOut | None
    ) -> None:
        self.coded = coded
        self.text = text
        self.consent_columns = [consent.column] if consent else []
        self._granted = {spelled(value) for value in consent.granted} if consent else set()
        self._interners = {name: Interner() for name in coded}
        self._spool = TextSpool() if text else None
        self._hasher = TextHasher()
        self._rows: list[npt.NDArray[np.int64]] = []
        self._leave_out = leave_out
        self._n_seen = 0
        self._n_read = 0
        self._n_consent_empty = 0

    def add(self, batch: pa.RecordBatch) -> None:
        rows = np.arange(self._n_seen + 1, self._n_seen + batch.num_rows + 1, dtype=np.int64)
        self._n_seen += batch.num_rows
        if self._leave_out is not None:
            keep = self._leave_out.keep(batch.column(self._leave_out.column))
            batch, rows = batch.filter(pa.array(keep)), rows[keep]
        self._n_read += batch.num_rows
        for column in self.consent_columns:
            keep = self._keep(batch.column(column))
            batch, rows = batch.filter(pa.array(keep)), rows[keep]
        self._rows.append(rows)
        for name, interner in self._interners.items():
            interner.add(batch.column(name))
        if self._spool is not None:
            self._hasher.add(self._spool.add([batch.column(name) for name in self.text]))

    def finish(self) -> Gathered:
        return Gathered(
            coded={name: interner.finish() for name, interner in self._interners.items()},
            rows=np.concatenate(self._rows) if self._rows else np.empty(0, dtype=np.int64),
            text=self._spool.finish() if self._spool else None,
            text_digest=self._hasher.digest() if self._spool else "",
            n_read=self._n_read,
            n_consent_empty=self._n_consent_empty,
            erased=dict(self._leave_out.records) if self._leave_out else {},
        )

    def _keep(self, cells: Any) -> npt.NDArray[np.bool_]:
        answers = pc.utf8_trim_whitespace(cells).to_pylist()
        self._n_consent_empty += sum(answer is None or is_missing(answer) for answer in answers)
        return np.array([answer is not None and spelled(answer) in self._granted for answer in answers], dtype=bool)
