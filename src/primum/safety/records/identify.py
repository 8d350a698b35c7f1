# ruff: noqa: E501 - each pattern stays whole
"""What in a text tells who the patient is, by patterns that seldom err: a light look, not de-identification."""

from __future__ import annotations

import re

from primum.cohort.identifiers import EMAIL, NHS_NUMBER, RESIDENT_ID, is_nhs_number, is_resident_id

IDENTIFIERS = ("email", "phone", "record_number", "national_id", "birth_date", "address", "name")
_ANYTHING = re.compile(r"[0-9]{2}|@|[A-Z][a-z]|姓名|患者[：:]|住址")
_PHONE = re.compile(
    r"(?<![\d.+/-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,3}"
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}[-.]\d{3}[-.]\d{4}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-\d{7,8})(?![\d/-])"
)
_PHONE_SAID = re.compile(
    r"(?:\b(?:tel|phone|telephone|mobile|cell|call(?:ed)? (?:at|on))\b\.?|电话|手机|联系方式)(?: (?:no|number|is))*[.:：# ]{0,3}"
    r"(?:\+?\d[\d ()-]{6,}\d)",
    re.I,
)
_RECORD = re.compile(
    r"(?:\b(?:MRN|medical record(?: (?:no|number|#))?|hospital (?:no|number)|patient (?:id|no|number)|chart (?:no|number)"
    r"|NHS (?:no|number)|account (?:no|number)|member id|case (?:no|number))\b|病历号|住院号|门诊号|就诊号|病案号|登记号|医保号)"
    r"[\s.:：#=]{0,4}(?:is |no\.? )?(?:[A-Z]{0,4}[- ]?)\d[\d-]{3,}",
    re.I,
)
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}(?:st|nd|rd|th)? ?[A-Za-z]{3,9},? ?\d{2,4}"
    r"|[A-Za-z]{3,9} \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日)"
)
_BIRTH = re.compile(
    rf"(?:\b(?:DOB|D\.O\.B\.?|date of birth|born(?: on)?|birth ?date|birthday)\b|出生日期|出生年月|生于|生日)"
    rf"[\s:：=(-]{{0,4}}(?:is |was |on )?{_DATE}",
    re.I,
)
_ADDRESS = re.compile(
    r"(?<![\w/])\d{1,5} (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}(?:Street|St\.|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Drive)(?!\w)"
    r"|(?:住址|家庭住址|家庭地址|现住址)[：:]\s*(?!\[)\S{4,}|[\u4e00-\u9fff]{2,}(?:路|街|巷)\d{1,5}号"
)
_NAME = re.compile(
    r"\b(?:[Pp]atient(?:'s)? [Nn]ame|[Nn]ame|NAME|PATIENT NAME)\s?[:=：]\s?[A-Z][A-Za-z'-]+,? [A-Z][A-Za-z'-]+"
    r"|\b[Mm]y name is [A-Z][a-z]+ [A-Z][a-z]+"
    r"|\b(?:Mr|Mrs|Ms)\.? [A-Z][a-z]{2,} [A-Z][a-z]{2,}"
    r"|(?:患者姓名|病人姓名|姓名)[：:]\s*[\u4e00-\u9fff]{2,4}"
)
_NOTHING = (False,) * len(IDENTIFIERS)


def identifiers_in(text: str) -> tuple[bool, ...]:
    """Return which of IDENTIFIERS a text holds."""
    if not _ANYTHING.search(text):
        return _NOTHING
    return (
        "@" in text and bool(EMAIL.search(text)),
        bool(_PHONE.search(text)) or bool(_PHONE_SAID.search(text)),
        bool(_RECORD.search(text)),
        bool(_SSN.search(text))
        or any(is_resident_id(match[0]) for match in RESIDENT_ID.finditer(text))
        or any(is_nhs_number(match[0]) for match in NHS_NUMBER.finditer(text)),
        bool(_BIRTH.search(text)),
        bool(_ADDRESS.search(text)),
        bool(_NAME.search(text)),
    )
