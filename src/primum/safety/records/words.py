"""Texts as the words, pairs of words, characters and signs that they hold, English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.later import sparse

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+|[^\w\s]+|_+")
LEAST = 3
"""Records that a token must occur in to be looked at."""
MOST_TOKENS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Which text holds which token."""

    matrix: Any
    """Sparse 0/1, shape (n, d), by row."""
    is_pair: npt.NDArray[np.bool_]
    """Whether a token is two neighbours in one, shape (d,)."""


def tokens_of(text: str) -> list[str]:
    """Return the words, signs and Chinese characters of a text, in order, lower case."""
    return _TOKEN.findall(text.lower())


def _with_pairs(text: str) -> Iterator[str]:
    single = tokens_of(text)
    yield from single
    for left, right in zip(single, single[1:], strict=False):
        yield f"{left}\x1f{right}"


def token_matrix(texts: Sequence[str | None]) -> Tokens:
    """Return which text holds which of the tokens that occur in three texts or more."""
    code_of: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    for text in texts:
        columns.extend({code_of.setdefault(token, len(code_of)) for token in _with_pairs(text or "")})
        ends.append(len(columns))
    shape = (len(texts), len(code_of))
    filled = np.ones(len(columns), dtype=np.float64)
    whole = sparse.csr_matrix((filled, np.array(columns, dtype=np.int64), np.array(ends, dtype=np.int64)), shape=shape)
    often = np.asarray(whole.sum(axis=0)).ravel() if len(code_of) else np.zeros(0)
    kept = np.flatnonzero(often >= LEAST)
    if len(kept) > MOST_TOKENS:
        kept = np.sort(kept[np.argsort(-often[kept], kind="stable")[:MOST_TOKENS]])
    is_pair = np.fromiter(("\x1f" in token for token in code_of), dtype=bool, count=len(code_of))
    return Tokens(matrix=whole[:, kept].tocsr(), is_pair=is_pair[kept])
