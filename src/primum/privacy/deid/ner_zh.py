# ruff: noqa: E501 - each pattern stays whole
"""Chinese: the tagger of jieba beside the rules. Its dictionary says what is a word; what it makes up may be a name."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache, cached_property
from typing import Any

from primum.extras import require
from primum.privacy.deid.folding import folded
from primum.privacy.deid.lists import characters, names, vocabulary
from primum.privacy.deid.spans import Span

_RUN = re.compile(r"[\u3400-\u9fff]{2,}")
_MEDICINE = re.compile(
    r".{0,2}(?:[片丸汤散素唑霉胶颗粒钙穴林酮胺酯醇酶肽苷菌苗霜膏酊酸碱盐糖性叶型征症炎病瘤癌期级值率胃肝肾肺]|口服液|注射|冲剂|气丸|胶囊|疫苗)"
)
"""What follows a medicine, a herb or a finding that is no word of the dictionary."""
_PERSON = frozenset({"nr", "nrfg"})


class JiebaRecogniser:
    """Finds names in Chinese characters with jieba's hidden Markov model; nothing is downloaded or kept in a file.

    The dictionary is loaded when the first text is read that needs it; that raises ExtraMissingError where jieba is not
    installed.
    """

    @cached_property
    def _read(self) -> tuple[dict[str, int], Any]:
        return _tagger()

    def spans(self, text: str) -> list[Span]:
        """Return the names of a text that are no word of the dictionary; runs without a family name are not read."""
        read = folded(text)
        return [
            span
            for run in _RUN.finditer(read)
            if any(one in names("family_zh") for one in run[0])
            for span in self._in_run(run[0], run.start())
        ]

    def _in_run(self, run: str, first: int) -> list[Span]:
        found, place = [], first
        words, tagger = self._read
        for piece in tagger.cut(run):
            word = piece.word
            at = place - first
            if piece.flag in _PERSON and 2 <= len(word) <= 4 and not words.get(word) and _is_name(word):
                if not _MEDICINE.match(run, at + len(word)):
                    found.append(Span(start=place, end=place + len(word), kind="name", score=0.6))
            place += len(word)
        return found


@cache
def _tagger() -> tuple[dict[str, int], Any]:
    """Return jieba's dictionary and tagger, read from the package itself: no cache file that others could write."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba 0.42.1 has escapes in its patterns that newer Pythons warn of
        jieba = require("jieba", extra="ner", purpose="A recogniser of Chinese names")
        posseg = require("jieba.posseg", extra="ner", purpose="A recogniser of Chinese names")
    logging.getLogger("jieba").setLevel(logging.WARNING)
    words = jieba.Tokenizer()
    words.FREQ, words.total = words.gen_pfdict(words.get_dict_file())
    words.initialized = True
    return words.FREQ, posseg.POSTokenizer(words)


def _is_name(word: str) -> bool:
    family = 2 if word[:2] in names("family_zh") and len(word) > 2 else 1
    given = word[family:]
    if word[:family] not in names("family_zh") or not 1 <= len(given) <= 2 or word[0] in vocabulary("hard_zh"):
        return False
    if word in names("common_zh") | vocabulary("not_names_zh") or family == 1 and word[:2] in names("common_zh"):
        return False
    often = sum(one in characters("given_often_zh") for one in given)
    return often > 0 and all(one in characters("given_zh") | characters("given_often_zh") for one in given)
