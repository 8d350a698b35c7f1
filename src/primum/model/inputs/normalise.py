"""The form in which texts reach a tokenizer: what looks the same to a reader becomes the same characters.

Training, prediction and the fast engine all read texts through `TextInput`, which calls this and nothing else. A saved
model names its form, and one from before there was any keeps reading texts as they are.

The form may be shorter or longer than the text. Whoever needs the place of a token in the text as it was written (to
mark a reason) gets from a tokenizer the place in this form, and has to align the two.

Sources: Unicode Standard Annex 15 (normalisation forms); Unicode Technical Standard 39, section 4 and its table of
confusables (look-alikes), of which only letters that are drawn alike in common type are taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from primum.registry import Registry

NORMALISATIONS: Registry[Callable[[str], str]] = Registry("text normalisation")
"""Every form by the name that saved models use; what a name does never changes, a better form gets a new name."""
NEWEST = "unicode_1"

_FOLDED = frozenset({"<wide>", "<narrow>", "<font>", "<compat>", "<square>", "<noBreak>", "<small>", "<vertical>"})
"""Kinds of compatibility characters that are only another type face. Superscripts, subscripts, fractions and circles
stay: 10⁹ is not 109."""
_CHINESE_MARKS = frozenset("，：；！？（）～")
"""Full-width marks that Chinese writing uses as its own."""
_HAN = re.compile("[\u3400-\u9fff]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e01ef]"
    "|(?<=[\u0021-\u052f\u3000-\u9fff])[\u200c\u200d]"
)
"""Soft hyphens, zero-width, direction and variation marks; joiners only where the script before has no use for them."""
_WORD = re.compile(r"[^\W\d_]+")
_LOOK_ALIKES = {
    "CYRILLIC": ("аеорсхуіѕјһԁԛԝАВЕКМНОРСТХУІЅЈ", "aeopcxyisjhdqwABEKMHOPCTXYISJ"),
    "GREEK": ("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX"),
}


@NORMALISATIONS.register("none")
def as_written(text: str) -> str:
    """Return the text as it is."""
    return text


@NORMALISATIONS.register(NEWEST)
def unicode_1(text: str) -> str:
    """Return the text in Unicode form C, without unseen marks, other type faces as plain letters, look-alikes resolved.

    Letter case is the tokenizer's business. In a text with Chinese characters the full-width marks that Chinese writing
    uses stay as they are.
    """
    if text.isascii():
        return text
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", _without_look_alikes(_plain_faces(text)))


def _plain_faces(text: str) -> str:
    kept = _CHINESE_MARKS if _HAN.search(text) else frozenset()
    changed = {ord(c): plain for c in set(text) - kept if not c.isascii() and (plain := _plain(c)) != c}
    return text.translate(changed) if changed else text


@cache
def _plain(character: str) -> str:
    kind = unicodedata.decomposition(character).partition(" ")[0]
    return unicodedata.normalize("NFKC", character) if kind in _FOLDED else character


def _without_look_alikes(text: str) -> str:
    """Return the text with words that mix alphabets in Latin letters, if look-alikes are all that is not Latin.

    A word of look-alikes alone follows, unless some word shows that the text is written in the other alphabet too.
    """
    for alphabet, (theirs, ours) in _LOOK_ALIKES.items():
        if not any(c in text for c in theirs):
            continue
        words = [(match[0], {_alphabet(c) for c in match[0] if c not in theirs}) for match in _WORD.finditer(text)]
        genuine = any(alphabet in others for _, others in words) or not any("LATIN" in o for _, o in words)
        table = str.maketrans(theirs, ours)
        resolved = {
            word: word.translate(table) for word, others in words if others == {"LATIN"} or (not others and not genuine)
        }
        text = _WORD.sub(lambda match, resolved=resolved: resolved.get(match[0], match[0]), text)  # type: ignore[misc]
    return text


@cache
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
