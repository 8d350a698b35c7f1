"""Records and answers as conditions ask of them: the study's own columns, or the concepts of the built-in rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import number
from primum.cohort.records import Records
from primum.evidence.predictions import UNKNOWN
from primum.knowledge.rules.concepts import Located
from primum.knowledge.rules.conditions import Answer, FloatArray, Says
from primum.knowledge.rules.reading_conditions import plain_value
from primum.knowledge.rules.truth import BoolArray, Truth
from primum.knowledge.rules.words import says

ObjectArray = npt.NDArray[np.object_]
_CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model says of n records; what it has not is None."""

    classes: tuple[str, ...] = ()
    decided: BoolArray | None = None
    """Which classes are decided, shape (n, k)."""
    probabilities: FloatArray | None = None
    """Shape (n, k)."""
    numbers: FloatArray | None = None
    """Of a model of numbers, shape (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """Records with the levels of their attributes, and the answers on them."""

    records: Records
    levels: Mapping[str, ObjectArray]
    """Sensitive attributes and hospital by column, "unknown" where missing, shape (n,); bands such as "45-65"."""
    banded: frozenset[str]
    """Attributes whose levels are bands."""
    answers: Answers = field(default_factory=Answers)
    said: Mapping[Says, Truth] = field(default_factory=dict)
    """What the texts were searched for already; see `search_texts`."""

    def __len__(self) -> int:
        return len(self.records)

    def number(self, name: str) -> tuple[FloatArray, FloatArray] | None:
        """Return a number twice, or the two ends of a band; NaN where missing."""
        vital = self.records.vitals.get(name)
        if vital is not None and vital.kind == "number":
            values = np.asarray(vital.values, dtype=np.float64)
            return values, values
        levels = np.asarray(vital.values) if vital is not None else self.levels.get(name)
        if levels is None:
            return None
        known = {level: _ends(level, banded=name in self.banded) for level in set(levels.tolist())}
        ends = np.array([known[level] for level in levels.tolist()], dtype=np.float64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]

    def category(self, name: str, values: tuple[str, ...]) -> Truth | None:
        """Return where a field has one of these values."""
        levels = self.plain(name)
        if levels is None:
            return None
        return Truth.known(np.isin(levels, values)).on(levels != "")

    def plain(self, name: str) -> npt.NDArray[np.str_] | None:
        """Return a field's values as they are compared, "" where missing; None without such a field."""
        vital = self.records.vitals.get(name)
        given = vital.values if vital is not None else self.levels.get(name)
        if given is None:
            return None
        if vital is not None and vital.kind == "number":
            return np.array(["" if np.isnan(v) else f"{v:g}" for v in np.asarray(given, dtype=np.float64)], dtype=str)
        spelt = {v: "" if v is None or v == UNKNOWN else plain_value(v) for v in set(given.tolist())}
        return np.array([spelt[v] for v in given.tolist()], dtype=str)

    def says(self, said: Says) -> Truth | None:
        """Return where the text says one of the words; where there is no text it is not known."""
        if self.records.text is None:
            return None
        return self.said[said] if said in self.said else search_texts(self.records, [said])[said]

    def answer(self, asked: Answer) -> Truth | None:
        """Return where a class of these names, or with one of these words in its name, is decided."""
        answers = self.answers
        if answers.decided is None:
            return None
        chosen = [place for place, name in enumerate(answers.classes) if is_named(name, asked)]
        return Truth.known(np.asarray(answers.decided[:, chosen].any(1), dtype=bool)) if chosen else None

    def probability(self, class_: str | None) -> FloatArray | None:
        """Return the probability of a class, or the largest of those decided."""
        answers = self.answers
        if answers.probabilities is None or answers.decided is None:
            return None
        if class_ is not None:
            return answers.probabilities[:, answers.classes.index(class_)] if class_ in answers.classes else None
        decided = np.where(answers.decided, answers.probabilities, -1.0).max(1)
        return np.where(decided < 0, np.nan, decided)

    def decided_number(self) -> FloatArray | None:
        """Return the answers of a model of numbers."""
        return self.answers.numbers


@dataclass(frozen=True, slots=True)
class ConceptFacts:
    """The same, by the concepts of the built-in rules."""

    own: RecordFacts
    located: Mapping[str, Located]

    def __len__(self) -> int:
        return len(self.own)

    def number(self, name: str) -> tuple[FloatArray, FloatArray] | None:
        """Return a concept's number in its own unit; None where no column is certainly it."""
        there = self.located.get(name)
        ends = None if there is None else self.own.number(there.column)
        if there is None or ends is None:
            return None
        return ends[0] * there.factor + there.shift, ends[1] * there.factor + there.shift

    def category(self, name: str, values: tuple[str, ...]) -> Truth | None:
        """Return where a concept has one of these values; not known where a value is spelt as none of the concept's."""
        there = self.located.get(name)
        levels = None if there is None else self.own.plain(there.column)
        if there is None or levels is None or there.values is None:
            return None
        meant = {level: there.values.get(level, "") for level in set(levels.tolist())}
        found = np.array([meant[level] for level in levels.tolist()], dtype=str)
        return Truth.known(np.isin(found, values)).on(found != "")

    def says(self, said: Says) -> Truth | None:
        """Return where the text says one of the words."""
        return self.own.says(said)

    def answer(self, asked: Answer) -> Truth | None:
        """Return where such a class is decided."""
        return self.own.answer(asked)

    def probability(self, class_: str | None) -> FloatArray | None:
        """Return a probability."""
        return self.own.probability(class_)

    def decided_number(self) -> FloatArray | None:
        """Return the answers of a model of numbers."""
        return self.own.decided_number()


def search_texts(records: Records, wanted: Sequence[Says]) -> dict[Says, Truth]:
    """Return where the texts say each of the wanted words, in one pass over them."""
    assert records.text is not None
    yes = np.zeros((len(wanted), len(records)), dtype=bool)
    there = np.zeros(len(records), dtype=bool)
    row = 0
    for chunk in records.text.chunks(_CHUNK):
        for text in chunk:
            if text is not None:
                there[row] = True
                lowered = text.casefold()
                for place, one in enumerate(wanted):
                    yes[place, row] = says(text, lowered, one.words, past=one.past)
            row += 1
    return {one: Truth.known(yes[place]).on(there) for place, one in enumerate(wanted)}


def _ends(level: str | None, *, banded: bool) -> tuple[float, float]:
    if level is None or level == UNKNOWN:
        return np.nan, np.nan
    if banded:
        low, _, high = level.rpartition("-")
        return number(low), number(high)
    value = number(level)
    return value, value


def is_named(name: str, asked: Answer) -> bool:
    """Return whether a class is one of those asked for, by its name or by a word in it."""
    if name in asked.classes:
        return True
    # A name such as Prostate_Cancer or 前列腺癌 is read like a text, in which nothing is denied.
    spaced = name.replace("_", " ")
    return bool(asked.words) and says(spaced, spaced.casefold(), asked.words, past=True)
