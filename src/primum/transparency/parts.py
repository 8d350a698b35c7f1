"""What a record is made of, for reasons to speak of: words, vitals and cells of a picture; and the players of games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.transparency.words import Word, word_of_token, words_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
NOTE, VITALS, IMAGE = "note", "vitals", "image"


class Predictor(Protocol):
    """What is asked: a model that answers records and parts of them, and may know its own gradients."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class or label names; empty for a number."""

    def prepare(self, records: Records) -> Any:
        """Return the records' inputs, ready for batches."""

    def predict_prepared(self, prepared: Any) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,)."""

    def token_places(self, records: Records) -> Any:
        """Return where the tokens of each text stand."""

    def vital_names(self) -> tuple[str, ...]:
        """Return the vitals that are read."""

    def vitals_there(self, prepared: Any) -> BoolArray:
        """Return which vitals each record has, shape (n, v)."""

    def thinned(self, prepared: Any, rows: IntArray, tokens: Sequence[BoolArray], vitals: BoolArray) -> Any:
        """Return records of which only a part is left."""


class SeeingPredictor(Predictor, Protocol):
    """One that also reads pictures, of which cells of a square grid can be taken away."""

    def cells_there(self, prepared: Any) -> BoolArray:
        """Return which cells of a picture each record has, row by row, shape (n, c); c is 0 where none is read."""

    def thinned(
        self,
        prepared: Any,
        rows: IntArray,
        tokens: Sequence[BoolArray],
        vitals: BoolArray,
        cells: BoolArray | None = None,
    ) -> Any:
        """Return records of which only a part is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one record: its words, then the vitals that it has, then the cells of its picture."""

    words: Sequence[Word]
    token_word: IntArray
    """The word each token lies in, shape (t,); -1 for special tokens and marks."""
    special: BoolArray
    """Tokens that stay as long as any word does, shape (t,)."""
    vitals: IntArray
    """Which of the model's vitals the record has, ascending."""
    names: Sequence[str]
    """Of these vitals."""
    cells: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Which cells of the model's grid the record has, ascending; none without a picture."""
    grid: int = 0
    """Cells of a side of the grid; 0 without a picture."""

    def __len__(self) -> int:
        return len(self.words) + len(self.vitals) + len(self.cells)

    @property
    def of_vitals(self) -> slice:
        """Where the vitals stand among the parts."""
        return slice(len(self.words), len(self.words) + len(self.vitals))

    @property
    def of_cells(self) -> slice:
        """Where the cells stand among the parts."""
        return slice(len(self.words) + len(self.vitals), len(self))

    def tokens_kept(self, parts: BoolArray) -> BoolArray:
        """Return the tokens that are left when these parts are, shape (t,); a mark goes with the word before it."""
        if not len(self.words) or not parts[: len(self.words)].any():
            return np.zeros(len(self.token_word), dtype=bool)
        kept = self.special.copy()
        owner = self._owners()
        kept |= (owner >= 0) & parts[owner.clip(min=0)]
        return kept

    def vitals_kept(self, parts: BoolArray, count: int) -> BoolArray:
        """Return which of the model's `count` vitals are left when these parts are."""
        kept = np.zeros(count, dtype=bool)
        kept[self.vitals] = parts[self.of_vitals]
        return kept

    def cells_kept(self, parts: BoolArray, count: int) -> BoolArray:
        """Return which of the `count` cells are left when these parts are."""
        kept = np.zeros(count, dtype=bool)
        kept[self.cells] = parts[self.of_cells]
        return kept

    def summed(self, tokens: FloatArray, vitals: FloatArray, cells: FloatArray) -> FloatArray:
        """Return what each part adds from what each token, each of the model's vitals and each cell does."""
        of_words = np.zeros(len(self.words))
        owner = self._owners()
        np.add.at(of_words, owner[owner >= 0], tokens[owner >= 0])
        return np.concatenate([of_words, vitals[self.vitals], cells[self.cells]])

    def _owners(self) -> IntArray:
        owner = self.token_word.copy()
        last = -1
        for place, (word, special) in enumerate(zip(self.token_word.tolist(), self.special.tolist(), strict=True)):
            if word >= 0:
                last = word
            elif not special:
                owner[place] = max(last, 0)
        return owner


def parts_of(predictor: Predictor, records: Records, prepared: Mapping[str, Any]) -> list[Parts]:
    """Return the parts of each record, as the model reads them: words beyond its limit are none."""
    names = predictor.vital_names()
    there = predictor.vitals_there(prepared)
    seen = cells_there(predictor, prepared)
    found = []
    for place, vitals, cells in zip(predictor.token_places(records), there, seen, strict=True):
        words = words_of(place.text)
        token_word = word_of_token(place.spans, words)
        token_word[place.special] = -1
        read = np.unique(token_word[token_word >= 0])
        renamed = np.full(len(words) + 1, -1, dtype=np.int64)
        renamed[read] = np.arange(len(read))
        own = np.flatnonzero(vitals)
        found.append(
            Parts(
                words=[words[i] for i in read],
                token_word=renamed[token_word],
                special=np.asarray(place.special, dtype=bool),
                vitals=own,
                names=[names[i] for i in own],
                cells=np.flatnonzero(cells),
                grid=isqrt(len(cells)),
            )
        )
    return found


def cells_there(predictor: Predictor, prepared: Any) -> BoolArray:
    """Return which cells of a picture each record has, shape (n, c); c is 0 where the model reads no pictures."""
    asked = getattr(predictor, "cells_there", None)
    if asked is None:
        return np.zeros((len(predictor.vitals_there(prepared)), 0), dtype=bool)
    return np.asarray(asked(prepared), dtype=bool)


def thinned(
    predictor: Predictor, prepared: Any, rows: IntArray, parts: Sequence[Parts], kept: Sequence[BoolArray]
) -> Any:
    """Return records of which only some parts are left.

    Args:
        predictor: the model.
        prepared: the records' inputs.
        rows: the record of each, shape (m,).
        parts: of the record of each.
        kept: which of them are left, one array each.
    """
    pairs = list(zip(parts, kept, strict=True))
    count, cells = len(predictor.vital_names()), max((one.grid for one in parts), default=0) ** 2
    tokens = [one.tokens_kept(keep) for one, keep in pairs]
    vitals = np.array([one.vitals_kept(keep, count) for one, keep in pairs], dtype=bool).reshape(len(rows), count)
    if not cells:
        return predictor.thinned(prepared, rows, tokens, vitals)
    left = np.array([one.cells_kept(keep, cells) for one, keep in pairs], dtype=bool).reshape(len(rows), cells)
    return cast(SeeingPredictor, predictor).thinned(prepared, rows, tokens, vitals, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Players:
    """Parts that come and go together."""

    of_part: IntArray
    """The player each part belongs to, shape (parts,)."""
    count: int

    def parts(self, coalitions: BoolArray) -> BoolArray:
        """Return the parts that are there, shape (m, parts), for coalitions of shape (m, count)."""
        return coalitions[:, self.of_part]


def players_of(parts: Parts, *, most: int) -> Players:
    """Return every vital, and neighbouring words and cells in at most as many groups as are left of `most` players.

    Where words have to share, clauses stay together as far as they can: the shortest neighbours are joined first, and
    where there are fewer clauses than places the longest is halved. Cells share in blocks of the grid. Where a record
    has words and cells, each kind has half of the room.
    """
    room = max(most - len(parts.vitals), 1)
    blocks = _blocks(parts, room if not parts.words else room // 2)
    groups = _clauses(parts, max(room - int(blocks.max(initial=-1)) - 1, 1))
    of_part = np.empty(len(parts), dtype=np.int64)
    for number, group in enumerate(groups):
        of_part[group] = number
    of_part[parts.of_vitals] = len(groups) + np.arange(len(parts.vitals))
    before = len(groups) + len(parts.vitals)
    of_part[parts.of_cells] = before + blocks
    return Players(of_part=of_part, count=before + int(blocks.max(initial=-1)) + 1)


def _clauses(parts: Parts, room: int) -> list[list[int]]:
    n = len(parts.words)
    if n <= room:
        return [[i] for i in range(n)]
    clauses = [word.clause for word in parts.words]
    groups = [[i for i in range(n) if clauses[i] == c] for c in sorted(set(clauses))]
    while len(groups) > room:
        at = min(range(len(groups) - 1), key=lambda i: len(groups[i]) + len(groups[i + 1]))
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    while len(groups) < room:
        at = max(range(len(groups)), key=lambda i: len(groups[i]))
        half = len(groups[at]) // 2
        groups[at : at + 1] = [groups[at][:half], groups[at][half:]]
    return groups


def _blocks(parts: Parts, room: int) -> IntArray:
    """Return the block of each cell: as many blocks of a coarser square grid as there is room for, one at least."""
    side = max(min(isqrt(max(room, 1)), parts.grid), 1)
    rows, columns = np.divmod(parts.cells, max(parts.grid, 1))
    block = (rows * side // max(parts.grid, 1)) * side + columns * side // max(parts.grid, 1)
    return np.unique(block, return_inverse=True)[1].astype(np.int64)


def inputs_of(parts: Parts) -> tuple[Players, tuple[str, ...]]:
    """Return note, vitals and image as the players, those that the record has, and their names."""
    sizes = {NOTE: len(parts.words), VITALS: len(parts.vitals), IMAGE: len(parts.cells)}
    names = tuple(name for name, size in sizes.items() if size)
    of_part = np.repeat(np.arange(len(names)), [sizes[name] for name in names])
    return Players(of_part=of_part.astype(np.int64), count=len(names)), names
