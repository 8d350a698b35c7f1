"""The kinds of identifier: the eighteen of HIPAA's Safe Harbor, with those of other countries among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from primum.registry import Registry

Action = Literal["mask", "surrogate", "shift", "generalise", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of identifier."""

    name: str
    """As it stands in spans, reports and masks."""
    direct: bool
    """Whether one alone can name a person."""
    title: Mapping[str, str]
    """What it is, in en and zh."""
    safe_harbor: str
    """The letter of 45 CFR 164.514(b)(2)(i) that lists it; empty where none does."""
    rank: int
    """Which of two equally long spans is kept: the lower."""
    otherwise: Action
    """What becomes of it where the plan is `surrogate`."""


KINDS: Registry[Kind] = Registry("identifier kind")
_ROWS: tuple[tuple[str, bool, str, str, str, Action], ...] = (
    ("email", True, "F", "e-mail address", "电子邮箱", "surrogate"),
    ("url", True, "N", "web address", "网址", "surrogate"),
    ("ip", True, "O", "network address", "网络地址", "surrogate"),
    (
        "national_id",
        True,
        "G",
        "number given by a state: social security, NHS, resident id, ...",
        "证件号码",
        "surrogate",
    ),
    ("record_number", True, "H", "medical record number", "病历号", "surrogate"),
    ("insurance_number", True, "I", "health plan number", "医保号", "surrogate"),
    ("account_number", True, "J", "account or card number", "账号", "surrogate"),
    ("licence_number", True, "K", "certificate, licence or passport number", "证照号", "surrogate"),
    ("vehicle", True, "L", "vehicle number or plate", "车牌或车架号", "surrogate"),
    ("device", True, "M", "device identifier or serial number", "设备编号", "surrogate"),
    ("biometric", True, "P", "biometric identifier", "生物特征标识", "surrogate"),
    ("photo", True, "Q", "photograph of a person, by its file", "照片文件", "surrogate"),
    ("fax", True, "E", "fax number", "传真", "surrogate"),
    ("phone", True, "D", "telephone number", "电话", "surrogate"),
    ("other_id", True, "R", "another unique number or code", "其他唯一编号", "surrogate"),
    ("date", False, "C", "date, except a year alone", "日期（单独的年份除外）", "shift"),
    ("age", False, "C", "age over 89", "89岁以上的年龄", "generalise"),
    ("address", True, "B", "street address", "详细地址", "generalise"),
    ("organisation", False, "", "hospital or other institution", "医疗机构", "mask"),
    ("place", False, "B", "place smaller than a state, with postcodes", "省级以下地名与邮编", "generalise"),
    ("name", True, "A", "name of a person", "姓名", "surrogate"),
)
for _rank, (_name, _direct, _letter, _en, _zh, _otherwise) in enumerate(_ROWS):
    KINDS.register(_name)(
        Kind(
            name=_name,
            direct=_direct,
            title={"en": _en, "zh": _zh},
            safe_harbor=_letter,
            rank=_rank,
            otherwise=_otherwise,
        )
    )
