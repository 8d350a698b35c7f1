# ruff: noqa: E501 - each pattern stays whole
"""Rules for codes that no label names: a number or a mix of letters and digits too long to be a measurement."""

from __future__ import annotations

import re

from primum.privacy.deid.rule import Rule

_MEASURED = r"(?! ?(?:copies|IU|iu|units?|cells|CFU|mg|ml|mL|mcg|steps|/|%|×|x10|mm|cm|kg|g\b|万|个|元|步|拷贝|[.,]\d))"
_COUNTED = r"(?<!load )(?<!count )(?<!count of )(?<!titer )(?<!platelets )(?<!platelets of )(?<!plt )(?<!PLT )(?<!NCT)(?<!PMID )(?<!PMID: )(?<!批号)(?<!批号:)(?<!批号：)"
_BARE = re.compile(rf"(?<![\w.,/+<>=-]){_COUNTED}(?<![<>=≥≤] )\d{{7,8}}(?![\w-]){_MEASURED}")
_PAIRS = re.compile(r"(?<![\w./-])\d{2}-\d{2}-\d{2}(?![\w/-]|\.\d)")
_MIXED = re.compile(
    r"(?<![\w./-])(?<!批号)(?<!批号[:： ])(?<!lot )(?<!Lot )(?<!batch )(?!QQ)(?:[A-Z]{1,3}\d{4,9}[A-Z]?(?:/\d{1,4})?|\d{1,3}[A-Z]{1,3}\d{4,10}|\d{6,12}[A-Z]{1,2}|[A-Z]{1,4}\d{1,3}-\d{4,6}|[A-Z]{2}-\d{4,6}|\d{4,7}[A-Z]\d{1,6}|[A-Z]\d{3,5} \d{4,6})(?![\w]|[-/]\d|\.\d)"
)
_SLASHED = re.compile(
    r"(?<![\w./-])(?!\d{0,2}00/)\d{4}/(?!(?:19|20)\d\d(?!\d))\d{4}(?![\w/]|\.\d| ?(?:mg|mcg|units|IU))"
)
_SAID = re.compile(
    r"(?:\b(?:acc|accn|doc|call|donor|screening|pat(?:ient)?|hosp(?:ital)?|ref|lab|case|chart|claim|medicare|medicaid|account|acct|policy|certificate|licen[cs]e|permit|job|incident|log|file|card|sample|specimen|slide|block|cassette|kit|pump|scope|machine|monitor|serial|IIS|ID|MRN|number|no|nr)\b\.?\)?(?: ?(?:no|number|nr|id|code)\b\.?)?\s?[#:.=]{0,2} ?(?:is )?|#)(?P<it>(?=[A-Za-z/-]*\d)(?=[A-Za-z0-9 /-]*\d[A-Za-z0-9 /-]*\d[A-Za-z0-9/-]*\d)(?!(?:19|20)\d\d(?![\w/-]))[A-Z0-9][A-Za-z0-9]{0,11}(?:[/-][A-Za-z0-9]{1,8}){0,3}(?: \d{3,6}){0,4}(?: \d)?)(?![\w]|\.\d| ?(?:mg|ml|mcg|mm|cm|kg|units?|%|beats|bpm|days|weeks))",
    re.I,
)
_WHAT_MOVES = r"(?i:cars?|vans?|trucks?|vehicles?|taxi|cab|motor(?:cycle|bike)|scooter|moped|bus|ambulance|lorry|SUV|sedan|pickup|tag|plates?|rego|reg(?:istration)?|index mark|driving|drove|drives|parked|permit)"
_PLATE_UK = re.compile(r"(?<![\w-])(?!CD|IL|HL|ST|PM|AM)[A-HJ-PR-Y][A-HJ-PR-Y]\d{2} ?[A-HJ-PR-Z]{3}(?![\w-])")
_PLATE_SAID = re.compile(
    rf"\b{_WHAT_MOVES}\b[^.;\n]{{0,32}}?(?<![\w-])(?P<it>(?!DOB|MRN|NHS)(?:[A-Z]{{1,3}}[ •·-]?\d{{1,4}}[ -]?[A-Z]{{0,3}}|\d{{1,4}}[ •·-]?[A-Z]{{1,4}}[ -]?\d{{0,4}}|\d[A-Z]{{3}}\d{{3}}|[A-Z]{{2,4}}[ -]\d{{2,5}}))(?![\w-])(?! ?(?:mg|ml|mph|km|MPH|yo|y/o|am|pm|AM|PM|YO|M\b|F\b))"
)
_UK_DRIVER = re.compile(r"(?<!\w)[A-Z9]{5} ?\d{6} ?[A-Z9]{2}[\dA-Z][A-Z]{2}(?!\w)")
_LETTER_SPACED = re.compile(r"(?<![\w./-])[A-Z]{1,3}[ -]?\d{3,5}[ -]\d{4,6}(?![\w]|[-/.]\d)")
_DOTTED = re.compile(
    r"(?<![\w.])(?:756\.\d{4}\.\d{4}\.\d{2}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{2}\.\d{2}\.\d{2}-\d{3}[.-]\d{2})(?![\w.])"
)
_BIRTH_NUMBER = re.compile(
    r"(?:\b(?i:rodn[ée] č[íi]slo|r\.?č\.?|cpr(?:-nr)?|personnummer|fødselsnummer|henkilötunnus|hetu|cnp|oib|jmbg|egn|amka|pps|ppsn|ahv|avs|tax|fiscal|id-?nr|nin|nric|mykad|bvn)\b\.?)(?: ?(?:no|nr|number))?\.?[ :#]{0,3}(?P<it>(?=[\w/+-]*\d{4})[A-Z]?\d{2,6}[\w/+ -]{2,9}\w)"
)
_PINNED = re.compile(
    r"\b(?i:lic(?:en[cs]e|ence)?|licensed|pin|cert(?:ificate)?|badge|collar|registrar|reg(?:istered|istration)?|personnel|emp(?:loyee)?|staff|payroll|student|pupil|inmate|prisoner|doc|permit|visa|npi|dea|gmc|nmc|hcpc|gphc|gdc|board|bar|warrant|service|policy|plan|member|subscriber|insured|insurance|coverage|benefit|claim|auth(?:ori[sz]ation)?|prior auth|case|ticket|docket|matter|file)\b\.?(?: ?(?i:no|number|nr|num|id|code|#)\b\.?)?[ :#.]{1,3}(?i:is )?(?P<it>(?=[A-Z0-9 /-]*\d[A-Z0-9 /-]*\d[A-Z0-9 /-]*\d)(?!(?:19|20)\d\d(?![\w/-]))(?:[A-Z]{1,3} )?[A-Z0-9]{1,12}(?:[/-][A-Z0-9]{1,8}){0,3}(?: \d{3,6}){0,3})(?![\w]|\.\d| ?(?:mg|ml|mcg|mm|cm|kg|units?|%|bpm|days|weeks))"
)
_AFTER_COLON = re.compile(
    r"(?<![\w.])(?!(?i:plt|platelets?|plts?|count|copies|viral load|load|titre|titer|wbc|rbc|cells?|cfu|time|bnp|nt-?probnp|ck|ferritin|hcg|cost|bill|total|units?)\b)[A-Za-z][A-Za-z./ ]{1,20}(?:[:#]|№) ?(?P<it>[A-Z]{0,4}-?\d{6,14}[A-Z]{0,2})(?![\w]|[.,/-]\d| ?(?:copies|IU|iu|units|cells|CFU|/|mg|ml|mcg|cells))"
)
_USER = re.compile(
    r"\b(?i:user ?(?:name|id)?|login|log-?in|handle|skype|twitter|instagram|insta|facebook|fb|snapchat|telegram|tiktok|discord|whatsapp|zoom|line id|account name|logged in as|accessed by|modified by|entered by|edited by|created by)(?: is|:|=)? ?[:@]?(?P<it>(?:live:)?@?(?:[a-z][\w.]{1,24}(?:[._\d])[\w.]{0,16}\w|[a-z]{5,20}(?= \d\d?:\d\d)))(?!\w)|(?<![\w.])@(?P<itz>[A-Za-z]\w{0,20}[_\d]\w{0,20})(?![\w.]*@)"
)
_MEDICARE = re.compile(r"(?<![\w./-])[2-6]?\d{3}([- ])\d{5}\1\d(?![\w-]|\.\d)")
_LAST_FOUR = re.compile(r"\b(?i:ends?|ending)(?: (?:in|with))? (?P<it>\d{4})(?!\d|-|/)")
_EXTENDED = re.compile(r"(?<![\w.-])[2-9]\d{6,7}转\d{1,6}")
_USER_ZH = re.compile(
    r"(?:用户名|账号|账户|昵称|登录名|ID)[:：为是 ]{0,3}(?P<it>[A-Za-z][A-Za-z0-9_.-]{2,24}(?<=[A-Za-z0-9]))"
)
_CHINESE = re.compile(
    r"(?P<label>[\u3400-\u9fff]{1,6}(?<!批)(?<!型)(?:号码|证号|编号|号|码|[Ii][Dd]|名|机|镜))[:：为是 ]{0,3}(?P<it>(?=[\w./·-]*\d[\w./·-]*\d[\w./·-]*\d)(?!(?:19|20)\d\d[年/.-])[A-Za-z0-9][A-Za-z0-9_./-]{2,24}(?<=[A-Za-z0-9])|[a-z][a-z_.]{2,15}\d{2,8})(?![A-Za-z0-9]|%)"
)


def _many_digits(code: str) -> bool:
    return sum(one.isdigit() for one in code) >= 4 and not code.startswith(_KNOWN)


_KNOWN = ("NCT", "ICD", "COVID", "PMID", "ISO", "CPT", "LOINC", "SNOMED")

_MOVES = (
    "car",
    "van",
    "truck",
    "vehicle",
    "taxi",
    "cab",
    "motor",
    "scooter",
    "moped",
    "bus",
    "ambulance",
    "lorry",
    "suv",
    "sedan",
    "pickup",
    "tag",
    "plate",
    "rego",
    "reg",
    "index",
    "driv",
    "drove",
    "parked",
    "permit",
)
_STATES = (
    "rodn",
    "r.č",
    "rč",
    "cpr",
    "person",
    "fød",
    "henki",
    "hetu",
    "cnp",
    "oib",
    "jmbg",
    "egn",
    "amka",
    "pps",
    "ahv",
    "avs",
    "tax",
    "fisc",
    "id",
    "nin",
    "nric",
    "mykad",
    "bvn",
)
_ISSUED = (
    "lic",
    "pin",
    "cert",
    "badge",
    "collar",
    "reg",
    "pers",
    "emp",
    "staff",
    "pay",
    "stud",
    "pupil",
    "inmate",
    "pris",
    "doc",
    "perm",
    "visa",
    "npi",
    "dea",
    "gmc",
    "nmc",
    "hcpc",
    "gphc",
    "gdc",
    "board",
    "bar",
    "warr",
    "serv",
    "policy",
    "plan",
    "memb",
    "subs",
    "insur",
    "cover",
    "benef",
    "claim",
    "auth",
    "prior",
    "case",
    "tick",
    "dock",
    "matter",
    "file",
)
CODES: tuple[Rule, ...] = (
    Rule(kind="vehicle", pattern=_PLATE_UK, score=0.8),
    Rule(kind="vehicle", pattern=_PLATE_SAID, score=0.7, check=lambda it: sum(map(str.isalnum, it)) > 4, hint=_MOVES),
    Rule(kind="licence_number", pattern=_UK_DRIVER, score=0.9),
    Rule(kind="other_id", pattern=_LETTER_SPACED, score=0.5),
    Rule(kind="national_id", pattern=_DOTTED, score=0.85),
    Rule(kind="national_id", pattern=_BIRTH_NUMBER, score=0.9, hint=_STATES),
    Rule(kind="other_id", pattern=_PINNED, score=0.58, check=_many_digits, hint=_ISSUED),
    Rule(kind="other_id", pattern=_AFTER_COLON, score=0.5, check=_many_digits),
    Rule(
        kind="other_id",
        pattern=_USER,
        score=0.7,
        needs="nothing",
        hint=(
            "user",
            "log",
            "handle",
            "skype",
            "twitter",
            "insta",
            "face",
            "snap",
            "tele",
            "tiktok",
            "discord",
            "whats",
            "zoom",
            "line id",
            "account",
            "access",
            "modif",
            "enter",
            "edit",
            "creat",
            "@",
        ),
    ),
    Rule(kind="other_id", pattern=_BARE, score=0.5),
    Rule(kind="other_id", pattern=_PAIRS, score=0.45),
    Rule(kind="other_id", pattern=_MIXED, score=0.5, check=_many_digits),
    Rule(kind="other_id", pattern=_SLASHED, score=0.5),
    Rule(kind="other_id", pattern=_SAID, score=0.6, check=_many_digits),
    Rule(kind="national_id", pattern=_MEDICARE, score=0.8),
    Rule(kind="national_id", pattern=_LAST_FOUR, score=0.6, hint=("end",)),
    Rule(kind="other_id", pattern=_USER_ZH, score=0.7, hint=("用户名", "账号", "账户", "昵称", "登录名")),
    Rule(kind="phone", pattern=_EXTENDED, score=0.8, hint=("转",)),
    Rule(kind="other_id", pattern=_CHINESE, score=0.6, check=_many_digits, hint=("号", "码", "id", "名", "机", "镜")),
)
