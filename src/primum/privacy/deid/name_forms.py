# ruff: noqa: E501 - each pattern stays whole
"""Names in Latin script by their form alone: "Last, First", initials before a family name, initials of a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator

from primum.privacy.deid.lists import phrases, vocabulary
from primum.privacy.deid.names_en import CAP, PARTICLE, bare, is_family, is_given, is_word
from primum.privacy.deid.spans import Span

_LAST_FIRST = re.compile(
    rf"(?<![\w@.'’-])(?P<last>(?:(?i:{PARTICLE})[ ]){{0,2}}{CAP}(?:[ -]{CAP})?),[ ]?(?P<first>{CAP}(?:[ ]{CAP})?(?:[ ][A-Z]\.?(?![\w]))?)(?![\w@])"
)
_INITIALS = re.compile(
    rf"(?<![\w.@-])(?P<initials>(?:[A-Z]\.[ ]?){{1,3}}|[A-Z]{{1,2}}[ ])(?P<last>(?:{PARTICLE}[ ]){{0,2}}(?=[A-ZÀ-Žİ][^\W\d_]{{2}}){CAP})(?![\w@])"
)
_LAST_INITIAL = re.compile(
    rf"(?<![\w@.'’-])(?P<last>(?:{PARTICLE}[ ]){{0,2}}{CAP}),[ ]?(?!I[ ,'’])[A-Z](?:\.(?:[ ]?[A-Z]\.)?)?(?![\w@])"
)
_ONLY_INITIALS = re.compile(
    r"\b(?i:subject|patient|pt|initials?|spoke (?:to|with|w/?)|d/w|discussed with|by|signed)[ :]{1,2}(?P<it>(?:[A-Z]\.){2,3})(?!\w)"
)
_HAN_PINYIN = re.compile(
    rf"(?P<han>[\u3400-\u9fff]{{2,4}})[ ]?[(（](?P<latin>{CAP}(?:[ ]{CAP}){{1,2}})[)）]|(?<![\w'’-])(?P<latin2>{CAP}(?:[ ]{CAP}){{1,2}})[ ]?[(（](?P<han2>[\u3400-\u9fff]{{2,4}})[)）]"
)
_OFFICIAL = re.compile(
    r"(?:\b(?:surgeon|asst\.?|assistant|an(?:a)?esthetist|anesthesiologist|GP|NP|PA|RN|nurse|sister|midwife|endoscopist|inmate|prisoner|resident|patient|pt|name|reg|registrar|SHO|signed(?: by)?|by|with|from|d/w|lead|dentist|operator|radiographer|physio|consultant|client|donor|driver|re|cc|dr|prof)\b\.?:?|\n|^|[:;/|•*–-]|\d[.)]|\t|[ ]{2})[ ]{0,4}$",
    re.I,
)
_NOT_INITIALS = frozenset(
    "IV IM PO SC PR PV SL IO CT MR US XR AP PA ER ED OR ID AM PM L R T C S N K V X BP HR RR CP UC MS PE DM TB CF GI GU CV ST QT HB WT HT FH SH PH AF VT VF AV LV RV LA RA EF LP CN DR MD RN NP DO ON IN TO OF AT BY NO IS AS IT IF WE HE".split()
)
_SPECIES = frozenset(
    "Coli Aureus Difficile Pylori Pneumoniae Albicans Falciparum Vivax Meningitidis Influenzae Pallidum Trachomatis Tuberculosis Avium Fragilis Faecalis Bilirubin Fib Flutter".split()
)


def shaped_names_in(text: str) -> Iterator[Span]:
    """Yield the names that a text holds in a form that only names have."""
    for match in _LAST_FIRST.finditer(text):
        if _is_last_first(text, match):
            yield Span(start=match.start(), end=match.end(), kind="name", score=0.8)
    for match in _INITIALS.finditer(text):
        if _is_initialled(text, match):
            yield Span(start=match.start(), end=match.end(), kind="name", score=0.76)
    for match in _LAST_INITIAL.finditer(text):
        last = bare(match["last"].split()[-1])
        listed = (is_family(last) or is_given(last)) and last not in vocabulary("eponyms")
        if listed and not is_word(last) and last not in vocabulary("stop") and last not in vocabulary("countries"):
            yield Span(start=match.start(), end=match.end(), kind="name", score=0.76)
    for match in _ONLY_INITIALS.finditer(text):
        yield Span(start=match.start("it"), end=match.end("it"), kind="name", score=0.74)
    for match in _HAN_PINYIN.finditer(text):
        for group in ("han", "latin", "han2", "latin2"):
            if match[group]:
                yield Span(start=match.start(group), end=match.end(group), kind="name", score=0.8)


def _led(text: str, start: int) -> bool:
    return bool(_OFFICIAL.search(text[max(0, start - 24) : start]))


def _is_last_first(text: str, match: re.Match[str]) -> bool:
    last = [bare(one) for one in re.split(r"[ -]", match["last"])]
    first = bare(match["first"].split()[0])
    if (
        not is_given(first)
        or first.isupper()
        and len(first) < 4
        or any(one in vocabulary("stop") for one in (*last, first))
    ):
        return False
    if match["last"] in phrases("cities") or first in vocabulary("countries") or last[-1] in vocabulary("eponyms"):
        return False
    opens = match.start() == 0 or _led(text, match.start())
    if is_word(first) or first in vocabulary("not_alone"):
        return opens and is_family(last[-1]) and not is_word(last[-1])
    if opens and match["last"].isupper() and not first.isupper() and len(last[-1]) > 2:
        return True
    sure = is_family(last[-1]) and not is_word(last[-1])
    return (
        opens
        and (is_family(last[-1]) or not is_word(last[-1]))
        or sure
        and (not is_given(last[-1]) or match["last"].isupper())
    )


def _is_initialled(text: str, match: re.Match[str]) -> bool:
    last = re.split(r"[ -]", match["last"])[-1]
    initials = match["initials"].strip()
    if len(last) < 3 or last in vocabulary("stop") or last in vocabulary("eponyms") or last in _SPECIES:
        return False
    if (
        initials.strip(".") in _NOT_INITIALS
        and initials.count(".") < 2
        and not (_led(text, match.start()) and is_family(last))
    ):
        return False
    following = re.match(r"(?:['’]s)?[ -](\w+)", text[match.end() : match.end() + 24])
    if following and following[1].lower() in vocabulary("eponym_nouns"):
        return False
    return not is_word(last) and (is_family(last) or is_given(last) or _led(text, match.start()))
