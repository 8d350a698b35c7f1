# ruff: noqa: E501 - each pattern stays whole
"""Rules for numbers and codes of any language: contacts, national numbers with check digits, cards, vehicles."""

from __future__ import annotations

import re

from primum.cohort.identifiers import (
    EMAIL,
    NHS_NUMBER,
    RESIDENT_ID,
    is_french_nir,
    is_iban,
    is_luhn,
    is_nhs_number,
    is_resident_id,
    is_spanish_dni,
    is_vin,
)
from primum.privacy.deid.rule import Rule

_EXTENSION = r"(?:\s?(?:x|ext\.?|extension|转)\s?\d{1,6})?"
_NOT_IN_NUMBER = r"(?<![\w./+-])(?<!\d[,)])"
_URL = re.compile(
    r"(?<![\w@])(?:https?://|ftp://|www\.)[^\s<>\"'，。；、）)（\u3400-\u9fff]{3,}(?<![.,;:!?])"
    r"|(?<![\w@.-])(?:[a-z0-9-]{2,40}\.){1,3}(?:com|org|net|edu|gov|info|biz|cn|co\.uk|nhs\.uk|de|fr|io)(?![\w.-]*@)(?:/[\w./?=&%-]*)?(?![\w-])"
)
_PHONE = re.compile(
    rf"{_NOT_IN_NUMBER}(?:"
    r"(?:\+|00)\d{1,3}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{2,5}){1,4}"
    r"|(?:\+?1[ .-]?|001[ .-])?\(\d{3}\) ?\d{3}[-. ]?\d{4}"
    r"|(?:\+?1[ .-]|001[ .-])?\d{3}([-. ])\d{3}[-. ]\d{4}"
    r"|\(0\d{2,4}\) ?\d{3,4} ?\d{3,4}|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}|07\d{3} ?\d{6}|0\d{3} \d{3} \d{4}|0[1-9](?:[ .]\d{2}){4}"
    r"|(?:86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}|\(?0\d{2,3}\)?[ -]?\d{7,8}|[48]00[- ]\d{3}[- ]?\d{4}|\d{3}-\d{4}"
    rf"){_EXTENSION}(?![\d]|[-/.]\d)"
)
_PHONE_SAID = re.compile(
    r"(?:\b(?:tel|telephone|ph|phone|mobile|cell(?:phone)?|pager|beeper|call(?:ed|ing)? back (?:at|on)|call(?:ed)? (?:at|on|him at|her at|them at)|reach(?:ed|able)? (?:at|on)|contact(?: (?:at|no|number))?)\b|电话|手机|联系方式|座机|致电|热线)"
    rf"(?: ?(?:no|number|is|number is|号码?|为|是))*[\s.:：#=（]{{0,4}}(?P<it>\+?\(?\d[\d ().-]{{4,17}}\d{_EXTENSION})",
    re.I,
)
_PHONE_LETTER = re.compile(
    r"(?:^|[\s|,;(])(?:T|M|P|F|H|W|C|O|Ph|Tel|Mob|Fon|Tfno|Tlf|Cel)(?:[.:] {0,2}| {1,2})(?P<it>\+?\(?\d[\d ().-]{6,17}\d)(?![\d/])"
)
_PHONE_SHORT = re.compile(
    r"(?:\b(?i:bleep(?:ed)?|ext|extn|extension|pager|pgr|beeper|vocera|ascom|dect|hotline|voicemail)\b\.?|内线|短号|分机)(?: ?(?:no|number|号码?))?[ :：#]{0,3}(?:to )?(?P<it>\d{3,7})(?!\d|[./]\d)"
)
_FAX = re.compile(
    r"(?:\bfax\b|传真)(?: ?(?:no|number|to|is|at|号码?))*[\s.:：#=]{0,4}(?P<it>\+?\(?\d[\d ().-]{4,17}\d(?:x\d{1,6})?)",
    re.I,
)
_IP = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,6}:(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,5})(?![\w:])"
)
_MAC = re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])")
_SSN = re.compile(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])|(?<![\w-])(?:[X*]{3}-[X*]{2}-\d{4})(?!\w)")
_NINO = re.compile(r"(?<!\w)[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-DFM](?!\w)")
_NIR = re.compile(r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\d)")
_DNI = re.compile(r"(?<!\w)\d{8}-?[A-HJ-NP-TV-Z](?!\w)")
_FISCAL_CODE = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)")
_OTHER_CHINESE = re.compile(r"(?<!\w)(?:[A-Z][12]\d{8}|[HM]\d{8,10}|[A-Z]\d{6}[(（][\dA][)）])(?!\w)")
_PASSPORT = re.compile(r"(?<!\w)(?:[EG]\d{8}|E[A-Z]\d{7})(?!\w)")
_OLD_RESIDENT = re.compile(r"(?<!\d)[1-9]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_AADHAAR = re.compile(r"(?<!\d)[2-9]\d{3} \d{4} \d{4}(?! ?\d)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(
    r"(?<![\d-])(?:\d{4}[ -]){3}\d{1,7}(?!\d)|(?<![\d-])3\d{3}[ -]\d{6}[ -]\d{5}(?!\d)|(?<![\d-])\d{12,19}(?!\d)"
)
_CARD_SHAPED = re.compile(r"(?<![\d-])(?:\d{4}[ -]){3}\d{4}(?!\d)")
_VIN = re.compile(r"(?<!\w)(?=[A-HJ-NPR-Z]*\d)[A-HJ-NPR-Z0-9]{8}[\dX][A-HJ-NPR-Z0-9]{8}(?!\w)")
_CHINESE_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• -]?(?=[A-Z0-9]*\d)[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_MBI = re.compile(
    r"(?<!\w)[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}(?!\w)"
)
_UDI = re.compile(r"\(01\)\d{14}(?:\(\d{2}\)[\w-]{1,20}){0,4}")
_UUID = re.compile(r"(?<!\w)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?!\w)")
_PHOTO = re.compile(r"(?<![\w/])[\w-]{1,60}\.(?:jpe?g|png|heic|tiff?|bmp|gif)(?!\w)", re.I)
_LONG = re.compile(r"(?<![\w.,/+-])\d{9,22}(?![\w]|[.,]\d| ?(?:copies|IU|units|cells|CFU|/))")
_CODED = re.compile(
    r"(?<![\w./-])(?:[A-Z]{1,5}-?\d{6,14}|[A-Z]{2,5}-\d{4,10}|[A-Z]{1,3}\d{1,4}-\d{4,9}|\d{2,4}-\d{5,9}|[A-Z]{2,4}-\d{2,4}-\d{3,8}|(?=[A-Z0-9]*\d[A-Z0-9]*\d[A-Z0-9]*\d)(?=\d*[A-Z]+\d+[A-Z])[A-Z0-9]{8,20})(?![\w]|[-/.]\d)"
)


def _is_card(number: str) -> bool:
    return number[0] in "23456" and is_luhn(number)


def _is_dni(number: str) -> bool:
    return is_spanish_dni(number.replace("-", ""))


def _is_phone(number: str) -> bool:
    digits = [one for one in number if one.isdigit()]
    return len(digits) == 7 or 8 <= len(digits) <= 22


def _is_coded(code: str) -> bool:
    return not code.startswith(_NOT_CODES)


_NOT_CODES = (
    "ICD",
    "COVID",
    "SARS",
    "CD",
    "HLA",
    "IL-",
    "SNOMED",
    "LOINC",
    "RAL-",
    "HIV",
    "HPV",
    "CA-",
    "NCT",
    "PMID",
    "ISO",
)

NUMBERS: tuple[Rule, ...] = (
    Rule(kind="email", pattern=EMAIL, score=1.0, needs="at"),
    Rule(
        kind="url",
        pattern=_URL,
        score=0.95,
        needs="nothing",
        hint=(
            "://",
            "www.",
            ".com",
            ".org",
            ".net",
            ".cn",
            ".uk",
            ".edu",
            ".gov",
            ".info",
            ".biz",
            ".de",
            ".fr",
            ".io",
        ),
    ),
    Rule(
        kind="photo", pattern=_PHOTO, score=0.97, needs="nothing", hint=(".jp", ".png", ".heic", ".tif", ".bmp", ".gif")
    ),
    Rule(kind="ip", pattern=_IP, score=0.9),
    Rule(kind="device", pattern=_MAC, score=0.95, needs="nothing"),
    Rule(kind="device", pattern=_UDI, score=0.97, hint=("(01)",)),
    Rule(kind="national_id", pattern=RESIDENT_ID, score=1.0, check=is_resident_id),
    Rule(kind="national_id", pattern=RESIDENT_ID, score=0.85),
    Rule(kind="national_id", pattern=_OLD_RESIDENT, score=0.7),
    Rule(kind="national_id", pattern=NHS_NUMBER, score=0.98, check=is_nhs_number),
    Rule(
        kind="national_id",
        pattern=re.compile(r"(?<![\d-])\d{3}-?\d{3}-?\d{4}(?![\d-])"),
        score=0.62,
        check=is_nhs_number,
    ),
    Rule(kind="national_id", pattern=_SSN, score=0.95),
    Rule(kind="national_id", pattern=_NINO, score=0.95),
    Rule(kind="national_id", pattern=_NIR, score=0.98, check=is_french_nir),
    Rule(kind="national_id", pattern=_DNI, score=0.95, check=_is_dni),
    Rule(kind="national_id", pattern=_FISCAL_CODE, score=0.95),
    Rule(kind="national_id", pattern=_AADHAAR, score=0.7),
    Rule(kind="national_id", pattern=_OTHER_CHINESE, score=0.75),
    Rule(kind="licence_number", pattern=_PASSPORT, score=0.75),
    Rule(kind="account_number", pattern=_IBAN, score=0.99, check=is_iban),
    Rule(kind="account_number", pattern=_CARD, score=0.92, check=_is_card),
    Rule(kind="account_number", pattern=_CARD_SHAPED, score=0.8),
    Rule(kind="vehicle", pattern=_VIN, score=0.97, check=is_vin),
    Rule(kind="vehicle", pattern=_CHINESE_PLATE, score=0.95),
    Rule(kind="insurance_number", pattern=_MBI, score=0.9),
    Rule(kind="fax", pattern=_FAX, score=0.99, hint=("fax", "传真")),
    Rule(kind="phone", pattern=_PHONE_SAID, score=0.94, check=_is_phone),
    Rule(kind="phone", pattern=_PHONE_LETTER, score=0.7, check=_is_phone),
    Rule(kind="phone", pattern=_PHONE_SHORT, score=0.8),
    Rule(kind="phone", pattern=_PHONE, score=0.8, check=_is_phone),
    Rule(kind="other_id", pattern=_UUID, score=0.9),
    Rule(kind="other_id", pattern=_LONG, score=0.55),
    Rule(kind="other_id", pattern=_CODED, score=0.5, check=_is_coded),
)
