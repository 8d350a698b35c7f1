# ruff: noqa: E501 - each pattern stays whole
"""Names in Latin script: by what stands before and after them, and by lists of names.

One walk over the runs of capitalised words. A run becomes a name when a title, a label or a role stands before it, when
a degree, an age or what a patient does stands after it, or when it begins with a known given name. A word that is
written in lower case elsewhere, and an eponym before its disease, sign or device, need more than a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from primum.privacy.deid.lists import names, phrases, vocabulary
from primum.privacy.deid.spans import Span

_L = r"[^\W\d_]"
CAP = rf"(?:[A-ZÀ-ÖØ-ÞĀ-Žİ]{_L}{{0,30}}(?:['’-]{_L}{{1,30}}){{0,4}})"
PARTICLE = r"(?:de|da|del|della|dos|das|do|du|van|von|der|den|des|di|la|le|el|al|bin|ibn|bint|abu|ter|ten|af|av|zu|y)"
_RUN = re.compile(
    rf"(?<![\w@])(?:(?:{PARTICLE}[ ]){{0,3}}{CAP}|(?:al|el|de|d['’]|l['’])-?{CAP})\.?(?:[ ](?:{CAP}\.?|{PARTICLE}(?=[ ](?:{PARTICLE}[ ])?[A-ZÀ-Ž])))*(?!@)"
)
_WORD = re.compile(r"\S+")
_LABEL = re.compile(
    r"(?:\b(?:(?:patient|pt|full|first|last|middle|given|family|maiden|legal|preferred|mother|father|spouse|guardian|provider|doctor|physician|contact|child|baby|insured|subscriber|policy ?holder|account|card ?holder|employer|client)(?:'s)?[ _]?names?"
    r"|names?|surname|forename|alias|aka|a\.k\.a\.|nok|next of kin|(?:emergency |primary )?contact(?: person)?|patient|pt|client|resident|mother|father|spouse|wife|husband|partner|son|daughter|brother|sister|guardian|parents?|caregiver|carer"
    r"|(?:attending|referring|ordering|consulting|primary care|admitting|treating|responsible|family|discharging|reporting|supervising|requesting)?[ ]?(?:physician|doctor|provider|surgeon|consultant|radiologist|pathologist|anesthesiologist|anaesthetist|nurse|practitioner|clinician|therapist|gp|pcp|resident|midwife|cardiologist|oncologist|assistant)"
    r"|attending|author|(?:electronically |e-?)?signed(?: by)?|dictated(?: by)?|transcribed(?: by)?|reviewed(?: by)?|verified by|approved by|entered by|prepared by|reported by|performed by|seen by|witness(?:ed by)?|informant|interpreter|referred by|authenticated by|completed by|recorded by|cc|attn|attention|re|dear|from|to|signature|social worker|case manager|scribe|operator|subscriber|insured|beneficiary|donor|recipient|employer|subject)"
    r"(?: ?\([a-z ,/]{1,30}\))?\s?[:=：]|\bdear\b|\b(?:signed|signature|dictated|transcribed|reviewed|verified|approved|witnessed|authenticated|authored|co-signed|cosigned) (?:electronically )?by\b:?)[ \t*_]{0,4}\n?[ \t]{0,4}$",
    re.I,
)
_TITLE = re.compile(
    r"(?:^|[\s(,;:/\"])(?:Mr|Mrs|Ms|Miss|Mx|Drs?|Prof|Rev|Fr|Sgt|Capt|Lt|Hon|MR|MRS|MS|DR|PROF|dr|mr|mrs|ms|prof|Dhr|Mevr|Mevrouw|Hr|Herrn?|Frau|Fru|Mme|Mlle|Sig|Sra?|Srta|Don|Doña|Pan|Pani|Smt|Shri|Sri|Kumari|SGT|SSG|CPL|CPT|PFC|PVT|SPC|LT|MAJ|COL|Cpl|Pvt|Maj|Col|Cllr|Inmate|Paziente|Bunkmate|Sig\.ra|Sig\.na|Signora|Signor|Dott|Dott\.ssa|Dra|Dres|Lic|Ing|Mgr|MUDr|JUDr|Bay|Bayan|Sayın|Herra|Rouva|Frk|Tuan|Puan|Encik|Cik|Bapak|Ibu|Pak|Bu|Kak|Bà|Ông|Anh|Chị|Cô|Alhaji|Hajiya|Chief|Pastor|Rabbi|Imam|Gospodin|Gospođa|Gđa|Härra|Proua|Domnul|Doamna|Dl|Dna|Dna|Úr|Pan[íi]|Senhor|Senhora|Seu|Dona|Kuya|Ate|Aling|Mang|Oma|Opa|Tante|Onkel|Tía|Tío|Abuela|Abuelo|Zia|Zio|Nonna|Nonno|Nana|Granny|Auntie|Aunty|Aunt|Uncle|Grandma|Grandpa|Sir|Dame|Lady|Lord|Father|Sister|Brother|Officer|Constable|Detective|Sheriff|Deputy|Trooper|Judge|Coach|Master|Sn|Hj|Hjh|Datuk|Dato|DR\.|PROF)\.?[ ]$|(?:^|[\s(,;:/\"])(?:doctor|nurse|miss|professor|sister)[ ]$"
)
_ROLE = re.compile(
    r"\b(?:patient|pt|subject|inmate|detainee|parents|child|children|kids?|siblings|twins|roommate|bunkmate|housemate|flatmate|landlord|landlady|teacher|driver|passenger|bystander|caller|proband|donor|recipient|registrar|reg|SHO|FY1|FY2|HCA|GP|PCP|NP|CNS|HV|endoscopist|anaesthetist|anesthesiologist|anesthetist|asst|assistant|(?:his|her|their|the|my|our|your)?[ ]?(?:mother|father|mom|mum|dad|wife|husband|son|daughter|brother|sister|spouse|partner|guardian|aunt|uncle|grandmother|grandfather|niece|nephew|cousin|fianc[eé]e?|girlfriend|boyfriend|friend|neighbou?r|caregiver|carer|colleague|client|infant|baby)(?:-in-law)?(?: is|'s name is)?"
    r"|name is|name was|names? (?:are|as)|named|known as|called|goes by|i am|i'm|this is|physician|surgeon|doctor|nurse|consultant|therapist|interpreter|midwife|radiologist|pathologist|cardiologist|neurologist|oncologist|psychiatrist|psychologist|pediatrician|resident|intern|fellow|practitioner|pharmacist|technician|social worker|case manager|coordinator|paramedic)"
    r"(?:,| -| \()?[ ]{1,2}$",
    re.I,
)
_NEAR = re.compile(
    r"\b(?:by|with|to|from|told|asked|called|and|for|hi|hello|hey|thanks?|thank you|bye|regards|sincerely|love|morning|afternoon|evening|of|that|met|saw|contacted|paged|informed|notified|per|via|cc|attn|care of|c/o)[, ]{1,3}$",
    re.I,
)
_PERSON = re.compile(
    r"\b(?:mother|father|mom|mum|dad|wife|husband|son|daughter|brother|sister|spouse|partner|aunt|uncle|grandmother|grandfather|niece|nephew|cousin|girlfriend|boyfriend|friend|neighbou?r|roommate|colleague|GP|NP|PCP|registrar|consultant|surgeon)(?:-in-law)?[ ]$",
    re.I,
)
_HUMAN = re.compile(
    r"[ ](?:had been|has been|attended|collapsed|tripped|came|arrived|felt|feels|complained|returned|remains (?:well|stable|an inpatient)|was (?:seen|admitted|discharged|brought|born|found|transferred|reviewed|well|last|due|referred|started|given|able|unable|on the|in the|on his|on her)|is (?:an? \d|a [a-z]+ (?:man|woman|lady|gentleman|boy|girl)|allergic|due|keen|happy|aware|otherwise|now|very|currently)|fell|died|lives|lived|slept|phoned|rang|called|emailed|wrote|says|said|told|states|stated|asked|asks|agreed|declined|denies|denied|reports|reported|complains|presented|visited|hopes|wants|wished|smokes|drinks|drove|walked|weighs|will be (?:seen|transferred|discharged|reviewed))\b"
)
_DEGREE = re.compile(
    r",?[ ](?:M\.?D\.?|R\.?N\.?|D\.?O\.?|N\.?P\.?|P\.?A\.?(?:-C)?|Ph\.?D\.?|MBBS|MBChB|FRCP\w*|FRCS\w*|MRCP\w*|FACC|FACP|FACS|DDS|DMD|DPM|PharmD|Pharm\.D\.|LCSW|MSW|LPN|CRNA|BSN|MSN|APRN|ARNP|FNP(?:-\w+)?|DNP|OTR|DPT|CNM|RD|Jr|Sr|MPH|Esq)\b"
)
_AGED = re.compile(
    r"(?:,|[ ]\(|[ ]is|[ ]was)?[ ]?(?:an? |age[d]? |\()?(?:\d{1,3}[ -]?(?:-?year|yo\b|y/o|y\.o|yrs?\b|[MF]\b|months?|weeks?|days?[ -]old)|DOB|D\.O\.B|MRN|SSN|NHS|born\b|date of birth|\(?DOB)",
    re.I,
)
_SPEAKS = re.compile(
    r"(?:,[^,.\n]{3,60},)?[ ](?:reports?|reported|denies|denied|presents|presented to|states?|stated|complains?|complained|says|said|tells|told|verbali[sz]ed|agreed|consented|called|phoned|lives|lived|works|worked|endorses|endorsed|admits|asked|requested|was (?:admitted|seen|discharged|referred|transferred|diagnosed|born|evaluated|brought)|underwent|and (?:his|her) (?:wife|husband|mother|father|son|daughter|family))\b"
)
_DOES = re.compile(
    r"(?:,[^,.\n]{3,60},)?[ ](?:is|was|has|had|will|reports?|reported|denies|denied|presents?|presented|states?|stated|complains?|complained|underwent|returns?|returned|called|came|comes|lives|lived|works|worked|says|said|tells|told|notes|noted|describes?|described|arrived|received|attended|requested|requests|agreed|agrees|consented|verbali[sz]ed|tolerated|appears?|feels?|felt|takes|took|continues|continued|needs|wants|should|can|may|recommends?|recommended|signed|performed|discussed|explained|prescribed|saw|visited|remains|admits|admitted|endorses|endorsed|confirmed|confirms|asked|asks|does|did|and (?:his|her)|who|born|moved|lost|developed|started|stopped|weighs|smokes|drinks|drove|fell|examined|reviewed|accompanied|brought|ordered|advised|referred|suggested|assessed|evaluated|consulted|assisted|operated|phoned|rang|emailed|wrote)\b"
)
_POSSESSIVE = re.compile(
    r"['’]s?[ ](?!disease|syndrome|sign|palsy|test|score|criteria|lymphoma|thyroiditis|esophagus|phenomenon|tumou?r|ulcer|cyst|contracture|procedure|fracture|lactate|solution|stain|nodes?|sarcoma|scale|triad|anemia|ataxia|chorea|law|law|angle|point|pouch|space|wort|line)"
)
_COMMA_NAME = re.compile(rf",[ ](?P<given>{CAP}(?:[ ](?:{CAP}|[A-Z])\.?){{0,2}})")
_HELLO = re.compile(
    r"\b(?:hi|hello|hey|morning|afternoon|thanks|thank you|bye|goodbye|okay|alright|well|so|um|uh|and|is|name is|i'm)[ ,]{1,3}(?P<it>[a-z]{3,15})(?=[ ]?[,.?!]| is an?\b)"
)


_ONE_MORE = re.compile(r"(?:,| ?/|,? (?:and|&|et|y|und))[ ](?P<it>[A-ZÀ-Ž][a-zà-ž][\w'’-]+)(?![\w@-])")
_LAST_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,20}(?:'[^\W\d_]+)?)(?:,| -| \()?[ ]{1,2}$")
_MONTH_NAMES = frozenset("April May June August March Ward Page".split())
"""Family names that are otherwise no part of a name."""
_DIRECTIONS = frozenset("North South East West New Middle Northern Southern Eastern Western".split())


def names_in(text: str) -> Iterator[Span]:
    """Yield the names in Latin script that a text holds."""
    found = [span for match in _RUN.finditer(text) for span in _in_run(text, match.start(), match.end())]
    yield from found
    yield from _joined(text, found)
    if " , " in text or "hi" in text[:60].lower():
        for match in _HELLO.finditer(text):
            if is_given(match["it"]) and not is_word(match["it"]):
                yield Span(start=match.start("it"), end=match.end("it"), kind="name", score=0.7)


def _joined(text: str, found: list[Span]) -> Iterator[Span]:
    """Yield the given names that go on a list which began with a name: "her sons Ravi, Anil and Suresh"."""
    for span in found:
        end = span.end
        while match := _ONE_MORE.match(text, end):
            if not _goes_on(match["it"], text[match.end() : match.end() + 24]):
                break
            yield Span(start=match.start("it"), end=match.end("it"), kind="name", score=0.75)
            end = match.end("it")


def _goes_on(word: str, after: str) -> bool:
    """Return whether a word goes on a list of names; a family name does unless it is one that diseases are named after."""
    following = re.match(r"(?:['’]s)?[ -](\w+)", after)
    eponym = word in vocabulary("eponyms") or following and following[1].lower() in vocabulary("eponym_nouns")
    known = is_given(word) or is_family(word) and not eponym
    return known and word not in vocabulary("not_alone") and not is_word(word)


def _led(before: str) -> tuple[bool, bool]:
    """Return whether a title or label, and whether a role, ends the text before a name.

    What their patterns must end in is looked at first: most runs of capitals stand after neither.
    """
    if not before:
        return False, False
    bare_end = before.rstrip(" \t*_\n")
    labelled = bare_end.endswith((":", "=", "：")) or bare_end[-2:].lower() in ("by", "ar")
    if labelled and _LABEL.search(before):
        return True, False
    if before[-1] != " ":
        return False, False
    if _TITLE.search(before[-16:]):
        return True, False
    ends = _LAST_WORD.search(before[-24:])
    return False, ends is not None and ends[1].lower() in _role_ends() and bool(_ROLE.search(before))


@cache
def _role_ends() -> frozenset[str]:
    """Return the words that a role can end in."""
    words = re.findall(
        r"[a-zé']+",
        re.sub(r"\?:|\\b|\[eé\]", "", _ROLE.pattern.replace("fianc[eé]e?", "fiance fiancee fiancé fiancée")),
    )
    return frozenset({*words, "neighbour", "neighbor", "kid", "kids", "name"})


def _in_run(text: str, start: int, end: int) -> Iterator[Span]:
    words = [(start + one.start(), start + one.end()) for one in _WORD.finditer(text[start:end])]
    sure, likely = _led(text[max(0, start - 60) : start])
    place = 0
    while place < len(words):
        word = text[slice(*words[place])]
        plain = word.rstrip(".")
        if plain in vocabulary("titles") and (place + 1 < len(words)):
            sure, place = True, place + 1
            continue
        if plain in vocabulary("roles") and not sure and place + 1 < len(words):
            likely, place = True, place + 1
            continue
        length = _length(text, words[place:], sure=sure or likely)
        if length and _accept(text, words, place, length, sure=sure, likely=likely):
            yield _span(text, words, place, length, sure=sure)
            place += length
        else:
            place += 1
        sure = likely = False


def _length(text: str, words: list[tuple[int, int]], *, sure: bool) -> int:
    """Return how many words from the first on can be one name."""
    parts = [text[slice(*one)] for one in words[:6]]
    length = solid = 0
    for place, part in enumerate(parts):
        plain = bare(part)
        if part in vocabulary("particles") or solid and part.isupper() and part.lower() in vocabulary("particles"):
            continue
        if re.fullmatch(r"[A-Z]\.?", part):
            if place == 0 and len(parts) == 1 or (place + 1 == len(parts) and not part.endswith(".") and place > 1):
                break
            length, solid = place + 1, solid
            continue
        if plain in vocabulary("suffixes") and solid:
            length = place + 1
            continue
        if not _may_be_name(plain, first=solid == 0, sure=sure, after=bare(parts[place - 1]) if place else ""):
            break
        length, solid = place + 1, solid + 1
        if solid == 4 or part.endswith(".") and plain not in ("St",) or part.endswith(("'s", "’s")):
            break
    return length if solid else 0


_CONTRACTED = re.compile(
    r"(?i:i|you|they|we|he|she|it|how|that|what|who|where|when|there|here|let|this|hm)(?:['’](?:m|ve|re|d|ll|s))?|\w+n['’]t"
)
_ENDS = re.compile(r"[ \t]*(?:$|[\n;|(\d/]|[ ]{2}|- )|, ?(?P<given>[A-ZÀ-Ž][\w'’-]+)")
"""After a label and one word: what shows that the word is a name, as in "Patient: Young" or "Young, Mary"."""


def _spoken(text: str, start: int, end: int) -> bool:
    """Return whether a common word after "Patient:" opens what the patient says: "Patient: Well, it hurts"."""
    if not text[:start].rstrip(" \t*_\n").endswith((":", "=", "：")):
        return False
    ends = _ENDS.match(text, end)
    return ends is None or bool(ends["given"]) and (is_word(ends["given"]) or not is_given(ends["given"]))


def _may_be_name(word: str, *, first: bool, sure: bool, after: str) -> bool:
    """Return whether a capitalised word can be part of a name at its place."""
    if word in _MONTH_NAMES and not first and is_given(after):
        return True
    if word in vocabulary("stop") or word.capitalize() in vocabulary("stop") and word.isupper():
        return False
    if _CONTRACTED.fullmatch(word):
        return False
    if first and sure:
        return not is_word(word) or _listed(word)
    if not is_word(word):
        return len(word) > 1 and (_listed(word) or not (word.isupper() and len(word) < 5))
    return (is_family(word) or is_given(word)) and (sure or is_given(after)) and not first or (first and is_given(word))


def _accept(text: str, words: list[tuple[int, int]], place: int, length: int, *, sure: bool, likely: bool) -> bool:
    """Return whether a run that could be a name is one, by its context or the lists."""
    parts = [bare(text[slice(*one)]) for one in words[place : place + length]]
    solid = [part for part in parts if len(part) > 1 and part not in vocabulary("particles")]
    if sure:
        lone = parts[1:] in ([], ["I"]) and len(solid) == 1 and is_word(solid[0])
        return not (lone and _spoken(text, words[place][0], words[place][1]))
    if not solid or any(part in vocabulary("brands") for part in solid):
        return False
    end = words[place + length - 1][1]
    after = text[end : end + 90]
    if _is_eponym(text, words, place, length, after) or " ".join(parts) in phrases("eponym_phrases") | phrases(
        "cities"
    ):
        return False
    if any(piece in vocabulary("eponyms") for part in solid for piece in part.split("-")) or solid[0] in _DIRECTIONS:
        return False
    listed = is_given(solid[0]) and not is_word(solid[0])
    family = any(is_family(part) for part in solid[1:])
    if likely:
        if is_word(solid[0]):
            return len(solid) > 1 and is_given(solid[0]) and (is_family(solid[1]) or not is_word(solid[1]))
        known = listed or is_family(solid[0]) or len(solid) > 1 or bool(_DOES.match(after))
        return known or _unlisted(text[: words[place][0]], solid[0])
    if len(solid) == 1 and len(parts) == 1:
        return _alone(text, words[place][0], solid[0], after, listed=listed)
    strong = bool(_DEGREE.match(after) or _AGED.match(after))
    if listed:
        return len(solid) > 1 or len(parts) > 1 or strong
    if is_given(parts[-1]) and is_family(solid[0]) and not is_word(parts[-1]):
        return True
    told = strong or bool(_SPEAKS.match(after)) or bool(_DOES.match(after)) and family
    spoken = len(solid) > 1 and is_given(solid[0]) and not is_word(solid[1]) and bool(_SPEAKS.match(after))
    return told and (not is_word(solid[0]) or spoken) and not all(part.isupper() for part in solid)


def _unlisted(before: str, word: str) -> bool:
    """Return whether a word of no list is a name after a role that only people have."""
    return bool(_PERSON.search(before[-40:])) and len(word) > 3 and word[1:].islower()


def _alone(text: str, start: int, word: str, after: str, *, listed: bool) -> bool:
    """Return whether one capitalised word without title or label is a name."""
    if word in vocabulary("not_alone") or word in vocabulary("countries") or word in phrases("cities") or len(word) < 3:
        return False
    if _AGED.match(after) and (listed or is_family(word)) or _DEGREE.match(after) and (listed or is_family(word)):
        return not word.isupper() or len(word) > 4
    if word.isupper():
        return False
    if listed and (start == 0 or text[start - 1] == "\n") and re.match(r"[ ](?:in|on|at|was|is|has) ", after):
        return not is_word(word)
    if not listed:
        if not is_family(word) or is_word(word) or len(word) < 4 or word in vocabulary("eponym_names"):
            return False
        begins = start == 0 or text[max(0, start - 2) : start].strip(' \t*-•("') in ("", ".", "\n", "?", "!", ":")
        return bool(_HUMAN.match(after)) or not begins and word not in vocabulary("brands") and "-" not in word
    if any(part in vocabulary("eponym_names") for part in word.split("-")):
        return bool(_DOES.match(after) or _NEAR.search(text[max(0, start - 24) : start]))
    return "-" not in word or all(is_given(part) or is_family(part) for part in word.split("-"))


def _is_eponym(text: str, words: list[tuple[int, int]], place: int, length: int, after: str) -> bool:
    following = re.match(r"[ -](\w+)", after)
    last = text[slice(*words[place + length - 1])]
    inside = [text[slice(*one)].lower() for one in words[place + length : place + length + 1]]
    nouns = vocabulary("eponym_nouns")
    return (
        (following is not None and following[1].lower() in nouns)
        or (bool(inside) and inside[0] in nouns)
        or (last.lower() in nouns)
    )


def _span(text: str, words: list[tuple[int, int]], place: int, length: int, *, sure: bool) -> Span:
    start, end = words[place][0], words[place + length - 1][1]
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    elif text[end - 1] == "." and not re.search(r"(?:\b[A-Z]|Jr|Sr)\.$", text[start:end]):
        end -= 1
    if sure and length <= 2:
        comma = _COMMA_NAME.match(text, end)
        if comma:
            end = _with_given(comma, end)
    return Span(start=start, end=end, kind="name", score=0.9 if sure else 0.75)


def _with_given(comma: re.Match[str], end: int) -> int:
    """Return where a name ends to which what stands after its comma belongs, as far as that can be given names."""
    for word in re.finditer(r"\S+", comma["given"]):
        if not _may_follow(bare(word[0])) or word[0] == "I":
            break
        end = comma.start("given") + word.end()
    return end


def _may_follow(word: str) -> bool:
    return len(word) == 1 or (
        word not in vocabulary("stop")
        and (is_given(word) or not is_word(word) and word not in vocabulary("eponyms"))
        and not re.fullmatch(r"[A-Z]{2,3}", word)
    )


def bare(word: str) -> str:
    """Return a word without its possessive and closing punctuation."""
    return re.sub(r"['’]s?$|[.,]+$", "", word)


@cache
def _folded(which: str) -> frozenset[str]:
    return frozenset(name.casefold() for name in names(which))


def is_given(word: str) -> bool:
    """Return whether a word, or a part of it, is a listed given name, whatever its case."""
    return any(part.casefold() in _folded("given_en") for part in (word, *re.split(r"[-’']", word)) if len(part) > 1)


def is_family(word: str) -> bool:
    """Return whether a word, or a part of it, is a listed family name, whatever its case."""
    return any(part.casefold() in _folded("family_en") for part in (word, *re.split(r"[-’']", word)) if len(part) > 1)


def _listed(word: str) -> bool:
    return is_given(word) or is_family(word)


def is_word(word: str) -> bool:
    """Return whether a word is one of general or clinical English, whatever its case."""
    return word.lower() in names("common_en")
