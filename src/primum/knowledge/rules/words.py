"""Whether a text says a word and means it: on word bounds, in English and Chinese, not denied, not past, not feared.

Cues before and after a word decide, within its sentence and up to a "but", as in NegEx and ConText (Chapman et al.
2001, J. Biomed. Inform. 34:301; Harkema et al. 2009, J. Biomed. Inform. 42:839); the lists are our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from primum.cohort.swap_words import HAN

_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[;\n。！？；]")
_TURN = re.compile(
    r"(?i)\b(?:but|however|although|though|yet|except|apart from|aside from|other than|still|and then)\b|"
    r"但是?|然而|不过|除了?|"
    r"(?:,|\band)\s*(?:and\s+)?(?:then\s+)?(?:now\s+)?(?:has|have|had|is|are|was|reports?|reported|complain(?:s|ed|ing)|presents?|presented|"
    r"presenting|developed|with|having|i|he|she|they|patient|pt)\b"
)
_LISTED = re.compile(  # what they deny goes on through commas
    r"(?i)\b(?:den(?:y|ies|ied|ying)|negative for|no (?:history|evidence|signs?|symptoms?|complaints?) of|absence of|"
    r"free of|neither|ruled? out)\b|否认|均无|排除"
)
_PLAIN = re.compile(r"(?i)\b(?:no|without|nor|never|none|non)\b|无|未|没有?|不伴|并非|不是")
_NOT = re.compile(r"(?i)(?:\b(?:not|cannot)|n['’]t)\b")
_REACH = {"no": 8, "not": 4}
"""Words that a "no" or a "not" reaches over, where no comma ends it before."""
_COMMA = re.compile(r"[,，]")
_GOES_ON = re.compile(r"(?i)^(?:,[^,.]{1,40})*,?\s*(?:or|nor)\b")
_OR = re.compile(r"(?i)\b(?:or|nor)\b|[、或]")
_AFTER = re.compile(
    r"(?i)^\s*(?:(?:was|were|is|are|has been|have been)\s+)?(?:ruled out|denied|absent|negative|not (?:present|"
    r"seen|found|noted)|unlikely)\b|^\s*(?:[:=-]|\()\s*(?:no|none|denie[sd]|negative|absent|neg|n|-)\b|"
    r"^\s*[:：（(]?\s*(?:阴性|无|否认|未见|已排除)"
)
_NOT_NOW = re.compile(
    r"(?i)\b(?:history of|hx of|h/o|h\.o\.|previous|prior|past|formerly|family history|risk of|risks? (?:for|include)|"
    r"in case of|if (?:you|he|she|they|there|any|it)|should (?:you|he|she|they)|fear of|afraid of|prevent(?:s|ing|ion)?"
    r"(?: of)?|avoid|screen(?:ed|ing)? for|monitor(?:ed|ing)? for|watch for|return for|years? ago|in the past|"
    r"last year)\b|既往|病史|家族史|曾经?|年前|有一次|以前|小时候|如果|如出现|一旦|若|预防|防止|避免|"
    r"以防|警惕|担心|害怕|会不会|是否"
)
_QUESTION = re.compile(
    r"(?i)^\s*(?:\w+:\s*)?(?:(?:and|or|so|okay|ok|well),?\s+)?(?:do|does|did|are|is|was|were|have you|has|any|can|"
    r"could|would|will|what|why|how|when|ever|no)\b|\b(?:do|did|have|are|were) you\b"
)
_YES = re.compile(r"(?i)\s*(?:\w+:\s*)?(?:yes|yeah|yep|yup|i do|i did|i have|i am|true|correct)\b")
_NEAR = 60


@cache
def pattern_of(word: str) -> re.Pattern[str]:
    """Return what finds a word on word bounds; a blank stands for blanks or a hyphen, a final * for any ending.

    Args:
        word: lower case, as `reading_conditions` makes it.
    """
    stem = word.rstrip("*")
    body = r"[\s_-]+".join(re.escape(part) for part in stem.split())
    if HAN.search(stem):
        return re.compile(body, re.IGNORECASE)
    end = r"\w*" if word.endswith("*") else r"(?![A-Za-z0-9])"
    return re.compile(rf"(?<![A-Za-z0-9]){body}{end}", re.IGNORECASE)


@cache
def parts_of(words: Sequence[str], *, ascii_only: bool) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return each word, its longest part and the other parts, all of which a text in lower case must hold to say it.

    Args:
        words: lower case.
        ascii_only: leave out what a text in ASCII cannot say.
    """
    found = []
    for word in words:
        longest, *others = sorted(word.rstrip("*").split(), key=len, reverse=True)
        if word.isascii() or not ascii_only:
            found.append((word, longest, tuple(others)))
    return tuple(found)


def says(text: str, lowered: str, words: Sequence[str], *, past: bool = False) -> bool:
    """Return whether a text says one of the words at a place where it is meant.

    Args:
        text: the text.
        lowered: the same in lower case.
        words: lower case.
        past: whether what is past, feared or a risk is meant as well.
    """
    for word, longest, others in parts_of(words, ascii_only=lowered.isascii()):
        if longest in lowered and all(part in lowered for part in others):
            found = pattern_of(word).finditer(text)
            if any(meant(text, match.start(), match.end(), past=past) for match in found):
                return True
    return False


def meant(text: str, start: int, end: int, *, past: bool = False) -> bool:
    """Return whether what stands at [start, end) is neither denied nor, unless `past`, past or feared."""
    before, after = _sentence_around(text, start, end)
    if _asked(text, before, after, end):
        return False
    if _AFTER.search(after[:_NEAR]):
        return False
    turned = before
    for match in _TURN.finditer(before):
        turned = before[match.end() :]
    if _LISTED.search(turned) or _denied_near(turned, after):
        return False
    return past or not _NOT_NOW.search(turned[-_NEAR:])


def _asked(text: str, before: str, after: str, end: int) -> bool:
    """Return whether a word stands in a question to which the text does not say yes."""
    rest = text[end + len(after) :]
    if not rest.startswith("?") or not (_QUESTION.search(before) or _QUESTION.search(after)):
        return False
    return not _YES.match(rest[1:])


def _denied_near(before: str, after: str) -> bool:
    """Return whether "no" or "not" reaches the word: through a comma only where a list with "or" goes on."""
    for match in _PLAIN.finditer(before):
        between = before[match.end() :]
        if not _COMMA.search(between):
            if len(between.split()) <= _REACH["no"]:
                return True
        elif _OR.search(between) or _GOES_ON.search(after):
            return True
    for match in _NOT.finditer(before):
        between = before[match.end() :]
        if "," not in between and len(between.split()) <= _REACH["not"]:
            return True
    return False


def _sentence_around(text: str, start: int, end: int) -> tuple[str, str]:
    begin = 0
    for match in _SENTENCE_END.finditer(text, max(0, start - 400), start):
        begin = match.end()
    begin = max(begin, start - 400)
    stop = _SENTENCE_END.search(text, end)
    return text[begin:start], text[end : stop.start() if stop else len(text)]
