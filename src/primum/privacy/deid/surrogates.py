"""Made-up identifiers in the place of true ones: the same one for the same patient, fixed by a key."""

from __future__ import annotations

import re
from functools import cache

from primum.privacy.deid.keyed import Keyed
from primum.privacy.deid.lists import names, sexes, vocabulary

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\s,.]+")
_ZH_FAMILY = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
_ZH_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "慕容", "皇甫", "令狐", "夏侯")
_ZH_FEMALE = tuple("芳娜敏静丽娟霞莉玲秀兰英红梅燕雪婷琳慧颖洁倩蓉莹萍瑶怡")
_ZH_MALE = tuple("伟强磊军勇涛明超刚平辉鹏杰峰浩波亮健斌毅宇翔俊凯博")


def surrogate(found: str, kind: str, *, patient: str, keyed: Keyed) -> str:
    """Return what stands for an identifier of `kind` in the texts of `patient`; never the identifier itself."""
    if kind == "name":
        return _chinese_name(found, patient, keyed) if _CHINESE.search(found) else _latin_name(found, patient, keyed)
    code = keyed.number(kind, patient, re.sub(r"\W", "", found).lower())
    if kind == "email":
        return f"person{code % 10**8}@example.org"
    if kind == "url":
        return f"https://example.org/{code % 10**8}"
    if kind == "ip":
        return f"192.0.2.{code % 254 + 1}"
    if kind == "photo":
        return f"photo{code % 10**8}.jpg"
    return keyed.reshaped(found, kind, patient, re.sub(r"\W", "", found).lower())


def _latin_name(found: str, patient: str, keyed: Keyed) -> str:
    """Return a name of as many words, each word's surrogate its own, so that a surname alone agrees with the whole."""

    def one(match: re.Match[str]) -> str:
        word = match[0]
        if word in vocabulary("particles") or word in vocabulary("suffixes"):
            return word
        if len(word) == 1:
            return keyed.choose("ABCDEFGHJKLMNPRSTW", "initial", patient, word)
        is_given = word.capitalize() in sexes()
        made = keyed.choose(
            _givens(sexes().get(word.capitalize(), "")) if is_given else _families(), "name", patient, word.lower()
        )
        if made.lower() == word.lower():
            made = keyed.choose(_families(), "another", patient, word.lower())
        return made.upper() if word.isupper() else made

    return _WORD.sub(one, found)


def _chinese_name(found: str, patient: str, keyed: Keyed) -> str:
    if "·" in found or "•" in found:
        return keyed.choose(_ZH_COMPOUND, "family", patient, found) + keyed.choose(_ZH_MALE, "given", patient, found)
    compound = found[:2] in names("family_zh") and len(found) > 2
    family, given = (found[:2], found[2:]) if compound else (found[:1], found[1:])
    new_family = _other(_ZH_COMPOUND if compound else _ZH_FAMILY, family, "family", patient, keyed)
    female = any(one in _ZH_FEMALE for one in given)
    characters = _ZH_FEMALE if female else _ZH_MALE
    return new_family + "".join(
        _other(characters, one, f"given{place}", patient, keyed) for place, one in enumerate(given)
    )


def _other(among: tuple[str, ...], one: str, what: str, patient: str, keyed: Keyed) -> str:
    made = keyed.choose(among, what, patient, one)
    return among[(among.index(made) + 1) % len(among)] if made == one else made


@cache
def _givens(sex: str) -> tuple[str, ...]:
    """Return given names of one sex, or of no known one: those of no more than seven plain letters."""
    return tuple(
        sorted(name for name, of in sexes().items() if of == sex or not sex and name.isascii() and len(name) <= 7)
    )


@cache
def _families() -> tuple[str, ...]:
    common = names("common_en")
    return tuple(
        sorted(
            one
            for one in names("family_en")
            if one.isascii() and one.isalpha() and 4 <= len(one) <= 8 and one.lower() not in common
        )
    )
