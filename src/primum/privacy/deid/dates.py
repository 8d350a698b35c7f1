# ruff: noqa: E501 - each pattern stays whole
"""Rules for dates and for ages over 89, in English and Chinese."""

from __future__ import annotations

import re

from primum.privacy.deid.rule import Rule

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_CAPS = r"(?:JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
_ANY = rf"(?:{_MONTH}|{_CAPS})\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TH = r"(?:st|nd|rd|th)?"
_MM = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]\d{2}|20\d{2})"
_NUMERIC = re.compile(
    rf"(?<![\d/.-])(?:{_YEAR}([/.-]){_MM}\1{_DAY}(?!\d)(?:T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?:Z|[+-]\d{{2}}:?\d{{2}})?)?"
    rf"|(?:{_MM}([/.-]){_DAY}\2|{_DAY}([/.-]){_MM}\3)(?:{_YEAR}|\d{{2}}))(?![\d/]|[.-]\d)"
)
_WORDS = re.compile(
    rf"(?<![\w])(?:(?:the )?{_DAY}{_TH}(?: day)?(?: of)?[ -]?{_ANY}(?:,? ?[-/]?(?:{_YEAR}|'?\d{{2}}(?!\d|:| ?(?:mg|ml|mcg|units|tab|%))))?"
    rf"|{_ANY} {_DAY}{_TH}(?!\d|[./:]\d)(?:,? {_YEAR})?|{_ANY},? (?:of )?{_YEAR}|{_ANY}-{_DAY}-(?:{_YEAR}|\d{{2}}))(?!\w)"
)
_LOWER = re.compile(
    rf"(?<!\w)(?:{_DAY}{_TH}(?: of)? {_MONTH},? {_YEAR}|{_MONTH} {_DAY}{_TH},? {_YEAR}|{_MONTH} {_DAY}(?:st|nd|rd|th)|{_MONTH},? {_YEAR})(?!\w)",
    re.I,
)
_SHORT = re.compile(
    rf"\b(?i:on|since|from|until|till|dated?|by|before|after|admitted|discharged|seen|visit|starting|scheduled(?: for)?|due|next|review|reviewed|fell|born|clinic|appt|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?|d\.?o\.?b|appointment|through|thru|between|and|to|returned|drawn|collected|performed|completed)[:\s]\s?(?P<it>{_MM}/{_DAY})(?![\d/]|\.\d| ?(?:%|mg|ml|pain|lobes?|strength|doses?|tabs?|tablets?|[x]\b))"
)
_RANGE = re.compile(rf"(?<![\d/]){_MM}/{_DAY} ?(?:-|–|to) ?{_MM}/{_DAY}(?:/(?:{_YEAR}|\d{{2}}))?(?![\d/])")
_COMPACT = re.compile(rf"(?<!\w){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T ]?\d{{4,6}}(?:\.\d+)?)?(?!\w)")
_YEAR_MONTH = re.compile(
    rf"(?i:date|dob|born|since|diagnosed|expir\w*|出生|日期|于|时间|自)[\s:：]{{0,3}}(?:in |on )?(?P<it>{_YEAR}[-/.]{_MM}|{_MM}/{_YEAR})(?![\d/.-])"
)
_MONTH_YEAR = re.compile(rf"(?<![\d/.-])(?:0[1-9]|1[0-2])/{_YEAR}(?![\d/])")
_ZH_NUMBER = "[〇零一二三四五六七八九十两]"
_CHINESE = re.compile(
    rf"(?:(?:{_YEAR}|(?<!\d)\d{{2}}|[〇零一二三四五六七八九]{{4}}) ?年 ?)(?:{_MM}|{_ZH_NUMBER}{{1,3}}) ?月(?!龄|经)(?: ?(?:{_DAY}|{_ZH_NUMBER}{{1,3}}) ?[日号](?!线))?"
    rf"|(?<!\d)(?<![〇零一二三四五六七八九十第])(?:{_MM}|{_ZH_NUMBER}{{1,3}}) ?月 ?(?:{_DAY}|{_ZH_NUMBER}{{1,3}}) ?[日号](?!线)"
    r"|(?:农历|阴历)?(?:正|腊|冬)月(?:初|十|廿|三十|二十)[一二三四五六七八九十]?"
)
_OVER = r"(?:9\d|1[0-2]\d)"
_AGE_SAID = re.compile(
    rf"\b(?i:aged?|age(?: is| of|:)?|turn(?:ed|s|ing)|at the age of)\s?[:=]?\s?(?P<it>{_OVER})(?![\d%./]| ?(?:mg|ml|bpm|%))|年龄[:：为是]?\s?(?P<itz>{_OVER})(?!\d)"
)
_AGE_AFTER = re.compile(
    rf"(?<![\d./])(?P<it>{_OVER})(?=[ -]?(?:(?:years?|yrs?)[ -](?:old|of age|young)|year-?olds?|y\.?/?o\b|y\.o\.|yrs?\b|years? (?:male|female|man|woman|lady|gentleman)| ?周?岁))|(?:^|[,.;:(\n] ?|\b[aA] |\bis )(?P<itz>{_OVER})(?= ?[MF](?:,| (?:with|w/|who|presents|presenting|admitted|brought|found|c/o|h/o|s/p|here|seen)\b))"
)
_AGE_WORDS = re.compile(
    r"\b(?P<it>(?i:ninety|one hundred(?: and)?)(?:[- ](?i:one|two|three|four|five|six|seven|eight|nine|ten))?)(?=[- ]years?[- ]old)|(?P<itz>(?:九十[一二三四五六七八九]?|一百零?[一二三四五六七八九]?))(?=周?岁)"
)


def _either(pattern: re.Pattern[str]) -> tuple[re.Pattern[str], ...]:
    """Return the alternatives of a pattern whose second names its group `itz`, each with its own `it`."""
    first, second = re.split(r"\|(?=年龄|\(\?P<itz>|\(\?:\^)", pattern.pattern, maxsplit=1)
    return re.compile(first), re.compile(second.replace("<itz>", "<it>"))


DATES: tuple[Rule, ...] = (
    Rule(kind="date", pattern=_NUMERIC, score=0.9),
    Rule(kind="date", pattern=_WORDS, score=0.9),
    Rule(kind="date", pattern=_LOWER, score=0.88),
    Rule(kind="date", pattern=_SHORT, score=0.8),
    Rule(kind="date", pattern=_RANGE, score=0.85),
    Rule(kind="date", pattern=_COMPACT, score=0.82),
    Rule(kind="date", pattern=_YEAR_MONTH, score=0.8),
    Rule(kind="date", pattern=_MONTH_YEAR, score=0.8),
    Rule(kind="date", pattern=_CHINESE, score=0.9, needs="nothing", hint=("月",)),
    *(Rule(kind="age", pattern=one, score=0.9) for one in (*_either(_AGE_SAID), *_either(_AGE_AFTER))),
    *(
        Rule(kind="age", pattern=one, score=0.9, needs="nothing", hint=("ninety", "hundred", "九十", "一百"))
        for one in _either(_AGE_WORDS)
    ),
)
