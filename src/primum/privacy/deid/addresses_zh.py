# ruff: noqa: E501 - each pattern stays whole
"""Rules for Chinese institutions, towns and addresses by how they are written, whether or not a list knows them."""

from __future__ import annotations

import re
from collections.abc import Callable

from primum.privacy.deid.lists import vocabulary
from primum.privacy.deid.rule import Rule

_Z = r"[\u3400-\u9fff]"
_BEGINS = r"(?:(?<![\u3400-\u9fff])|(?<=[在于到往由进入去自赴从至是住回某系为及和与]))"
_HOSPITAL = re.compile(
    rf"{_BEGINS}(?![在于到往由进入去自赴从至是住回为及和与我本该贵])(?P<it>(?:中国人民解放军|解放军|武警|中国|{_Z}{{1,7}}?(?:省|市|县|区|镇|乡|州|旗|街道|大学|军区|医科大学|医学院)){_Z}{{0,14}}?(?:医院|卫生院|卫生室|保健院|卫生服务中心|卫生服务站|诊所|疗养院|医学中心)(?:[东西南北]院区?|分院)?)"
)
_INSTITUTION = re.compile(
    rf"{_BEGINS}(?P<it>(?![在于到往由进入去自赴从至是住回为及和与我你他她本该贵某上读念一这那每各])(?:(?![上读念在去到的是了们个后前时给让就])(?:{_Z})){{2,12}}?(?:有限责任公司|有限公司|股份公司|集团|公司|工厂|[织械料品药材钢机具革器刷电化]厂|大学|学院|中学|小学|幼儿园|学校|福利院|养老院|敬老院|护理院|派出所|村委会|居委会|支行|分行|监狱|看守所|民政局|救助站))"
)
_TOWN = re.compile(
    rf"(?:(?<![\u3400-\u9fff])|(?<=[从自回到去赴由在往至于])|(?<=来自)|(?<=老家)|(?<=籍贯)|(?<=返回)|(?<=驻))(?P<it>(?![在于到往由进入去自赴从至是住回为及和与我你他她本该某全各每一两二三城夜超门早上集])(?:(?![的了个们在是有和去回])(?:{_Z})){{1,3}}(?:市(?![场民面区售])|县(?![城里区级])|自治州|州(?=[人籍，。、；\s]|$)|盟(?=[人籍，。])|镇(?![痛静定咳])|乡(?=[人，。]))(?:{_Z}{{2,3}}(?:镇|乡|村|街道|区))?)"
)
_TAIWAN = re.compile(
    rf"(?:(?:\d{{3,6}} ?|(?<=[住址居于在:： ]))(?:{_Z}{{1,3}}[市县])?|{_Z}{{1,3}}[市县])(?:{_Z}{{1,3}}[区乡镇市])?{_Z}{{1,8}}(?:路|街|巷|大道|道)(?:[一二三四五六七八九十\d]{{1,2}}段)?(?:\d{{1,4}}巷)?(?:\d{{1,4}}弄)?\d{{1,4}}号(?:之\d{{1,3}})?(?:\d{{1,3}}楼)?(?:之\d{{1,3}})?(?:[A-Z]?\d{{0,4}}室)?"
)
_BUILDING = re.compile(
    rf"(?:{_Z}{{2,4}}(?:省|自治区))?(?:{_Z}{{2,6}}?(?:市|自治州|地区|盟))?(?:{_Z}{{1,5}}?(?:区|县|旗|市|镇|乡|街道)){{1,3}}{_Z}{{2,10}}?\d{{1,4}}(?:幢|栋|号楼|座|组|号|弄|单元|队|社)(?:[\d-]{{0,6}}(?:号楼|单元|室|幢|栋|号|层|户|房)?){{0,4}}"
)
_PLAIN = (
    "当地", "我院", "外院", "上级", "正规", "本院", "该院", "专科", "大医院", "综合", "他院", "省级", "市级", "县级", "基层", "公立", "私立", "附近", "就近", "各", "大型", "较大", "专业",
    "其他", "其它", "一家", "这家", "哪家", "家医院", "地市", "省市", "县区", "城市", "超市", "社区", "医科", "名牌", "自己", "保险", "制药", "我们", "他们", "幼儿园", "重点", "普通", "老年", "任何", "什么",
)  # fmt: skip


def _is_own(found: str) -> bool:
    return not found.startswith(_PLAIN) and not any(one in found for one in ("哪家", "这家", "好的", "什么", "怎么"))


def _is_town(found: str) -> bool:
    return _is_own(found) and found not in vocabulary("provinces_zh") and found[:2] not in vocabulary("no_towns_zh")


_ROWS: tuple[tuple[str, re.Pattern[str], float, tuple[str, ...], Callable[[str], bool]], ...] = (
    ("organisation", _HOSPITAL, 0.88, ("院", "卫生", "诊所", "医学中心"), _is_own),
    (
        "organisation",
        _INSTITUTION,
        0.78,
        ("公司", "厂", "学", "园", "院", "集团", "派出所", "委会", "行", "监狱", "看守所", "民政局", "救助站"),
        _is_own,
    ),
    ("place", _TOWN, 0.66, ("市", "县", "州", "盟", "镇", "乡"), _is_town),
    ("address", _TAIWAN, 0.87, ("号",), _is_own),
    ("address", _BUILDING, 0.85, ("号", "幢", "栋", "座", "组", "弄", "单元", "队", "社"), _is_own),
)
ADDRESSES_ZH: tuple[Rule, ...] = tuple(
    Rule(
        kind=kind,
        pattern=pattern,
        score=score,
        needs="digit" if kind == "address" else "nothing",
        hint=hint,
        check=check,
    )
    for kind, pattern, score, hint, check in _ROWS
)
