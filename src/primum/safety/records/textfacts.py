"""One pass over all texts: what each is, how long, in which language, whether broken, and its MinHash signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort.records import TextColumn
from primum.safety.records.broken import BROKEN, broken, letter_codes, letter_costs, letter_table
from primum.safety.records.identify import IDENTIFIERS, identifiers_in
from primum.safety.records.language import LANGUAGES_TOLD, language_of
from primum.safety.records.minhash import BINS, boilerplate, plain, signatures

_CHUNK = 8_192
_LOOKED_AT = 5_000
_HAN_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """What one pass tells of n texts; none of it is what they say."""

    length: npt.NDArray[np.int64]
    """In characters, 0 where there is none."""
    hashed: npt.NDArray[np.uint64]
    """Of the text in lower case with single blanks; equal for equal texts."""
    signature: npt.NDArray[np.uint32]
    """MinHash of what is no boilerplate, shape (n, 64)."""
    comparable: npt.NDArray[np.bool_]
    """Which has enough beyond boilerplate to be compared, shape (n,)."""
    common: npt.NDArray[np.bool_]
    """Which shingles are boilerplate; see `primum.safety.records.minhash.boilerplate`."""
    broken: npt.NDArray[np.bool_]
    """Which is broken how, shape (n, len(BROKEN))."""
    identifiers: npt.NDArray[np.bool_]
    """Which holds what identifier, shape (n, len(IDENTIFIERS))."""
    language: npt.NDArray[np.int8]
    """Index into LANGUAGES_TOLD, -1 where that cannot be told."""
    letter_cost: npt.NDArray[np.float32]
    """Mean surprise of a character after the one before, in nats; NaN for texts under 20 characters."""
    k: int
    """Characters in a shingle: 5, or 3 where Chinese prevails."""


def read_texts(text: TextColumn, *, seed: int) -> TextFacts:
    """Return the facts of all texts; memory is about 300 bytes a text."""
    n = len(text)
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, _LOOKED_AT), replace=False))
    looked_at = [plain(one or "") for one in text.take(rows)]
    k = 3 if _han_share(looked_at) > _HAN_SHARE else 5
    table = letter_table(looked_at)
    facts = TextFacts(
        length=np.zeros(n, dtype=np.int64),
        hashed=np.zeros(n, dtype=np.uint64),
        signature=np.zeros((n, BINS), dtype=np.uint32),
        comparable=np.zeros(n, dtype=bool),
        common=boilerplate(list(dict.fromkeys(looked_at)), k),
        broken=np.zeros((n, len(BROKEN)), dtype=bool),
        identifiers=np.zeros((n, len(IDENTIFIERS)), dtype=bool),
        language=np.full(n, -1, dtype=np.int8),
        letter_cost=np.full(n, np.nan, dtype=np.float32),
        k=k,
    )
    start = 0
    for chunk in text.chunks(_CHUNK):
        _take_in(facts, slice(start, start + len(chunk)), chunk, table)
        start += len(chunk)
    return facts


def _take_in(facts: TextFacts, at: slice, chunk: Sequence[str | None], table: npt.NDArray[np.float32]) -> None:
    texts = [one or "" for one in chunk]
    smooth = [plain(one) for one in texts]
    facts.length[at] = [len(one) for one in smooth]
    facts.hashed[at] = np.array([hash(one) for one in smooth], dtype=np.int64).view(np.uint64)
    facts.signature[at], facts.comparable[at] = signatures(smooth, facts.k, facts.common)
    facts.letter_cost[at] = letter_costs(letter_codes(smooth), [len(one) for one in smooth], table)
    facts.broken[at] = [broken(one) for one in texts]
    facts.identifiers[at] = [identifiers_in(one) for one in texts]
    facts.language[at] = [language_of(one) for one in smooth]


def _han_share(texts: Sequence[str]) -> float:
    letters = sum(map(len, texts))
    return sum("\u4e00" <= letter <= "\u9fff" for one in texts for letter in one) / max(letters, 1)


__all__ = ["BROKEN", "IDENTIFIERS", "LANGUAGES_TOLD", "TextFacts", "read_texts"]
