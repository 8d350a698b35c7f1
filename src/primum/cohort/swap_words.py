"""Sex words and given names in a text, exchanged for their counterparts, in English and Chinese.

A pattern knows nothing of grammar: "her" becomes "his" before a word that may be owned and "him" elsewhere, and what
merely looks like a sex word (the bundle of His, MEN 2, 98.6F, a 16F catheter, 其他, 阿托伐他汀) stays. The lists are
short and lie beside this file; a text they do not cover is simply left as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

HAN = re.compile(r"[\u4e00-\u9fff]")
_SHOUTED = frozenset({"female", "male", "females", "males", "woman", "women", "girl", "girls", "boy", "boys"})
"""Words that mean the same in capitals; MEN, HIS, SON, DAD or HE may be abbreviations."""
_NUMBERED = re.compile(r"[ -]?\d")
"""What follows HER in HER2 and HER-2, and MEN in MEN 2."""
_NO_PRONOUN = re.compile(r"\bs/$|bundle of $", re.IGNORECASE)
CODE_ENDS = (
    r"(?!\s*(?:foley|catheter|sheath|drain|tube|chest tube|introducer|french|needle|"
    r"buffer|nacl|naoh|hcl|kcl|solution|°))"
    r"(?=\s*(?:$|[,.;:)\n]|with\b|w/|who\b|present|pt\b|patient\b|here\b|c/o|h/o|s/p|p/w|"
    r"admitted\b|brought\b|came\b|found\b))"
)
"""What stands after the F of a patient of 54F: no temperature, catheter or concentration."""
_OF_AGE = r"\s*-?\s*(?:(?:years?|yrs?|y)[\s-]*old|y[./]?o\.?|yrs?|years?)\s*[,/]?\s*"
_CODES = (
    # 54 y/o M, 72yoF, 54 year old f
    re.compile(rf"(?<![\w.])(?P<before>\d{{1,3}}{_OF_AGE})(?P<code>[FM])(?![\w'’/-])", re.IGNORECASE),
    # 54F, 54 M; temperatures (98F), catheters (16F) and concentrations (20 M NaCl) are not patients
    re.compile(rf"(?<![\w./°-])(?<!temp )(?P<before>(?:1[89]|[2-8]\d)[,/]?\s?)(?P<code>[FM])(?![\w'’/-]){CODE_ENDS}"),
    # F/54; F, 54 y/o
    re.compile(rf"(?<![\w/])(?P<before>)(?P<code>[FM])(?=\s?/\s?\d{{2}}\b|,\s?\d{{1,3}}{_OF_AGE})"),
    re.compile(r"(?i)\b(?P<before>(?:sex|gender)\s*(?:[:=]|\bis\b)?\s*)(?P<code>[FM])\b"),
)


@cache
def words(lang: str) -> Mapping[str, Any]:
    """Return one language's lists; `lang` is en or zh."""
    text = (files("primum.cohort") / "words" / f"swaps_{lang}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def with_other_sex(text: str) -> str:
    """Return the text with every sex word and listed given name exchanged for that of the other sex."""
    text = _english_words().sub(lambda match: _english(match, text), text)
    text = _titles().sub(lambda match: words("en")["titles"][match[0]], text)
    for pattern in _CODES:
        text = pattern.sub(lambda match: match["before"] + _exchanged(match["code"]), text)
    text = _latin_names(text, _across_sexes())
    if HAN.search(text):
        pairs = _chinese_pairs()
        text = _chinese_words().sub(lambda match: pairs[match[0]], text)
        text = _han_names(text, _han_across_sexes())
    return text


def with_other_names(text: str) -> str:
    """Return the text with every listed given name exchanged for one of the same sex, of another origin where written
    in Latin letters (Mary and Xiuying).
    """
    text = _latin_names(text, _across_origins())
    return _han_names(text, _han_within_sex()) if HAN.search(text) else text


def speaks_of_one_sex(text: str) -> bool:
    """Return whether a text speaks of what only one sex has, so that exchanging its words would make nonsense."""
    return _specific("sex_specific").search(text) is not None


def speaks_of_a_time_of_life(text: str) -> bool:
    """Return whether a text speaks of what belongs to an age, so that another age would make nonsense."""
    return _specific("age_specific").search(text) is not None


@cache
def _specific(key: str) -> re.Pattern[str]:
    english = "|".join(words("en")[key])
    chinese = "|".join(map(re.escape, words("zh")[key]))
    return re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE | re.ASCII)


def _exchanged(code: str) -> str:
    return {"F": "M", "M": "F", "f": "m", "m": "f"}[code]


def _either_way(pairs: list[list[str]]) -> dict[str, str]:
    return {a: b for pair in pairs for a, b in (pair, pair[::-1])}


@cache
def _english_pairs() -> Mapping[str, str]:
    one_way: dict[str, str] = words("en")["one_way"]
    return _either_way(words("en")["pairs"]) | one_way


@cache
def _english_words() -> re.Pattern[str]:
    listed = sorted((*_english_pairs(), "her", "hers", "him", "his"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(listed)})\b(?!-purkinje| bundle|-made)", re.IGNORECASE)


def _english(match: re.Match[str], text: str) -> str:
    word, before, after = (
        match[0],
        text[max(match.start() - 10, 0) : match.start()],
        text[match.end() : match.end() + 2],
    )
    low = word.lower()
    shouted = word.isupper() and low not in _SHOUTED
    if shouted and (any(letter.islower() for letter in text) or _NUMBERED.match(after)):
        return word
    if _NO_PRONOUN.search(before):
        return word
    if low in ("her", "hers", "him", "his"):
        return _cased(_pronoun(low, text, match.end()), word)
    return _cased(_english_pairs()[low], word)


def _pronoun(low: str, text: str, end: int) -> str:
    if low in ("him", "hers"):
        return {"him": "her", "hers": "his"}[low]
    following = re.compile(r"\s*([/(]|(?<=\s)[\"“]|[A-Za-z0-9]+)").match(text, end)
    owns = following is not None and following[1].lower() not in words("en")["function_words"]
    if low == "her":
        return "his" if owns else "him"
    return "her" if owns else "hers"


def _cased(new: str, old: str) -> str:
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[0].upper() + new[1:] if old[0].isupper() else new


@cache
def _titles() -> re.Pattern[str]:
    return re.compile(r"\b(?:Mrs|Ms|Miss|Mr)\b(?=\.?\s*[A-Z_\[])")


@cache
def _chinese_pairs() -> Mapping[str, str]:
    lists = words("zh")
    one_way: dict[str, str] = lists["one_way"]
    return _either_way(lists["pairs"]) | one_way | {word: word for word in lists["fixed"]}


@cache
def _chinese_words() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_chinese_pairs(), key=len, reverse=True)))


@cache
def _across_sexes() -> Mapping[str, str]:
    english, chinese = words("en")["names"], words("zh")["names"]
    pairs = [*zip(english["female"], english["male"], strict=True)]
    pairs += zip(chinese["female_latin"], chinese["male_latin"], strict=True)
    return _either_way([list(pair) for pair in pairs])


@cache
def _across_origins() -> Mapping[str, str]:
    english, chinese = words("en")["names"], words("zh")["names"]
    pairs = [*zip(english["female"], chinese["female_latin"], strict=True)]
    pairs += zip(english["male"], chinese["male_latin"], strict=True)
    return _either_way([list(pair) for pair in pairs])


@cache
def _han_across_sexes() -> Mapping[str, str]:
    names = words("zh")["names"]
    return _either_way([list(pair) for pair in zip(names["female"], names["male"], strict=True)])


@cache
def _han_within_sex() -> Mapping[str, str]:
    names = words("zh")["names"]
    lists = (names["female"], names["male"])
    return _either_way([[some[i], some[i + 1]] for some in lists for i in range(0, len(some), 2)])


@cache
def _latin_pattern() -> re.Pattern[str]:
    lists = words("en")
    after = "".join(rf"(?<!\b{word}\s)(?<!\b{word}\.\s)" for word in lists["name_not_after"])
    listed = "|".join(sorted(_across_sexes(), key=len, reverse=True))
    return re.compile(rf"\b(?i:{after})(?:{listed})\b(?!-[A-Z]|(?i:\s*(?:{'|'.join(lists['name_not_before'])})\b))")


def _latin_names(text: str, exchange: Mapping[str, str]) -> str:
    replace: Callable[[re.Match[str]], str] = lambda match: exchange[match[0]]  # noqa: E731
    return _latin_pattern().sub(replace, text)


@cache
def _han_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<=[{words('zh')['surnames']}])(?:{'|'.join(_han_across_sexes())})")


def _han_names(text: str, exchange: Mapping[str, str]) -> str:
    return _han_pattern().sub(lambda match: exchange[match[0]], text)
