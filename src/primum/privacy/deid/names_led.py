# ruff: noqa: E501 - each pattern stays whole
"""Names in Latin script by who does what: a person acts or is spoken to, lies in a bed, signs, is somebody's relative.

Where people alone can stand, a capitalised word that no list knows is a name too, unless medicine knows it: eponyms,
medicines by their stems, abbreviations. Elsewhere (a heading with a colon, an item of a list) a list must know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from primum.privacy.deid.lists import phrases, vocabulary
from primum.privacy.deid.names_en import CAP, PARTICLE, bare, is_family, is_given, is_word
from primum.privacy.deid.spans import Span

_RUN = re.compile(
    rf"(?:(?:{PARTICLE}[ ]){{0,2}}{CAP}|[A-Z]\.?(?=[ .][A-Z]))(?:(?:[ ]|(?<=\.))(?:{CAP}|[A-Z]\.?(?![\w])|{PARTICLE}(?=[ ](?:{PARTICLE}[ ])?[A-ZÀ-Ž]))){{0,3}}(?![\w@])"
)
_TITLES = r"(?:(?:Mrs?|Ms|Miss|Mx|Drs?|Prof|Sr|Fr|PC|DC|Sgt|Rev|Cllr|Sister|Father|Nurse|Doctor|Professor)\.? ){0,2}"
_ACTS = "seen|reviewed|examined|assessed|performed|operated(?: up)?on|operated|dictated|signed|countersigned|cosigned|certified|witnessed|referred|accompanied|interpreted|translated|typed|written|ordered|prescribed|dispensed|administered|given|verified|authori[sz]ed|checked|collected|discussed|escorted|chaperoned|supervised|consented|counselled|counseled|drawn|taken|obtained|inserted|sited|placed|removed|completed|approved|reported|recorded|transcribed|requested|submitted|prepared|scanned|read|interviewed|assisted|attended|followed|looked after|cared for|brought(?: in)?|driven|visited|called|telephoned|phoned|found|raised|adopted|fostered|represented|taught|referred on|clerked|admitted|discharged|handed over|updated|entered|received|released|anaesthetised|intubated|delivered"
_DUTY = "(?:(?:the|our|my|his|her|their|duty|on-?call|icu|itu|ed|ward|consultant|specialist|senior|junior|registrar|resident|surgeon|physician|doctor|nurse|midwife|pharmacist|physio(?:therapist)?|radiologist|pathologist|cardiologist|neurologist|neighbou?r|friend|partner|colleague|carer|paramedics?|officer|daughter|son|wife|husband|mother|father|sister|brother)[ ]){0,3}"
_SURE = re.compile(
    rf"(?:\b(?i:{_ACTS}) (?i:by|with) (?i:{_DUTY})"
    r"|\b(?i:phoned|rang|telephoned|texted|paged|bleeped|emailed|e-mailed|messaged|spoke (?:to|with)|spoken (?:to|with)|discussed (?:[a-z]+ ){0,3}with|met with|conversation with|phone call (?:to|from|with)|call (?:to|from)|t/c (?:to|from|with)|tc (?:to|from|with)|d/w|dw|o/b|per pt's|handed over to|handover (?:to|from)|care (?:handed|transferred) to|thank you for (?:referring|seeing|sending|asking me to see)|thanks for (?:referring|seeing|sending)|i (?:saw|met|reviewed|examined|spoke to|spoke with)|we (?:saw|met|reviewed|examined)|under the care of|in the presence of|introduced to|message (?:from|for)|letter (?:from|to)|email (?:from|to)|bed|bay|cot|cubicle|sideroom|chair) (?=(?:Mrs?|Ms|Miss|Dr|Prof)\b|[A-Z][a-z])"
    r"|\b(?i:(?:bed|bay|cot|cubicle|side ?room|chair|room|rm) ?[A-Z]?\d{1,3}[A-Z]?(?: ?[-–:,=]| is)?) "
    r"|\b(?i:infant|baby|babies|twins?|child|children|son|daughter|mother|father|parents?|wife|widow|husband|spouse|sister|brother|carer|guardian|care|estate|home) of "
    r"|\b(?:B/O|b/o|BABY|Baby|Twin (?:[12AB]|I{1,2})|Infant|Newborn) (?:(?:boy|girl|BOY|GIRL) )?"
    r"|\b(?i:mother|father|mom|mum|dad|wife|husband|son|daughter|sister|brother|partner|aunt|uncle|grandmother|grandfather|grandson|granddaughter|niece|nephew|cousin|friend|neighbou?r|ex-?(?:husband|wife|boyfriend|girlfriend|partner)|boyfriend|girlfriend|carer|landlord|flatmate|housemate|roommate|teacher|boss|manager|colleague|twin|sibling|spouse|fianc[eé]e?|stepfather|stepmother|godmother)(?: is|,)? ?(?:\(|-|–|,) ?"
    r"|\b(?i:lives? with|living with|stays? with|staying with|partner|husband|wife|married to|engaged to|separated from|divorced from|survived by|accompanied by|here with|came with|attended with|daughter is|son is|next[- ]of[- ]kin is|nok is?|worker is|carer is|gp is|surgeon is) (?i:(?:her|his|their|my|a|an|the|daughter|son|wife|husband|sister|brother|mother|father|partner|friend) ){0,2}"
    r"|\b(?i:known as|called|named|nicknamed|aka|a\.k\.a\.|alias|prefers|preferred name|known to us as|goes by|maiden name|n[ée]e|formerly|first name|surname|family name) (?:is |was |of |as |to be called )?[\"'“‘]?"
    r"|(?:^|\n)[ \t]*(?:Hi|Hello|Hey|Dear|Morning|Good (?:morning|afternoon|evening)|Thanks|Thank you|Cheers|Hallo|Hola|Bonjour|Ciao)[ ,]{1,2}(?:again )?"
    r"|(?i:regards|sincerely|faithfully|wishes|truly|cheers|many thanks|thanks|respectfully|gratefully|love|cordially),?[ \t]*\n?[ \t]*(?:\n[ \t]*)?"
    r"|\b(?i:hi|hello|hey)[ ,]{1,2}(?:it'?s|this is|my name is|i'?m|i am) |\b(?i:my name is|my name's|this is|it's|it is) (?=[A-Z][a-z]+(?:[ ][A-Z][a-z-]+)?(?:[ ](?:calling|here|speaking|again|from)\b|[,.]))"
    r"|\b(?:pp|p\.p\.|obo|SpR|StR|ST\d|CT\d|SHO|FY\d|F[12]|Reg|HO|HST|CNS|ANP|ACP|PA|RN|LPN|HCA|MSW|LCSW|PT|OT|SLT|SALT|PC|DS|DI|Constable|Officer|Detective|Sergeant|Sheriff|Judge|Solicitor|Attorney|Chaplain|Rabbi|Imam|Pastor|Coroner|Interpreter|Donor|Recipient|Proband|Witness|Applicant|Claimant|Plaintiff|Tenant|Student|Pupil|Client|Resident|Employee|Worker|Driver|Passenger|Caller|Informant|Deceased|Crew|crew) (?=[A-Z][a-z]))"
    r"|\b(?!(?:ant)?agonist|assist|consist|persist|exist|resist|list|wrist|waist|moist|twist|woman|human|german|roman)[a-z-]{0,16}(?:ist|ician|midwife|[a-z]man|woman|medic|fighter|guard|worker|keeper|minder|sitter|helper|teacher|manager|master|officer|clerk|porter|walker|cleaner|trainer|tutor|lecturer|supervisor|director|advis[eo]r|counsell?or|investigator|inspector|instructor|coordinator|operator|doctor|surgeon|physician|practitioner|clinician|caretaker|lodger|landlord|tenant|stepson|stepdaughter|godson|goddaughter) "
    rf"{_TITLES}(?=[A-ZÀ-Ž])"
)
_WHO = re.compile(
    rf"(?<![\w@-])(?P<it>{CAP}(?:[ ]{CAP})?)[ ]\((?i:his |her |their |the )?(?i:mother|father|mum|mom|dad|son|daughter|wife|husband|sister|brother|partner|spouse|aunt|uncle|nephew|niece|cousin|friend|neighbou?r|carer|guardian|grandmother|grandfather|granddaughter|grandson|chair|patient|pt|GP|CNS|RN|SHO|reg|registrar|consultant|nurse|social worker|interpreter|police|solicitor|pathology|radiology|surgery|oncology|cardiology|haematology|hematology|neurology|ICU|anaesthetics|pharmacy|physio|OT|SLT|dietitian|bed|room|bay|\d{{1,3}} ?(?:y|yrs?|years?|yo|[MF])\b)"
)
_LISTED = re.compile(
    r"(?:(?:^|[\n.;|,]|\d\.|  )[ \t]*(?:[A-Z][\w./' -]{0,28}|[a-z][\w./' -]{1,24}):[ \t]{0,4}"
    r"|(?:^|\n)[ \t]*(?:\d{1,2}[.)]|[-*•–])[ \t]+"
    r"|(?<=[a-z]) \(|^\(|\b[A-Z][A-Za-z]{1,8} \("
    r"|\b(?i:re|fao|attn|about|regarding|concerning|concerns|for|from|and|with|to|by|told|asked|informed|reminded|advised|updated|helped|saw|met|visit(?:ed)?|contact(?:ed)?|remind|ask|tell|ring|phone|consult|via|per)[:]? "
    r"|(?<=[A-ZÀ-Ž][a-zà-ž]{2})(?:, | and | & |/))"
    rf"{_TITLES}(?=[A-ZÀ-Ž])"
)
_CARET = re.compile(
    rf"(?<![A-Za-z^])(?<![A-Za-z]\^)(?:{CAP}|[A-Z]{{2,20}})\^(?:{CAP}|[A-Z]{{1,20}})(?:\^(?:{CAP}|[A-Z]{{0,20}}\.?)){{0,2}}"
)
_COUPLE = re.compile(rf"\bM(?:r|rs|s)\.? (?:and|&) M(?:r|rs|s)\.? (?P<it>{CAP}(?: {CAP})?)")
_QUOTED = re.compile(r"[\"'“‘](?P<it>[A-Z][a-z]{1,14})[\"'”’]")
_KNOWN_AS = re.compile(
    r"(?i:known as|called|nicknamed|goes by|prefers|likes to be called|answers to)(?: to be called)? $"
)
_MADE = re.compile(
    r"(?:mab|nib|pril|sartan|olol|statin|azole|cillin|mycin|micin|cycline|floxacin|ovir|avir|prazole|setron|triptan|gliptin|gliflozin|glutide|parin|xaban|gatran|dipine|zepam|zolam|barbital|caine|curium|curonium|profen|fenac|coxib|solone|onide|terol|tropium|lukast|phylline|thiazide|semide|lactone|formin|glitazone|dronate|thyroxine|azine|pramine|triptyline|faxine|oxetine|toin|racetam|trigine|platin|taxel|rubicin|trexate|tecan|fungin|mectin|ciclovir|cyclovir|tegravir|vudine|citabine|amide|amine|idine|itis|osis|emia|aemia|uria|ology|opathy|ectomy|otomy|ostomy|plasty|scopy|graphy|gram|coccus|bacter|bacillus)$",
    re.I,
)
_TOO_SHORT = 3


def led_names_in(text: str) -> Iterator[Span]:
    """Yield the names in Latin script that stand where people stand."""
    for match in _SURE.finditer(text):
        yield from _run_at(text, match.end(), sure=True)
    for match in _LISTED.finditer(text):
        yield from _run_at(text, match.end(), sure=False)
    for match in _WHO.finditer(text):
        yield from _run_at(text, match.start("it"), sure=True)
    if "^" in text:
        for match in _CARET.finditer(text):
            if any(is_given(part) or is_family(part) for part in match[0].split("^")):
                yield Span(start=match.start(), end=match.end(), kind="name", score=0.9)
    for match in _COUPLE.finditer(text):
        yield Span(start=match.start("it"), end=match.end("it"), kind="name", score=0.9)
    for match in _QUOTED.finditer(text):
        if _KNOWN_AS.search(text[max(0, match.start() - 24) : match.start()]):
            yield Span(start=match.start("it"), end=match.end("it"), kind="name", score=0.75)


def _run_at(text: str, start: int, *, sure: bool) -> Iterator[Span]:
    match = _RUN.match(text, start)
    if match is None:
        return
    end, known, solid = start, False, 0
    for word in re.finditer(r"[^ ]+", match[0]):
        plain = bare(word[0])
        if plain == "I" or plain.startswith(("I'", "I’", "Don'", "Don’")):
            break
        if plain in vocabulary("particles") or re.fullmatch(r"(?:[A-Z]\.?){1,2}", plain):
            end = start + word.end() if solid or plain not in vocabulary("particles") else end
            continue
        if not may_be_name(plain) and not (sure and _is_named_so(plain, after_initial=solid == 0 and end > start)):
            break
        known = known or is_listed(plain)
        end, solid = start + word.start() + len(plain), solid + 1
    if solid and (known or sure and all(is_unlisted_name(bare(one)) for one in text[start:end].split())):
        alone = solid == 1 and not sure and text[start:end] in vocabulary("eponym_names")
        if not alone and not before_thing(text, end) and text[start:end] not in _no_names():
            yield Span(start=start, end=end, kind="name", score=0.78 if sure else 0.74)


@cache
def _no_names() -> frozenset[str]:
    return phrases("cities") | phrases("eponym_phrases")


def may_be_name(word: str) -> bool:
    """Return whether a capitalised word can be part of a name: no common word, no abbreviation, no eponym."""
    if (
        len(word) < _TOO_SHORT
        and not is_given(word)
        or word in vocabulary("stop")
        or word.capitalize() in vocabulary("stop")
    ):
        return False
    if any(piece in vocabulary("eponyms") for piece in (word, *word.split("-"))) or word in vocabulary("countries"):
        return False
    if any(word in vocabulary(kind) for kind in ("not_alone", "brands", "titles", "roles")):
        return False
    return not is_word(word) and (not word.isupper() or len(word) > 4 and is_listed(word))


def _is_named_so(word: str, *, after_initial: bool) -> bool:
    """Return whether a common word is a name where a person must stand: Will, Rose; after an initial, Grant."""
    known = is_given(word) or after_initial and is_family(word)
    return known and word[1:].islower() and word not in vocabulary("stop") and word not in vocabulary("not_alone")


def is_listed(word: str) -> bool:
    """Return whether the whole of a word, or each part of it that a hyphen joins, is a given or family name."""
    parts = [part for part in re.split(r"[-’']", word) if len(part) > 1]
    return bool(parts) and all(is_given(part) or is_family(part) for part in parts)


def is_unlisted_name(word: str) -> bool:
    """Return whether a word of no list may be a name where a person must stand: no word of medicine by its ending."""
    letters = word.replace("-", "").replace("'", "").replace("’", "")
    return len(word) < _TOO_SHORT or is_listed(word) or letters[1:].islower() and not _MADE.search(word)


def before_thing(text: str, end: int) -> bool:
    """Return whether what a name is followed by makes an eponym of it: a disease, a sign, a device."""
    following = re.match(r"(?:['’]s)?[ -](\w+)", text[end : end + 26])
    return following is not None and following[1].lower() in vocabulary("eponym_nouns")
