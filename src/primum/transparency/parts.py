"""What a record is made of, for reasons to speak of: its words and its vitals; and the players of a game about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.transparency.words import Word, word_of_token, words_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
NOTE, VITALS = "note", "vitals"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one record: its words, then the vitals that it has."""

    words: Sequence[Word]
    token_word: IntArray
    """The word each token lies in, shape (t,); -1 for special tokens and marks."""
    special: BoolArray
    """Tokens that stay as long as any word does, shape (t,)."""
    vitals: IntArray
    """Which of the model's vitals the record has, ascending."""
    names: Sequence[str]
    """Of these vitals."""

    def __len__(self) -> int:
        return len(self.words) + len(self.vitals)

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
        kept[self.vitals] = parts[len(self.words) :]
        return kept

    def summed(self, tokens: FloatArray, vitals: FloatArray) -> FloatArray:
        """Return what each part adds from what each token and each of the model's vitals does."""
        of_words = np.zeros(len(self.words))
        owner = self._owners()
        np.add.at(of_words, owner[owner >= 0], tokens[owner >= 0])
        return np.concatenate([of_words, vitals[self.vitals]])

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
    found = []
    for place, vitals in zip(predictor.token_places(records), there, strict=True):
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
            )
        )
    return found


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
    """Return every vital, and neighbouring words in at most as many groups as are left of `most` players.

    Where words have to share, clauses stay together as far as they can: the shortest neighbours are joined first, and
    where there are fewer clauses than places the longest is halved.
    """
    room = max(most - len(parts.vitals), 1)
    n = len(parts.words)
    if n <= room:
        groups = [[i] for i in range(n)]
    else:
        clauses = [word.clause for word in parts.words]
        groups = [[i for i in range(n) if clauses[i] == c] for c in sorted(set(clauses))]
        while len(groups) > room:
            at = min(range(len(groups) - 1), key=lambda i: len(groups[i]) + len(groups[i + 1]))
            groups[at : at + 2] = [groups[at] + groups[at + 1]]
        while len(groups) < room:
            at = max(range(len(groups)), key=lambda i: len(groups[i]))
            half = len(groups[at]) // 2
            groups[at : at + 1] = [groups[at][:half], groups[at][half:]]
    of_part = np.empty(len(parts), dtype=np.int64)
    for number, group in enumerate(groups):
        of_part[group] = number
    of_part[n:] = len(groups) + np.arange(len(parts.vitals))
    return Players(of_part=of_part, count=len(groups) + len(parts.vitals))


def inputs_of(parts: Parts) -> tuple[Players, tuple[str, ...]]:
    """Return note and vitals as the players, those that the record has, and their names."""
    names = tuple(name for name, there in ((NOTE, len(parts.words)), (VITALS, len(parts.vitals))) if there)
    of_part = np.concatenate([np.zeros(len(parts.words)), np.full(len(parts.vitals), len(names) - 1)])
    return Players(of_part=of_part.astype(np.int64), count=len(names)), names
