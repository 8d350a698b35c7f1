# ruff: noqa: E501 - each pattern stays whole
"""Rules for street addresses, towns, postcodes and hospitals, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from primum.privacy.deid.lists import names, one_of, phrases, vocabulary
from primum.privacy.deid.names_en import is_word
from primum.privacy.deid.names_led import is_unlisted_name
from primum.privacy.deid.rule import Rule
from primum.privacy.deid.spans import Span

_CAP = r"[A-ZÀ-Ž][\w'’.-]{0,30}"
_TOWN = r"(?:St\. |Ft\. |Mt\. )?[A-ZÀ-Ž][\w'’-]{0,30}"
_STATE = r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AWR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|AA|AE|AP|FM|GU|AS|MH|MP)"
_STREETS = (
    "Alley Annex Arcade Avenue Ave Bayou Beach Bend Bluff Bluffs Bottom Boulevard Blvd Branch Bridge Brook Brooks Burg Burgs Bypass Camp Canyon "
    "Cape Causeway Center Centers Circle Cir Circles Cliff Cliffs Close Club Common Commons Corner Corners Course Court Ct Courts Cove Coves Creek Crescent Crest "
    "Crossing Crossroad Curve Dale Dam Divide Drive Dr Drives Estate Estates Expressway Extension Extensions Fall Falls Ferry Field Fields Flat Flats "
    "Ford Fords Forest Forge Forges Fork Forks Fort Freeway Garden Gardens Gateway Glen Glens Green Greens Grove Groves Harbor Harbors Haven Heights "
    "Highway Hwy Hill Hills Hollow Inlet Island Islands Isle Junction Junctions Key Keys Knoll Knolls Lake Lakes Land Landing Lane Ln Light Lights Loaf Lock "
    "Locks Lodge Loop Mall Manor Manors Meadow Meadows Mews Mill Mills Mission Motorway Mount Mountain Mountains Neck Orchard Oval Overpass Park Parks "
    "Parkway Pkwy Parkways Pass Passage Path Pike Pine Pines Place Pl Plain Plains Plaza Point Points Port Ports Prairie Radial Ramp Ranch Rapid Rapids Rest "
    "Ridge Ridges River Road Rd Roads Route Row Rue Run Shoal Shoals Shore Shores Skyway Spring Springs Spur Spurs Square Sq Squares Station Stravenue "
    "Stream Street St Streets Summit Terrace Ter Throughway Trace Track Trafficway Trail Trl Tunnel Turnpike Underpass Union Unions Valley Valleys Via Viaduct "
    "View Views Village Villages Ville Vista Walk Walks Wall Way Ways Well Wells Wharf Rise Drift Gate Parade Quay"
).replace(" ", "|")
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|Fl|Bldg|Building|#)\.? ?#?[\w-]{1,6})?"
_REST = rf"(?:(?:,|\n|,\n)? ?{_CAP}(?: {_CAP}){{0,3}},? (?:{_STATE}|[A-Z][a-z]{{3,}})\.?,? \d{{5}}(?:-\d{{4}})?)?"
_STREET = re.compile(
    rf"(?<![\w/.])(?P<it>\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}})? (?:[NSEW]{{1,2}}\.? |North |South |East |West )?(?:{_CAP} |\d{{1,3}}(?:st|nd|rd|th) |[a-z]{{2,3}} ){{0,4}}(?:{_STREETS})(?:\.(?= |,)|\b)(?: [NSEW]{{1,2}}\b)?{_UNIT}{_REST})"
)
_NUMBERED = re.compile(
    rf"(?<![\w/.])\d{{1,6}} (?:[NSEW]\.? |North |South |East |West )?\d{{1,3}}(?:st|nd|rd|th) (?:St|Street|Ave|Avenue|Rd|Road|Dr|Drive)\b\.?{_UNIT}{_REST}"
)
_LOWER = re.compile(
    r"(?<![\w/.])\d{1,5} (?:[a-z]+ ){1,3}(?:street|avenue|road|lane|drive|boulevard|terrace)(?!\w)(?:,? (?:apt|apartment|flat|unit|suite)\.? ?\w{1,5})?",
    re.I,
)
_BOX = re.compile(
    rf"\b(?:P\.? ?O\.? ?Box \d{{1,7}}|(?:PSC|CMR|Unit) \d{{1,5}},? Box \d{{1,5}}|US(?:NS|S|NV|CGC) {_CAP}){_UNIT}(?:,?[ \n](?:[AFD]PO) (?:A[AEP]) \d{{5}})?{_REST}"
)
_ADDRESS_SAID = re.compile(
    r"\b(?i:(?:home |mailing |street |current |residential |permanent )?address|residence|domicile)\s?(?:is )?[:=]\s?\n?(?P<it>(?:#?\d|Flat|Apt|Studio|Unit|House|The|Suite|[A-Z])[^\n;|]{5,110}?(?:\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b\d{5}(?:-\d{4})?\b|(?=[.;|\n]|$|,? (?i:phone|tel|mobile|email|and (?:can|her|his|the)|with|who|dob))))"
)
_UK_POSTCODE = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}|(?:E|EC|N|NW|SE|SW|W|WC|B|L|M|LS|BS|CB|OX|EH|CF|BT)\d{1,2}[A-Z]?\d[ABD-HJLNP-UW-Z]{2})(?!\w)"
)
_ZIP = re.compile(
    rf"(?<=\b)(?:(?:{_CAP} ){{0,2}}{_CAP}, )?{_STATE},? \d{{5}}(?:-\d{{4}})?(?!\d)|(?i:zip(?: ?code)?|post(?:al)? ?code|postcode)[\s:=]{{0,3}}(?:is )?(?P<it>[A-Z]?\d[\w -]{{2,8}}\w)"
)
_CITY_STATE = re.compile(
    rf"(?<![\w.])(?P<it>(?![A-Z]{{2,4}},){_TOWN}(?: {_TOWN}){{0,2}}), ?(?:(?!A[AEPS]|GU|FM|M[HP]){_STATE}|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming)(?![\w.-])"
)
_LIVES = re.compile(
    rf"\b(?i:lives? (?:alone )?in|lived in|living in|resid(?:es|ing|ent) (?:in|of)|native of|born in|grew up in|moved (?:here )?(?:from|to)|relocated (?:from|to)|(?:returned|returning|travel(?:l?ed|s|l?ing)?|flew|trip|flight|drove|transferred|went|vacation(?:ed|ing)?|visit(?:ed|ing)|visit|holiday(?:ed)?) (?:back )?(?:from|to|in)|visited|visiting|(?:is|was|are|comes|came|originally|hails|arrived|back|records|friends?|family|residing|daughter|son|flown|ambulance|(?:drove|brought|took|transported)(?: \w+)?) from|works in|home in|based in|hometown(?: of| is|:)?|city:|town:|city of|town of|village of|outside(?: of)?|raised in)[ ](?P<it>(?!(?:Dr|Mr|Mrs|Ms)\b){_TOWN}(?: {_TOWN}){{0,2}})"
)
_PREPOSED = re.compile(
    r"\b(?:(?i:near|outside|around|in|from [^.;\n]{3,40} to|retired to|farm near|home:|residence:?|town:?|city:?|village:?|hometown:?|birthplace:?|place of birth:?|pob:?|suburb:?|district:?|parish of|nata? (?:il )?[^ ]{4,10} a|mora em|vive en|woonachtig te|woont in|wohnt in|aus|habite(?: à)?|bor i|asuu|residente (?:a|in|en|em)))[ ](?P<it>(?:(?:San|Santa|St\.|Saint|Los|Las|La|El|New|Bad|Le|Port|Fort|Mount|North|South|East|West|Great|Little|Upper|Lower) )?[A-ZÀ-Ž][a-zà-ž]{2,25}(?:[ -](?:(?:de|del|la|sur|am|an|upon|on|le) )?[A-ZÀ-Ž][a-zà-ž]{2,25}){0,2})(?=[,.;)\n]|$| (?:and|on|for|with|since|by|when|where|last|this|in|at|who|after|before|until|as|to|aged|tel|phone)\b)"
)
_OF_TOWN = re.compile(
    r"(?<![\w.-])(?P<it>[A-Z][a-z]{3,20})(?= (?:ambulance|police|fire|council|railway|marina|seafront|branch|campus|practice|library|leisure centre|bus station|train station|airport|barracks|prison|market|beach|High Street|town centre|city centre)\b)"
)
_COUNTY = re.compile(rf"(?<!\w)(?P<it>{_CAP}(?: {_CAP})? (?:County|Parish|Township|Borough))(?!\w)")
_SHAPED = re.compile(
    r"(?<![\w-])(?:(?:North|South|East|West|New|Lake|Port) [A-Z][a-z]{2,}(?:ville|burgh|borough|bury|mouth|chester|furt|stad|shire|town|port|haven|view|side|fort|land|ton|berg|mouth|bury)?(?=,|\.|;| \d{5}|\n)|[A-Z][a-z]{3,}(?:ville|burgh|borough|chester|shire|furt|stad|haven|mouth))(?![\w-])"
)
_HOSPITAL = re.compile(
    r"(?<![\w])(?P<it>(?:(?:St|Mt)\. )?(?:(?!The |At |In |To |From |Patient |Our |Local |This |Admitted )[A-Z][\w'’-]{0,30}(?:,? (?:and|of|&) | |\. )){1,5}(?:Hospitals?|Medical Cent(?:er|re)|Health(?:care)? (?:System|Cent(?:er|re))|Clinic|Infirmary|Hospice|Nursing Home|Surgery Cent(?:er|re)|Cancer Cent(?:er|re)|Medical Group|Health Trust|NHS (?:Foundation )?Trust|Rehabilitation Cent(?:er|re)|Pharmacy|University Hospital|Healthcare|Care Home|Care Center|Senior Living)(?: of [A-Z]\w+)?)(?!\w)"
)
_HOSPITAL_PLAIN = re.compile(
    r"^(?:(?:The|General|Local|Community|University|Outside|Urgent|Care|Primary|Emergency|Walk|In|Outpatient|Inpatient|Pain|Eye|Heart|Medical|Regional|County|Children'?s|Women'?s|Cardiology|Neurology|Oncology|Surgery|Surgical|Diabetes|Wound|Sleep|Dental|Family|Internal|Medicine|Veterans|Specialty|Teaching|Acute|Pediatric|Dermatology|Orthopedic|Urology|Anticoagulation|Coumadin|Memory|Fracture|Allergy|Mental|Health|Day|Private|Public|State|Tertiary|And|Of|Follow|Up|Retail|Hospital|Infirmary|Clinic|Cancer|Rehabilitation|Nursing|Skilled|Center|Centre|Pharmacy|Home|Hospice|System)[ -]?)+$",
    re.I,
)
_Z = r"[\u3400-\u9fff]"
_ZH_TAIL = r"(?:[\w\u3400-\u9fff-]{0,12}?\d{1,5}(?:号|弄|栋|幢|座|楼|单元|室|层|户|组|#)(?:院)?(?:\d{1,4}(?:号楼|号|弄|栋|幢|座|楼|单元|室|层|户|组|#))*(?:[\d-]{1,7}室?)?)"
_ZH_STREET = re.compile(
    rf"(?![家住现居址于在自从往到去至来地是为])(?:{_Z}{{2,7}}(?:省|自治区))?(?:{_Z}{{2,6}}?(?:市|自治州|地区|盟))?(?:{_Z}{{1,5}}?(?:区|县|旗|市|镇|乡|街道)){{0,3}}{_Z}{{1,8}}?(?:路|街|大道|巷|胡同|弄|村|小区|新村|花园|苑|公寓|社区|里|庄|屯|大厦|广场|家园|城|府|湾|组|道)(?:[东西南北中]?[一二三四五六七八九十]?(?:段|路|街|巷|区|期)?)?{_ZH_TAIL}"
)
_ZH_FAKED = re.compile(
    rf"(?:{_Z}{{2,4}}(?:省|自治区))?{_Z}{{2,4}}(?:市|县){_Z}{{2,4}}区?{_Z}{{1,5}}(?:路|街)[A-Z]座(?: ?\d{{6}}(?!\d))?"
)
_ZH_SAID = re.compile(
    rf"(?:(?:家庭|现|联系|户籍|通讯|常住|居住|工作|单位|收货|邮寄|详细|家)?(?:地址|住址)|户口所在地|现住|家住|居住于|居住在|住在|住所|籍贯|出生地|常住地|户籍地?)(?:[:：]|为|是)?[ 　]*(?P<it>{_Z}{{2,}}[^\s，,。；;|、（(]{{1,40}}?(?=[\s，,。；;|、）)（(]|$))"
)
_POSTCODE_ZH = re.compile(r"(?:邮编|邮政编码)[:： ]{0,2}(?P<it>\d{6})(?!\d)")


def _is_street(found: str) -> bool:
    words = found.split()[1:]
    if any(word in _NO_STREET for word in words):
        return False
    named = not is_word(words[0]) or words[0] in names("family_en") or words[0] in names("given_en")
    return len(words) > 2 or named or words[-1].rstrip(".") in _SURE_STREET


_NO_STREET = frozenset(
    "Day Days Week Weeks Month Months Year Hour Hours Minute mg ml Point-of-care Tablet Tablets Capsule Times Unit Units View-chest Lead Pound Item Stage Grade Blood Chest".split()
)
_SURE_STREET = frozenset(
    "Street St Avenue Ave Road Rd Lane Ln Drive Dr Boulevard Blvd Court Ct Place Way Terrace Close Crescent Highway Parkway Circle Square Trail".split()
)

PLACES: tuple[Rule, ...] = (
    Rule(kind="address", pattern=_STREET, score=0.9, check=_is_street),
    Rule(kind="address", pattern=_NUMBERED, score=0.9),
    Rule(
        kind="address",
        pattern=_LOWER,
        score=0.85,
        hint=("street", "avenue", "road", "lane", "drive", "boulevard", "terrace"),
    ),
    Rule(kind="address", pattern=_BOX, score=0.92),
    Rule(kind="address", pattern=_ADDRESS_SAID, score=0.84, needs="nothing", hint=("address", "residence", "domicile")),
    Rule(kind="place", pattern=_UK_POSTCODE, score=0.88),
    Rule(kind="place", pattern=_ZIP, score=0.86),
    Rule(
        kind="organisation",
        pattern=_HOSPITAL,
        score=0.88,
        needs="nothing",
        check=lambda it: not _HOSPITAL_PLAIN.match(it),
    ),
    Rule(kind="place", pattern=_COUNTY, score=0.8, needs="nothing", hint=("county", "parish", "township", "borough")),
    Rule(kind="place", pattern=_SHAPED, score=0.6, needs="nothing", check=lambda it: not is_word(it)),
)
PLACES_ZH: tuple[Rule, ...] = (
    Rule(kind="address", pattern=_ZH_STREET, score=0.86, check=lambda it: len(it) > 4),
    Rule(kind="address", pattern=_ZH_FAKED, score=0.9, needs="nothing", hint=("座",)),
    Rule(kind="place", pattern=_POSTCODE_ZH, score=0.95),
)


def places_in(text: str) -> Iterator[Span]:
    """Yield towns in Latin script that a list, a state after a comma, or words such as "lives in" show."""
    for match in _CITY_STATE.finditer(text):
        start = match.start("it") + _skipped(match["it"])
        if start < match.end("it"):
            yield Span(start=start, end=match.end("it"), kind="place", score=0.82)
    for match in _LIVES.finditer(text):
        yield from _town(match)
    for pattern in (_PREPOSED, _OF_TOWN):
        for match in pattern.finditer(text):
            if _is_unlisted_town(match["it"]):
                yield Span(start=match.start("it"), end=match.end("it"), kind="place", score=0.5)
    for match in _cities().finditer(text):
        yield Span(start=match.start(), end=match.end(), kind="place", score=0.79)


def _is_unlisted_town(found: str) -> bool:
    """Return whether words where a town can stand are one: none of general use, of medicine, or a country."""
    words = [word for word in found.split() if word[:1].isupper()]
    return words[0] not in _MONTHS and all(
        not is_word(word) and is_unlisted_name(word) and not _is_known_otherwise(word)
        for word in words
        if len(words) == 1 or word not in _BEFORE_TOWNS
    )


def _is_known_otherwise(word: str) -> bool:
    kinds = ("stop", "countries", "brands", "eponyms", "eponym_names")
    return any(word in vocabulary(kind) for kind in kinds) or word.endswith(("ish", "ese", "ans", "ian"))


_MONTHS = frozenset(("April", "May", "June", "August"))
_BEFORE_TOWNS = frozenset(
    "San Santa St. Saint Los Las La El New Bad Le Port Fort Mount North South East West Great Little Upper Lower".split()
)


def _town(match: re.Match[str]) -> Iterator[Span]:
    kept: list[str] = []
    for word in match["it"].split():
        if (
            word.rstrip(".,'s") in vocabulary("stop")
            and word not in ("New",)
            or is_word(word.rstrip("."))
            and not kept
            and word != "New"
        ):
            break
        kept.append(word)
    found = " ".join(kept).rstrip(".")
    if (
        found
        and found not in vocabulary("countries")
        and found not in _MONTHS
        and not (found.isupper() and len(found) < 6)
        and not found.endswith(("'s", "’s"))
    ):
        start = match.start("it")
        yield Span(start=start, end=start + len(found), kind="place", score=0.6)


def _skipped(found: str) -> int:
    """Return how many characters of a run of capitalised words are words that only stand before the town."""
    skipped = 0
    for word in found.split()[:-1]:
        if word in (
            "New",
            "San",
            "Los",
            "Las",
            "Fort",
            "St.",
            "Saint",
            "North",
            "South",
            "East",
            "West",
            "El",
            "Port",
            "Lake",
        ) or not is_word(word):
            break
        skipped += len(word) + 1
    return skipped


@cache
def _cities() -> re.Pattern[str]:
    listed = one_of(phrases("cities"))
    nouns = r"(?! (?:Coma|Outcome|sign|criteria|disease|score|scale|classification|virus|fever|grip|Heart|syndrome|agar|Hip|Bowel|Lung))"
    return re.compile(rf"(?<![\w'’-])(?:{listed})(?![\w-]){nouns}(?! [A-Z][a-z]+ (?:Hospital|Clinic))")


def places_in_chinese(text: str) -> Iterator[Span]:
    """Yield addresses after their label, towns of the list and hospitals with a name of their own."""
    for match in _ZH_SAID.finditer(text):
        said = match["it"]
        if any(mark in said for mark in "省市区县路街镇乡村号室州旗") or said[:2] in vocabulary(
            "cities_zh"
        ) | vocabulary("provinces_zh"):
            yield Span(start=match.start("it"), end=match.end("it"), kind="address", score=0.84)
    for match in _zh_cities().finditer(text):
        yield Span(start=match.start(), end=match.end(), kind="place", score=0.7)
    for match in _zh_hospitals().finditer(text):
        yield Span(start=match.start(), end=match.end(), kind="organisation", score=0.9)


@cache
def _zh_cities() -> re.Pattern[str]:
    provinces = one_of(vocabulary("provinces_zh"))
    cities = one_of(vocabulary("cities_zh"))
    return re.compile(
        rf"(?:(?:{provinces})(?:省|自治区|壮族自治区|市)?)?(?:{cities})(?:市|地区|州)?(?:[\u3400-\u9fff]{{1,3}}(?:区|县|镇|乡|村))?"
        rf"(?!度|西汀|西丁|新碱|时|小异|果|瓜|型|肝炎|脑炎|菜|话|鸭|牛肉|烤|病毒|白|肺|路|大学|协和|医院|第)"
        rf"|(?:{provinces})(?:省|自治区)[\u3400-\u9fff]{{2,4}}?(?:市|县|州)(?:[\u3400-\u9fff]{{1,3}}(?:区|县|镇|乡|村))?"
    )


@cache
def _zh_hospitals() -> re.Pattern[str]:
    begin = one_of(vocabulary("cities_zh") | vocabulary("provinces_zh"))
    return re.compile(
        rf"(?:(?:{begin})(?:省|市|自治区)?(?:协和|(?![的去到了在和看让把])[\u3400-\u9fff]){{0,14}}?|(?<![\u3400-\u9fff])[\u3400-\u9fff]{{2,4}}(?:大学|[市县区](?=第|人民|中心|中医|妇幼))(?:协和|(?![的去到了在和看让把])[\u3400-\u9fff]){{0,8}}?"
        rf"|(?:协和|湘雅|华西|同济|瑞金|华山|中山|仁济|齐鲁|宣武|天坛|朝阳|安贞|积水潭|阜外|友谊)(?:医科大学)?(?:附属)?(?:第[一二三四五])?)"
        rf"(?:医院|卫生院|卫生服务中心|保健院|门诊部|诊所|疗养院|康复中心)(?:[东西南北]院区?|分院)?"
    )
