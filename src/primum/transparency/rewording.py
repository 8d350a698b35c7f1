"""Harmless rewordings: the same note for any reader, in another form, in English and Chinese.

A reason that hangs on what the note says keeps its order of parts under each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise

from primum.cohort.augment import synonym_places
from primum.cohort.swap_words import HAN
from primum.registry import Registry
from primum.transparency.words import sentence_ends

Rewording = Callable[[str], str]
REWORDINGS: Registry[Rewording] = Registry("rewording")
"""Every harmless rewording by name."""

# The second says what the first does; none is clinical, a negation or a degree.
_FUNCTION_EN = (
    ("about", "around"), ("because", "since"), ("but", "yet"), ("although", "though"), ("often", "frequently"),
    ("while", "whilst"), ("until", "till"), ("also", "too"), ("as well as", "and"), ("and", "as well as"),
    ("with", "along with"), ("for example", "for instance"), ("i have", "i've got"), ("i am", "i'm"),
)  # fmt: skip
_FUNCTION_ZH = (
    ("因为", "由于"), ("但是", "不过"), ("和", "与"), ("以及", "还有"), ("大约", "约"), ("已经", "已"),
    ("并且", "而且"), ("如果", "假如"), ("怎么", "如何"), ("的时候", "时"), ("经常", "常常"), ("非常", "很"),
)  # fmt: skip
# A sentence that points back to the one before must stay behind it.
_POINTS_BACK = re.compile(
    r"\s*(?:(?:it|its|this|that|these|those|he|she|his|her|they|their|them|there|then|also|but|and|so|however|thus|"
    r"therefore|afterwards|later|since|which|both|besides|moreover|furthermore|additionally)\b|"
    r"[其该此这那他她它并但且又也还故则]|然后|随后|之后|因此|所以|同时|另外|后来|于是)",
    re.IGNORECASE,
)


@REWORDINGS.register("synonyms")
def synonyms(text: str) -> str:
    """Return the text with every clinical word that has a synonym replaced by the first of them."""
    pieces, at = [], 0
    for start, end, others in sorted(synonym_places(text)):
        if start >= at:
            pieces += [text[at:start], others[0]]
            at = end
    return "".join([*pieces, text[at:]])


@REWORDINGS.register("function_words")
def function_words(text: str) -> str:
    """Return the text with words that are no clinical ones, such as "because", replaced by their like."""
    for lang, pattern in _FUNCTION_PATTERNS.items():
        if lang == "en" or HAN.search(text):
            text = pattern.sub(partial(_replaced, _OTHERS[lang]), text)
    return text


@REWORDINGS.register("punctuation")
def punctuation(text: str) -> str:
    """Return the text with semicolons for the full stops between its sentences and none at its end."""
    text = re.sub(r"[.。]\s*$", "", text)
    text = re.sub(r"(?<=[^\W\d])\.(?=\s+\S)", ";", text)
    return text.replace("。", "；")


@REWORDINGS.register("case")
def case(text: str) -> str:
    """Return the text without capital letters."""
    return text.lower()


@REWORDINGS.register("whitespace")
def whitespace(text: str) -> str:
    """Return the text with a line for each sentence and two spaces between words."""
    return "\n".join(re.sub(r" +", "  ", one) for one in sentences(text))


@REWORDINGS.register("sentence_order")
def sentence_order(text: str) -> str:
    """Return the text with its last sentence first; as it is where a later sentence points back to an earlier one."""
    parts = sentences(text)
    if len(parts) < 2 or any(_POINTS_BACK.match(part) for part in parts[1:]):
        return text
    han = HAN.search(text) is not None
    last = parts[-1] if parts[-1][-1] in ".!?。！？；" else parts[-1] + ("。" if han else ".")
    return ("" if han else " ").join([last, *parts[:-1]])


def reworded(text: str) -> dict[str, str]:
    """Return the text in each of the forms that differ from it, by the name of the rewording."""
    found = {name: REWORDINGS.get(name)(text) for name in REWORDINGS}
    return {name: other for name, other in found.items() if other != text and other.strip()}


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each with its mark and without space around it."""
    pieces = [text[a:b].strip() for a, b in pairwise([0, *sentence_ends(text), len(text)])]
    return [piece for piece in pieces if piece]


def _replaced(others: Mapping[str, str], match: re.Match[str]) -> str:
    new = others[match[0].lower()]
    return new[0].upper() + new[1:] if match[0][:1].isupper() else new


_OTHERS: Mapping[str, Mapping[str, str]] = {"en": dict(_FUNCTION_EN), "zh": dict(_FUNCTION_ZH)}
_FUNCTION_PATTERNS = {
    "en": re.compile(r"\b(?:" + "|".join(sorted((a for a, _ in _FUNCTION_EN), key=len, reverse=True)) + r")\b", re.I),
    "zh": re.compile("|".join(sorted((a for a, _ in _FUNCTION_ZH), key=len, reverse=True))),
}
