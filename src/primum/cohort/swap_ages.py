"""A patient's age in a text moved to another band, in English and Chinese.

Only the patient's own age moves: phrases within three years of it. What happened earlier ("diagnosed at age 30") stays,
and where it would then lie in the future the text cannot be moved. Only adults move, and only to adult ages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from primum.cohort.swap_words import CODE_ENDS, HAN, words

Band = tuple[float, float]
ADULT, OLDEST = 18.0, 95.0
_OWN_YEARS = 3
_YOUNG_BELOW, _OLD_FROM = 40, 65
_ARTICLE = r"(?:\b(?P<article>an?)(?P<space>[ ]))?"
_KIN = re.compile(
    r"(?:\b(?:(?:grand)?(?:mother|father|parents?)|sister|brother|sibling|(?:grand)?(?:son|daughter)|aunt|uncle|cousin|wife|"
    r"husband|spouse)\b|[父母兄弟姐妹妻]|儿子|女儿|丈夫)[^.;。；]*$",
    re.IGNORECASE,
)
"""Before an age: whose age it is."""
_PHRASES = (
    # 54-year-old, 54 years old, 54 yrs of age, 54 yo, 54 y/o, 54yoM
    rf"{_ARTICLE}(?<![\d./-])(?P<age>\d{{1,3}})(?=[\s-]*(?:years?|yrs?|y)[\s-]*(?:old|of\s+age)\b|\s*-?\s*y[./]?o\.?(?:[fm]\b|\b|(?=\s)))",
    # aged 54, age 54, age: 54, at the age of 54; not "ages 54 to 60"
    r"\bage[d:]?\s*(?:of|is|was|[=:])?\s*(?P<age>\d{1,3})\b(?!\s*(?:-|–|to)\s*\d|\.\d)",
    # 54F, 54 M
    rf"{_ARTICLE}(?<![\w./°-])(?P<age>1[89]|[2-8]\d)(?=[,/]?\s?(?-i:[FM])\b{CODE_ENDS})",
    r"(?<=[FM]/)(?P<age>\d{2})\b",
    r"(?<![\d.至到~-])(?P<age>\d{1,3})(?=\s*周?岁)",
    r"年龄\s*[:：为是]?\s*(?P<age>\d{1,3})(?!\d|\s*周?岁)",
)


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    """Where the number begins."""
    end: int
    age: int
    article: tuple[int, int, str] | None
    """Place and spelling of the "a" or "an" before it."""


def adult_part(band: Band) -> Band | None:
    """Return the part of a band between 18 and 95 years, None where there is none."""
    low, high = max(band[0], ADULT), min(band[1], OLDEST)
    return (low, high) if high - low >= 1 else None


def moved_age(age: float, old: Band, new: Band) -> float:
    """Return the age at the same place of another band; a whole number of years stays whole.

    Args:
        age: in years, in `old`.
        old: the adult part of its band.
        new: the adult part of the band to move to.
    """
    share = min(max((age - old[0]) / (old[1] - old[0]), 0.0), 1.0)
    moved = new[0] + share * (new[1] - new[0])
    if age != int(age):
        return min(moved, math.nextafter(new[1], 0.0))
    return float(min(max(math.floor(moved), math.ceil(new[0])), math.ceil(new[1]) - 1))


def with_other_age(text: str, old: Band, new: Band, *, age: float | None = None) -> str | None:
    """Return the text with the patient's age and words such as elderly moved, None where that would contradict itself.

    Args:
        text: of a patient in the band `old`.
        old: the adult part of the patient's band.
        new: the adult part of the band to move to.
        age: the patient's age, where a vital tells; else the first age of the text that lies in `old`.
    """
    found = _ages(text)
    if age is None:
        age = next((float(one.age) for one in found if old[0] <= one.age < old[1]), None)
    if age is None:  # ages, but none that this patient can have: the text speaks of somebody else
        return None if found else _with_words(text, (new[0] + new[1]) / 2)
    target = moved_age(age, old, new)
    found = [one for one in found if not _of_kin(text, one.start)]
    own = [one for one in found if abs(one.age - age) <= _OWN_YEARS]
    if any(target < one.age <= age for one in found if one not in own):  # what happened would lie in the future
        return None
    for one in reversed(own):
        years = str(int(min(max(one.age + target - age, ADULT), 120)))
        text = text[: one.start] + years + text[one.end :]
        if one.article is not None:
            text = _with_article(text, one.article, years)
    return _with_words(text, target)


def band_of_name(name: str) -> Band | None:
    """Return the band that a group's name spells, such as 45-65, <45, 65+ or 65岁以上; None for any other name."""
    plain = name.replace(" ", "").replace("岁", "").replace("years", "")
    number = r"(\d+(?:\.\d+)?)"
    if match := re.fullmatch(rf"[\[(]?{number}(?:-|–|~|,|to|至){number}[\])]?", plain):
        low, high = float(match[1]), float(match[2])
        return (low, high) if low < high else None
    if match := re.fullmatch(rf"(?:<|<=|≤|under|below){number}|{number}以下", plain):
        return 0.0, float(match[1] or match[2])
    if match := re.fullmatch(rf"(?:>|>=|≥|over){number}|{number}(?:\+|以上)", plain):
        return float(match[1] or match[2]), 120.0
    return None


def ages_told(text: str) -> frozenset[int]:
    """Return every age in years that a text tells, the patient's or another's."""
    return frozenset(one.age for one in _ages(text))


def _of_kin(text: str, place: int) -> bool:
    return _KIN.search(text, max(place - 40, 0), place) is not None


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE | re.ASCII) for pattern in _PHRASES)


def _ages(text: str) -> Sequence[_Found]:
    found: dict[int, _Found] = {}
    for pattern in _patterns():
        for match in pattern.finditer(text):
            start, end = match.span("age")
            article = match.groupdict().get("article")
            place = (*match.span("article"), article) if article else None
            known = found.get(start)
            if known is None or known.article is None:
                found[start] = _Found(start, end, int(match["age"]), place)
    return [found[start] for start in sorted(found)]


def _with_article(text: str, article: tuple[int, int, str], following: str) -> str:
    start, end, spelt = article
    vowel = following in ("11", "18") or following.startswith("8") or following[0].lower() in "aeiou"
    right = "an" if vowel else "a"
    if spelt[0].isupper():
        right = right.upper() if spelt.isupper() and len(spelt) > 1 else right.capitalize()
    return text[:start] + right + text[end:]


@cache
def _word_pattern(lang: str) -> re.Pattern[str]:
    forms: Mapping[str, Sequence[str]] = words(lang)["age_word_forms"]
    named = "|".join(f"(?P<{time}>{'|'.join(alternatives)})" for time, alternatives in forms.items())
    edge = r"\b" if lang == "en" else ""
    return re.compile(rf"{_ARTICLE}{edge}(?:{named}){edge}", re.IGNORECASE)


def _with_words(text: str, age: float) -> str:
    time = "young" if age < _YOUNG_BELOW else "old" if age >= _OLD_FROM else "middle"
    for lang in ("en", "zh") if HAN.search(text) else ("en",):
        word = str(words(lang)["age_words"][time])
        for match in reversed(list(_word_pattern(lang).finditer(text))):
            kind = next(name for name in ("young", "middle", "old") if match[name])
            if kind == time:
                continue
            start, end = match.span(kind)
            text = text[:start] + (word.capitalize() if match[kind][0].isupper() else word) + text[end:]
            if match["article"]:
                text = _with_article(text, (*match.span("article"), match["article"]), word)
    return text
