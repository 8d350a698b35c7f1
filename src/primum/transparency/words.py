"""Texts as people read them: words, clauses and sentences, in English and Chinese, and which tokens make up a word.

Chinese is written without spaces. No segmenter is asked for: the words that the tables of synonyms know are kept whole,
and what lies between them is cut at grammatical characters and then into pieces of two characters, the commonest length
of a Chinese word. A negation stays with what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from primum.cohort.augment import synonym_places

Span = tuple[int, int]
_PIECE = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+(?:[.,'’/-][^\W_\u3400-\u9fff]+)*%?|[^\s\w]|_", re.UNICODE)
_HAN = re.compile(r"[\u3400-\u9fff]+")
_GRAMMAR = "的了和与或及在有是为于等并且但伴约从被把将对以因后前时"
_NEGATION = "无不未没否非"
_CLAUSE_END = re.compile(r"[.,;:!?。，；：！？、\n]")
_SENTENCE_END = re.compile(r"(?:[.!?](?=\s|$)|[。！？；\n])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a text."""

    text: str
    start: int
    """First character."""
    end: int
    """One past the last."""
    clause: int
    """Number of its clause in the text, from 0."""
    sentence: int
    """Number of its sentence, from 0."""


def words_of(text: str) -> list[Word]:
    """Return the words of a text in order; marks of punctuation belong to no word."""
    ends = [m.end() for m in _CLAUSE_END.finditer(text) if not _inside_number(text, m.start())]
    sentences = sentence_ends(text)
    found = []
    for start, end in _spans(text):
        clause = int(np.searchsorted(ends, start, side="right"))
        sentence = int(np.searchsorted(sentences, start, side="right"))
        found.append(Word(text=text[start:end], start=start, end=end, clause=clause, sentence=sentence))
    return found


def sentences_of(text: str) -> list[Span]:
    """Return where each sentence begins and ends, with its mark and the blanks after it; blank ones are left out."""
    return [(a, b) for a, b in pairwise([0, *sentence_ends(text), len(text)]) if text[a:b].strip()]


def sentence_ends(text: str) -> list[int]:
    """Return where the sentences of a text end, one past each mark; a decimal point ends none."""
    return [m.end() for m in _SENTENCE_END.finditer(text)]


def word_of_token(spans: npt.NDArray[np.int64], words: list[Word]) -> npt.NDArray[np.int64]:
    """Return the word that each token lies in, shape (t,); -1 for what is in none, such as a comma.

    Args:
        spans: characters of each token, shape (t, 2).
        words: of the same text.
    """
    starts = np.array([word.start for word in words], dtype=np.int64)
    ends = np.array([word.end for word in words], dtype=np.int64)
    if not len(starts):
        return np.full(len(spans), -1, dtype=np.int64)
    place = np.searchsorted(starts, spans[:, 0], side="right") - 1
    inside = (place >= 0) & (spans[:, 0] < ends[place.clip(min=0)]) & (spans[:, 1] > spans[:, 0])
    return np.where(inside, place, -1).astype(np.int64)


def _inside_number(text: str, place: int) -> bool:
    return 0 < place < len(text) - 1 and text[place - 1].isdigit() and text[place + 1].isdigit()


def _spans(text: str) -> Iterator[Span]:
    known = {start: end for start, end, _ in synonym_places(text) if _HAN.fullmatch(text[start:end])}
    for match in _PIECE.finditer(text):
        if _HAN.fullmatch(match[0]):
            yield from _chinese(text, match.start(), match.end(), known)
        elif match[0][0].isalnum():
            yield match.span()


def _chinese(text: str, start: int, end: int, known: dict[int, int]) -> Iterator[Span]:
    place = start
    while place < end:
        first = place
        if text[place] in _NEGATION and place + 1 < end:
            place += 1
        if place in known and known[place] <= end:
            stop = known[place]
        elif text[place] in _GRAMMAR:
            stop = place + 1
        else:
            stop = min(place + 2, end, *(k for k in known if k > place))
            if stop == place + 2 and text[stop - 1] in _GRAMMAR:
                stop -= 1
        yield first, stop
        place = stop
