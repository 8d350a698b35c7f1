"""How a text differs from the training texts as writing: spelling, words, script, length, damaged characters.

What is kept of the training texts is counts of three neighbouring characters and of words that at least five training
records share; no sentence can be read from them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from math import log, log2
from operator import mul
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
FEWEST = 5
"""Training records that share a word or three characters before it is known."""
SCORES: Mapping[str, float] = {"spelling": 0.05, "words": 0.02, "script": 0.1, "length": 0.2, "encoding": 0.005}
"""Each score and the smallest scale of its tail, in its unit: bits a character, share of words, bits a letter, spreads
of the logarithm, share of characters."""
_MOST = 20_000
"""Training texts that are read; more change the counts little."""
_LONGEST = 20_000
"""Characters of a text that are looked at."""
_WORD = re.compile(r"[^\W\d_\u4e00-\u9fff]+|[\u4e00-\u9fff]{2}")
_DAMAGED = re.compile(
    r"[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ue000-\uf8ff\ud800-\udfff]"
    r"|[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
)
"""Replacement, control, zero-width, direction and private characters, and UTF-8 that was read as Windows-1252."""
_SCRIPTS = (
    (0x0041, "latin"),
    (0x0250, "other"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "other"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0780, "other"),
    (0x0900, "indic"),
    (0x0E00, "thai"),
    (0x0E80, "other"),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, "other"),
    (0x3040, "kana"),
    (0x3100, "other"),
    (0x3400, "han"),
    (0xA000, "other"),
    (0xAC00, "hangul"),
    (0xD7B0, "other"),
    (0xF900, "han"),
    (0xFB00, "other"),
    (0xFF00, "full-width"),
    (0xFFF0, "other"),
    (0x20000, "han"),
    (0x32000, "other"),
)
_STARTS = [start for start, _ in _SCRIPTS]


def _hashed(word: str) -> str:
    """Return what is kept of a word: enough to know it again, and not the word."""
    return blake2b(word.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What is known of the training texts as writing."""

    grams: tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int]]
    """How often one, two and three characters stand together in the training texts, the rare ones left out."""
    characters: int
    """Of the training texts that were read."""
    known_words: frozenset[str]
    """Words that at least five training records use."""
    scripts: Mapping[str, float]
    """Share of the letters that each script has."""
    length: tuple[float, float, float]
    """Logarithm of the number of characters: 5th percentile, median, 95th percentile."""
    _bits: dict[str, float] = field(default_factory=dict)
    """Surprise of three characters, once computed."""

    @classmethod
    def fit(cls, texts: Iterable[str | None]) -> Writing:
        """Return what the training texts have in common."""
        grams: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
        holders: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
        words: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        lengths: list[float] = []
        for text in texts:
            if text is None or len(lengths) >= _MOST:
                continue
            plain = _plain(text)
            for size in (1, 2, 3):
                found = Counter(_grams(plain, size))
                grams[size - 1].update(found)
                holders[size - 1].update(found.keys())
            words.update(set(_WORD.findall(plain)))
            letters.update(_letters(text))
            lengths.append(log(1 + len(text)))
        kept = tuple(
            {gram: n for gram, n in counts.items() if held[gram] >= FEWEST}
            for counts, held in zip(grams, holders, strict=True)
        )
        low, middle, high = np.quantile(lengths or [0.0], [0.05, 0.5, 0.95])
        return cls(
            grams=(kept[0], kept[1], kept[2]),
            characters=sum(grams[0].values()),
            known_words=frozenset(_hashed(word) for word, n in words.items() if n >= FEWEST),
            scripts={script: n / max(sum(letters.values()), 1) for script, n in letters.items() if n >= FEWEST},
            length=(float(low), float(middle), float(high)),
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Writing:
        """Return what `to_json` described."""
        return cls(
            grams=tuple(value["grams"]),
            characters=value["characters"],
            known_words=frozenset(value["words"]),
            scripts=value["scripts"],
            length=tuple(value["length"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what is to be saved."""
        return {
            "grams": [dict(sorted(counts.items())) for counts in self.grams],
            "characters": self.characters,
            "words": sorted(self.known_words),
            "scripts": dict(self.scripts),
            "length": list(self.length),
        }

    def scores(self, texts: Sequence[str | None]) -> dict[str, FloatArray]:
        """Return each score of SCORES, shape (n,), the larger the stranger; NaN where there is no text."""
        rows = [self._of(text) if text is not None and text.strip() else (np.nan,) * len(SCORES) for text in texts]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(SCORES))
        return dict(zip(SCORES, table.T, strict=True))

    def _of(self, text: str) -> tuple[float, ...]:
        plain = _plain(text)
        words = _WORD.findall(plain)
        unknown = sum(_hashed(word) not in self.known_words for word in words) / max(len(words), 1)
        return self._spelling(plain), unknown, self._script(text), self._length(text), _damage(text)

    def _spelling(self, plain: str) -> float:
        """Return the mean bits a character under counts of three, two and one, each smoothed by the next."""
        found = Counter(_grams(plain, 3))
        known = self._bits.get
        surprise = [known(gram) or self._bits_of(gram) for gram in found]
        bits: float = sum(map(mul, found.values(), surprise))
        return bits / max(found.total(), 1)

    def _bits_of(self, gram: str) -> float:
        one, two, three = self.grams
        chance = (one.get(gram[2], 0) + 0.5) / (self.characters + 0.5 * (len(one) + 1000))
        chance = (two.get(gram[1:], 0) + chance * 5) / (one.get(gram[1], 0) + 5)
        chance = (three.get(gram, 0) + chance * 5) / (two.get(gram[:2], 0) + 5)
        if len(self._bits) > 200_000:
            self._bits.clear()
        bits = self._bits[gram] = -log2(min(chance, 1.0))
        return bits

    def _script(self, text: str) -> float:
        letters: Counter[str] = Counter()
        for character, n in Counter(text[:_LONGEST]).items():  # a text has few different characters
            script = _script_of(character)
            if script:
                letters[script] += n
        total = sum(letters.values())
        bits = sum(-n * log2(self.scripts.get(script, 0.0) + 1e-3) for script, n in letters.items())
        return bits / max(total, 1)

    def _length(self, text: str) -> float:
        low, middle, high = self.length
        size = log(1 + len(text))
        side = max(high - middle, 0.1) if size > middle else max(middle - low, 0.1)
        return abs(size - middle) / side


def _plain(text: str) -> str:
    """Return the text in lower case, spaces single and every digit 0."""
    return re.sub(r"\d", "0", " ".join(text[:_LONGEST].lower().split()))


def _grams(plain: str, size: int) -> Iterable[str]:
    padded = f" {plain} "
    return map("".join, zip(*(padded[start:] for start in range(size)), strict=False))


def _letters(text: str) -> Iterable[str]:
    return filter(None, map(_script_of, text[:_LONGEST]))


@lru_cache(maxsize=4096)
def _script_of(character: str) -> str:
    """Return the script of a letter; "" for what is none."""
    place = ord(character)
    return _SCRIPTS[bisect_right(_STARTS, place) - 1][1] if character.isalpha() and place >= 65 else ""


def _damage(text: str) -> float:
    part = text[:_LONGEST]
    return sum(len(found) for found in _DAMAGED.findall(part)) / len(part)
