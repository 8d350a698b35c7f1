# ruff: noqa: E501 - each pattern stays whole
"""Rules for addresses by the postcode that ends them, and for towns and institutions by how they are named."""

from __future__ import annotations

import re
from collections.abc import Callable

from primum.privacy.deid.lists import vocabulary
from primum.privacy.deid.names_en import is_family, is_given, is_word
from primum.privacy.deid.rule import Rule

_CAP = r"[A-ZÀ-Ž][\w'’.-]{0,25}"
_DOOR = r"(?:(?:Flat|Studio|Unit|Apt\.?|Apartment|Suite|Level|Shop|Villa|House|H\.? ?No\.?|Door No\.?|Plot|Block) ?#?\w{1,5},?[ \n/]{1,2}){0,2}"
_NUMBER = r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?,?"
_WORDS = rf"(?:[ \n,]{{1,3}}(?:{_CAP}|of|the|de|du|des|la|le|von|der)){{1,8}}"
_UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d{2} ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]{2}|[A-Z]{2}\d[A-Z] ?\d[A-Z]{2}"
_AU = r"(?:NSW|VIC|QLD|TAS|ACT|NT|SA|WA),? ?\d{4}"
_US = r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|AA|AE|AP|P[RW]|GU|AS|M[HP]|FM|VI),? \d{5}(?:-\d{4})?"
_IN = r"[A-Z][a-z]{1,20}[ –-]{1,3}\d{6}"
_CODED = re.compile(
    rf"(?<![\w/.-])(?:{_DOOR}{_NUMBER}{_WORDS}|{_DOOR}{_CAP}(?:[ ,\n]{{1,2}}{_CAP}){{1,7}})[ ,\n]{{1,3}}(?:{_UK}|{_AU}|{_US}|(?:{_IN}))(?!\w)"
)
_STREET_FIRST = re.compile(
    r"(?<!\w)(?:[A-ZÄÖÜÉÈ][\w'’.]{0,20}[ -]){0,3}[A-ZÄÖÜa-zäöüß]\w{0,25}(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|damm|ufer|straat|laan|singel|dreef|steeg|plein|kade|gracht|boulevard|baan|hof|pad|gatan|gränd|vägen|stigen|torget|vej|gade|katu|tie|gata|veien|utca|ulica|trg) ?\d{1,4} ?[a-zA-Z]?(?:[-/]\d{1,4})?(?:[,\n ]{1,3}(?:\d{5}|\d{4} ?[A-Z]{2}|\d{3} ?\d{2}|\d{4})[ \n]{1,2}[A-ZÄÖÜ'][\w']{0,25}(?:[ -][A-ZÄÖÜ'][\w']{0,25}){0,3})?"
)
_LATIN = re.compile(
    r"(?<!\w)(?:\d{1,4}(?: ?(?:bis|ter))?,? )?(?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai|route|cours)(?: (?:de|du|des|la|le|les|l['’]|d['’])){0,3} ?[A-ZÀ-Ž][\w']{1,25}(?:[ -](?:de |du |la |le )?[A-ZÀ-Ž][\w']{1,25}){0,3},?[ \n]{1,2}\d{5} (?:(?:Sainte?|Le|La|Les)[ -])?[A-ZÀ-Ž]\w{1,25}(?:[ -](?:(?:sur|les?|la|en|de|du)[ -])?[A-ZÀ-Ž]\w{0,25}){0,2}"
    r"|(?<!\w)(?:Via|Viale|Piazza|Piazzetta|Corso|Strada|Contrada|Borgo|Vicolo|Rotonda|Canale|Stretto|Incrocio|Calle|Avenida|Paseo|Plaza|Pasaje|Camino|Carretera|Callejón|Ronda|Rambla|Rua|Travessa|Praça|ul\.|al\.|aleja|plac|pl\.|os\.) (?:[\w'’.-]{1,25} ){0,4}[\w'’.-]{1,25},? \d{1,4}(?:[ /,]{0,2}(?:Appartamento|Piso|Puerta|Apt\.?|m\.?|Int\.?)? ?\w{1,4})?(?:[ ,\n]{1,3}\d{2}-?\d{3},? [A-ZÀ-Ž][\w'’]{1,25}(?:[ -][A-ZÀ-Ž][\w'’]{1,25}){0,3}(?: \([A-Z]{2}\))?)?"
)
_STREET_WORDS = r"(?:Via|Viale|Piazza|Piazzale|Corso|Largo|Calle|C/|Avenida|Avda\.?|Av\.|Paseo|Plaza|Rua|R\.|Travessa|Praça|Rue|Avenue|Boulevard|Bd|Chemin|Allée|Quai|Impasse|ul\.|Ul\.|ulica|Ulica|al\.|Al\.|os\.|Strada|Str\.|Bulevardul|Jl\.|Jalan|Jln\.?|Lorong|Kampung|Cad\.|Sok\.|Mah\.)"
_STREET_THEN_NUMBER = re.compile(
    rf"(?<![\w/]){_STREET_WORDS} (?:[\w'’.-]{{1,25}} ){{0,5}}[\w'’.-]{{1,25}}(?:,? (?:n\.?|nº|nr\.?|no\.?|No\.?))?,? ?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,4}}[A-Za-z]?)?(?:,? (?:\d{{1,2}}[ºª°]? ?[A-Za-z]?|int\.? ?\d{{1,3}}|Apt\.? ?\w{{1,4}}|bus \d{{1,3}}))?(?:[,\n ]{{1,3}}(?:\d{{2}}-\d{{3}}|\d{{4,6}}|\d{{3}} \d{{2}}))?(?:[,\n ]{{1,3}}[A-ZÀ-Ž][\w'’]{{2,25}}(?:[ -][A-ZÀ-Ž][\w'’]{{2,25}}){{0,2}})?"
)
_NAMED_HOUSE = re.compile(
    r"(?<!\w)(?P<it>[A-Z][\w'’]{2,20} (?:House|Cottage|Farm|Lodge|Court|Villa|Barn|Mill|Hall|Manor|Grange),? (?:\d{1,4} )?[A-Z][\w'’]{2,20}(?: [A-Z][\w'’]{2,20})? (?:Lane|Road|Street|Rd|St|Avenue|Ave|Close|Drive|Way|Hill|Green|Row|Terrace|Crescent)(?:,? [A-Z][\w'’]{2,20}(?![\w ]))?)"
)
_PLACE_SAID = re.compile(
    r"(?:\b(?i:Adres|Adresse|Anschrift|Dirección|Domicilio|Indirizzo|Endereço|Adress|Osoite|Residente in|residing at|R/o|resident of|lives at|living at|stays at|home is at|address)\b ?:? ?)(?P<it>(?=[A-ZÀ-Ž0-9#])[^\n;|]{0,40}\d[^;|]{0,70}?)(?=[.;|](?:\s|$)|,? (?:and|who|with|but|can|in|on|since|phone|tel)\b|\n(?:Tel|Ph|Phone|Aadhaar|Mob|Fax|Email|[A-Z][a-z]+:)|$)"
)
_TOWN_SHAPED = re.compile(
    r"(?<![\w-])(?P<it>(?:(?:North|South|East|West|New|Lake|Port|NORTH|SOUTH|EAST|WEST|NEW|LAKE|PORT) (?P<second>[A-Z][\w'-]{2,25})|(?P<stem>[A-Z][a-z]{2,20}|[A-Z]{3,20}?)(?:ville|burgh|borough|bury|mouth|chester|furt|stad|shire|town|port|haven|view|side|fort|land|ton|berg|VILLE|BURGH|BOROUGH|BURY|MOUTH|CHESTER|FURT|STAD|SHIRE|TOWN|PORT|HAVEN|VIEW|SIDE|FORT|LAND|TON|BERG)))(?![\w-])(?! (?:[A-Z][a-z]+ )?(?:Hospital|Clinic|Medical|score|criteria|syndrome|sign|fever|virus))"
)
_MOVED = re.compile(
    r"\b(?i:(?:transfer(?:red)?|moved|moving|travel\w*|return\w*|sent|flown|flew|drove|came|comes|commutes|referred|repatriated|taxi home|discharged home|home|police|shelter|council|mosque|church|parish|cousin|sister|brother|relatives?|family|lives|living|lived|live|born|from|centre|center|hospital|infirmary|system|institute|VAMC|originally|male|female|man|woman|man is|lady|gentleman))(?: (?i:back|home))? (?:(?i:from|to|in|near|of|outside) )?(?P<it>(?:(?:San|Santa|St\.|Saint|Los|Las|La|El|New|Nowy|Nowa|Stary|Vieja|Nueva|Bad|Le|Port|Fort|Mount|North|South|East|West) )?[A-ZÀ-Ž][a-zà-ž]{2,25}(?:[ -](?:de |del |los |las |la |y |sur |am |an der |upon )?[A-ZÀ-Ž][a-zà-ž]{2,25}){0,3})"
)
_ORGANISATION = re.compile(
    r"(?<![\w])(?:(?:(?!The |At |In |To |From |Patient |Our |Local |This |His |Her |My |A |An |Primary |Secondary |Nursing )[A-ZÀ-Ž][\w'’-]{0,25}\.?(?: (?:and|of|&|de|du|the) | & | )){1,5}(?:(?:Primary |Secondary |Junior |High |Grammar |Middle |Elementary )?School|College|University|Academy|Nursery|Kindergarten|(?:Residential |Care |Nursing |Funeral )Home|Lodge|Institute|Surgery|Practice|Partnership|Foundation|Trust|(?:Funeral )?Directors|(?:Foods |Logistics |Holdings |Homes )?(?:Ltd|Limited|Inc|LLC|LLP|plc|PLC|GmbH|Corp|Corporation|Pty|Bank|Police|Barracks|Prison|Shelter|Church|Mosque|Temple|Synagogue)\b\.?))(?!\w)"
    r"|(?<!\w)(?:University|College|Hospital|Institute|Bank|Church) of [A-Z][\w'’-]{1,25}(?: [A-Z][\w'’-]{1,25})?"
    r"|(?<!\w)(?:Klinikum|Hôpital|Clinique|Ospedale|Hospital|Clínica|Universitätsklinikum|Krankenhaus|Ziekenhuis|Szpital|Policlinico|Centre Hospitalier|CHU)(?: (?:de|du|des|la|le|di|del|General|Universitario|Saint|St\.)){0,3} ?[A-ZÀ-Ž][\w'’]{1,25}(?:[ -][A-ZÀ-Ž][\w'’]{1,25}){0,2}"
    r"|(?<!\w)[A-Z][\w'’-]{1,25}(?: [A-Z][\w'’-]{1,25}){0,2} (?:Hospitals|Plus Ltd|Lodge)(?!\w)"
    r"|(?<!\w)(?:The )?[A-Z][\w'’-]{1,25}(?: [A-Z][\w'’-]{1,25})? (?:Surgery|Practice|Medical Practice|Health Centre)(?!\w)"
)
_GENERAL = frozenset(
    "General Local Community Outside Urgent Care Primary Emergency Walk Outpatient Inpatient Pain Eye Heart Medical Regional Children's Women's Cardiology Neurology Oncology Surgery Surgical Diabetes Plastic Vascular Cardiac Thoracic Spine Spinal Bariatric Elective Day Laser Robotic Hernia Cataract Oral Orthopedic Orthopaedic Trauma Hand Foot Hip Knee Brain Bowel Major Minor Redo Open Keyhole Private Group Family Best Good Clinical Current High Middle Elementary Old New Nursing Residential Funeral Secondary Graduate Medicine Law Best Public State Special Boarding Night Sunday Medical General Skilled Department Admission Planned Previous Prior Past Post Status Pre Abdominal Breast ENT Urology Pediatric Paediatric Practice Gastric Colorectal Head Neck Facial Cosmetic Transplant Emergency".split()
)


def _is_town(found: str) -> bool:
    words = found.split()
    if len(words) > 1:
        second = words[1].capitalize()
        return (is_given(second) or is_family(second) or not is_word(second)) and second not in vocabulary("countries")
    match = _TOWN_SHAPED.match(found)
    stem = match["stem"] if match else None
    if stem is None or is_word(found) or found.capitalize() in ("Passport", "Airport", "Transport", "Heliport"):
        return False
    return not is_word(found) and (is_given(stem) or is_family(stem) or len(stem) > 5)


def _is_moved(found: str) -> bool:
    word = found.split()[0]
    return (
        word not in ("April", "June", "August")
        and not is_word(word)
        and word not in vocabulary("stop")
        and word not in vocabulary("eponyms")
        and len(word) > 3
    )


def _is_own(found: str) -> bool:
    """Return whether an institution has a name of its own: a word before what it is that is no general one."""
    words = [word for word in re.split(r"[ ]", found)[:-1] if word[:1].isupper()]
    return any(word not in _GENERAL and word not in vocabulary("stop") for word in words) or " of " in found


def _is_mailed(found: str) -> bool:
    return any(one.isdigit() for one in found)


_ROWS: tuple[tuple[str, re.Pattern[str], float, Callable[[str], bool] | None], ...] = (
    ("address", _CODED, 0.89, None),
    ("address", _STREET_FIRST, 0.86, None),
    ("address", _LATIN, 0.89, None),
    ("address", _STREET_THEN_NUMBER, 0.87, None),
    ("address", _PLACE_SAID, 0.8, _is_mailed),
)
ADDRESSES: tuple[Rule, ...] = (
    *(Rule(kind=kind, pattern=pattern, score=score, check=check) for kind, pattern, score, check in _ROWS),
    Rule(kind="address", pattern=_NAMED_HOUSE, score=0.86, needs="nothing"),
    Rule(kind="place", pattern=_TOWN_SHAPED, score=0.62, needs="nothing", check=_is_town),
    Rule(kind="place", pattern=_MOVED, score=0.58, needs="nothing", check=_is_moved),
    Rule(kind="organisation", pattern=_ORGANISATION, score=0.87, needs="nothing", check=_is_own),
)
