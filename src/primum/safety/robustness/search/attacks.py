"""The two searches, of words and of vitals, and both together, within a budget of what the model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.safety.robustness.asking import BoolArray, FloatArray, IntArray
from primum.safety.robustness.search.asking import Asker
from primum.safety.robustness.search.greedy import Ask, Changes, Search, descend, leap, take_back
from primum.safety.robustness.search.vitals import Bounds
from primum.safety.robustness.search.words import (
    MOST_OPTIONS,
    Place,
    left_out,
    most_changes,
    places_of,
    written,
)

LETTERS = 400_000
"""Characters of text that the search of words may ask about: on a small backbone some seconds of two cores."""
FEWEST_QUESTIONS = 14
"""Variants of a record below which a search of its words says nothing; fewer records are searched instead."""
_FOR_IMPORTANCE = 0.4
"""Share of the questions that find out which words matter."""
_VISITED = 2.0
"""Places that are tried, in numbers of changes allowed: some bring nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """What a search reached."""

    turned: BoolArray
    """Whether the decision of each record that was right could be made wrong, shape (n,); False where it was wrong."""
    changes: IntArray
    """Changes in what was found, shape (n,)."""
    asked: int
    """Variants that the model was asked about."""


_SWEEPS = 2
"""Over the numbers; a second one may turn a number that the others made turn the other way."""


def affordable(texts: Sequence[str], letters: int = LETTERS) -> int:
    """Return how many of these records can be searched for that many characters."""
    mean = max(float(np.mean([len(text) for text in texts])) if len(texts) else 0.0, 1.0)
    return int(letters / (mean * FEWEST_QUESTIONS))


class WordsAttack:
    """Searches the words of each record's text."""

    def __init__(self, asker: Asker, known: frozenset[str], *, seed: int) -> None:
        """Find the places of every text.

        Args:
            asker: the model and the records.
            known: words that a typing error must not make.
            seed: of the typing errors.
        """
        self.asker = asker
        self.texts = asker.texts()
        self.places: list[tuple[Place, ...]] = [
            places_of(text, known, np.random.default_rng([seed, number])) for number, text in enumerate(self.texts)
        ]
        self.found: dict[int, Changes] = {}

    def run(self, margin: FloatArray, right: BoolArray, *, letters: int = LETTERS) -> Attacked:
        """Search the records that are decided rightly.

        Args:
            margin: by which each right answer leads, shape (n,).
            right: which records are decided rightly, shape (n,).
            letters: characters that may be asked about.
        """
        open_ = [int(one) for one in np.flatnonzero(right) if self.places[one]]
        mean = max(float(np.mean([len(self.texts[one]) for one in open_])) if open_ else 0.0, 1.0)
        questions = max(letters / (mean * max(len(open_), 1)), FEWEST_QUESTIONS)
        ask = _Counted(self._ask)
        ranked = self._ranked(open_, margin, groups=max(int(_FOR_IMPORTANCE * questions), 2))
        rounds = max(int((1 - _FOR_IMPORTANCE) * questions / MOST_OPTIONS), 2)
        searches = [self._search(one, ranked[one], float(margin[one]), rounds) for one in open_]
        descend(searches, ask)
        take_back(searches, ask)
        self.found = {one.record: one.changes for one in searches}
        return _attacked(len(right), searches, ask.asked + sum(map(len, ranked.values())))

    def text(self, record: int) -> str:
        """Return a record's text with what the search found."""
        return written(self.texts[record], self.places[record], self.found.get(record, {}))

    def _ranked(self, open_: Sequence[int], margin: FloatArray, *, groups: int) -> dict[int, list[list[int]]]:
        """Return, of each record, its places in at most so many groups of neighbours, the most important group first.

        Important is what the margin loses without the group's words; among neighbours the order stays.
        """
        cut = {}
        for one in open_:
            places = np.arange(len(self.places[one]))
            cut[one] = [part.tolist() for part in np.array_split(places, min(groups, len(places)))]
        asked = [(one, group) for one in open_ for group in cut[one]]
        if not asked:
            return {}
        texts = [left_out(self.texts[one], [self.places[one][at] for at in group]) for one, group in asked]
        after, _ = self.asker.of_texts([one for one, _ in asked], texts)
        lost = [(margin[one] - left, number) for number, ((one, _), left) in enumerate(zip(asked, after, strict=True))]
        ranked: dict[int, list[list[int]]] = {one: [] for one in open_}
        for _, number in sorted(lost, key=lambda pair: (-pair[0], pair[1])):
            ranked[asked[number][0]].append(asked[number][1])
        return ranked

    def _search(self, record: int, ranked: list[list[int]], margin: float, rounds: int) -> Search:
        most = most_changes(self.texts[record])
        order = [at for group in ranked for at in group][: max(int(_VISITED * most), rounds)]
        block = min(-(-len(order) // rounds), most)
        options = [len(place.options) for place in self.places[record]]
        return Search(record=record, options=options, order=order, most=most, margin=margin, block=block)

    def _ask(self, variants: Sequence[tuple[int, Changes]]) -> tuple[FloatArray, BoolArray]:
        texts = [written(self.texts[record], self.places[record], changes) for record, changes in variants]
        return self.asker.of_texts([record for record, _ in variants], texts)


class VitalsAttack:
    """Searches each record's numbers within their error, each alone and then together, twice."""

    def __init__(self, asker: Asker, bounds: dict[str, Bounds]) -> None:
        """Find what each number of each record may be."""
        self.asker = asker
        columns = asker.part.records.vitals
        self.values = {name: np.asarray(columns[name].values, dtype=np.float64) for name in bounds}
        self.names = list(bounds)
        n = len(asker.rows)
        self.options = [
            [bounds[name].options(float(self.values[name][one])) for name in self.names] for one in range(n)
        ]
        self.found: dict[int, Changes] = {}

    def run(self, margin: FloatArray, right: BoolArray) -> Attacked:
        """Search the records that are decided rightly; see `WordsAttack.run`."""
        ask = _Counted(self._ask)
        searches = []
        for record in np.flatnonzero(right).tolist():
            options = [len(one) for one in self.options[record]]
            order = [place for place, count in enumerate(options) if count]
            searches.append(
                Search(record=record, options=options, order=order, most=len(options), margin=float(margin[record]))
            )
        for _ in range(_SWEEPS):
            leap(searches, ask)
        take_back(searches, ask)
        self.found = {one.record: one.changes for one in searches}
        return _attacked(len(right), searches, ask.asked)

    def numbers(self, variants: Sequence[tuple[int, Changes]]) -> dict[str, FloatArray]:
        """Return the numbers of these variants, by vital."""
        own = np.array([record for record, _ in variants], dtype=np.int64)
        columns = {name: self.values[name][own] for name in self.names}
        for at, (record, changes) in enumerate(variants):
            for place, option in changes.items():
                columns[self.names[place]][at] = self.options[record][place][option]
        return columns

    def _ask(self, variants: Sequence[tuple[int, Changes]]) -> tuple[FloatArray, BoolArray]:
        return self.asker.of_variants([record for record, _ in variants], None, self.numbers(variants))


def together(asker: Asker, words: WordsAttack, vitals: VitalsAttack, right: BoolArray) -> Attacked:
    """Return what the words and the vitals that were found do in one record."""
    own = np.flatnonzero(right)
    turned, changes = np.zeros(len(right), dtype=bool), np.zeros(len(right), dtype=np.int64)
    if len(own):
        variants = [(record, vitals.found.get(record, {})) for record in own.tolist()]
        texts = [words.text(record) for record in own.tolist()]
        _, turned[own] = asker.of_variants(own.tolist(), texts, vitals.numbers(variants))
        changes[own] = [len(words.found.get(one, {})) + len(vitals.found.get(one, {})) for one in own.tolist()]
    return Attacked(turned=turned, changes=changes, asked=len(own))


class _Counted:
    """An Ask that counts."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.asked = 0

    def __call__(self, variants: Sequence[tuple[int, Changes]]) -> tuple[FloatArray, BoolArray]:
        self.asked += len(variants)
        return self._ask(variants)


def _attacked(n: int, searches: Sequence[Search], asked: int) -> Attacked:
    turned, changes = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    for one in searches:
        turned[one.record], changes[one.record] = one.turned, len(one.changes)
    return Attacked(turned=turned, changes=changes, asked=asked)
