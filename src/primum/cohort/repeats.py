"""What occurs more than once: whole records, and texts. Compared by 64-bit hashes, so memory is eight bytes a record.

Two different records among a million share a hash with a probability of about 3 in 100 million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.columns import coded
from primum.cohort.records import TextColumn

IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]

_CHUNK = 10_000
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Counts of what occurs more than once."""

    duplicate_records: int
    """Records with the same inputs and target as an earlier record."""
    duplicate_records_across_splits: int
    """Groups of equal records that lie in more than one split."""
    texts: int
    """Different texts that more than one record has."""
    text_records: int
    """Records that have one of them."""
    texts_across_splits: int
    """Repeated texts that lie in more than one split."""
    texts_with_differing_targets: int
    """Repeated texts whose records do not all have the same target."""
    text_lengths: IntArray | None
    """Length of each text in characters, 0 where there is none; None without a text input."""


def find_repeats(cohort: Cohort, split: npt.NDArray[np.object_]) -> Repeats:
    """Return what occurs more than once among the records and among their texts."""
    n = len(cohort)
    split_codes, _ = coded(split)
    text = cohort.records.text
    hashes, lengths = _hashed_texts(text) if text is not None else (np.zeros(n, dtype=np.uint64), None)
    target = _column_hash(cohort.target.values)
    whole = _mixed(hashes, target)
    for vital in cohort.records.vitals.values():
        whole = _mixed(whole, _column_hash(vital.values))
    if cohort.records.image is not None:
        whole = _mixed(whole, _column_hash(cohort.records.image.keys))
    records = _Groups(whole)
    texts = _Groups(hashes[lengths > 0] if lengths is not None else hashes[:0])
    present = lengths > 0 if lengths is not None else np.zeros(n, dtype=bool)
    return Repeats(
        duplicate_records=n - len(records.sizes),
        duplicate_records_across_splits=records.n_mixed(split_codes),
        texts=int((texts.sizes > 1).sum()),
        text_records=int(texts.sizes[texts.sizes > 1].sum()),
        texts_across_splits=texts.n_mixed(split_codes[present]),
        texts_with_differing_targets=texts.n_mixed(target[present]),
        text_lengths=lengths,
    )


class _Groups:
    """Records grouped by equal hash."""

    def __init__(self, hashes: HashArray) -> None:
        self._order = np.argsort(hashes, kind="stable")
        ordered = hashes[self._order]
        new = np.append(True, ordered[1:] != ordered[:-1]) if len(ordered) else np.empty(0, dtype=bool)
        self._starts = np.flatnonzero(new)
        self.sizes = np.diff(np.append(self._starts, len(ordered)))

    def n_mixed(self, codes: IntArray | HashArray) -> int:
        """Return how many groups hold more than one code."""
        if not len(self._starts):
            return 0
        ordered = codes[self._order]
        low = np.minimum.reduceat(ordered, self._starts)
        return int((low != np.maximum.reduceat(ordered, self._starts)).sum())


def _hashed_texts(text: TextColumn) -> tuple[HashArray, IntArray]:
    hashes = np.empty(len(text), dtype=np.int64)
    lengths = np.zeros(len(text), dtype=np.int64)
    start = 0
    for chunk in text.chunks(_CHUNK):
        hashes[start : start + len(chunk)] = [hash(value) for value in chunk]
        lengths[start : start + len(chunk)] = [len(value or "") for value in chunk]
        start += len(chunk)
    return hashes.view(np.uint64), lengths


def _column_hash(values: npt.NDArray[np.float64] | npt.NDArray[np.object_] | IntArray) -> HashArray:
    if values.ndim == 2:
        hashes = np.zeros(len(values), dtype=np.uint64)
        for column in values.T:
            hashes = _mixed(hashes, _column_hash(column))
        return hashes
    if values.dtype == object:
        return _hashes_of(values.tolist())
    plain = values.astype(np.float64) + 0.0  # turns -0.0 into 0.0
    plain[np.isnan(plain)] = np.nan
    return plain.view(np.uint64)


def _hashes_of(values: Sequence[str | None]) -> HashArray:
    return np.array([hash(value) for value in values], dtype=np.int64).view(np.uint64)


def _mixed(left: HashArray, right: HashArray) -> HashArray:
    """Return one hash of two. Source: the finaliser of SplitMix64 (Steele et al. 2014)."""
    mixed = (left * _GOLDEN) ^ (right + _GOLDEN)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    finished: HashArray = mixed ^ (mixed >> np.uint64(31))
    return finished
