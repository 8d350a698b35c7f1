"""Proposing roles for the columns of a table nobody has described yet, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from primum.cohort.columns import Coded, Interner, is_missing, number
from primum.cohort.readers import open_table
from primum.cohort.readers.headers import IMAGE_SUFFIXES, TAGS
from primum.cohort.vitals import NUMBER_SHARE
from primum.errors import CohortError

Role = Literal[
    "id", "patient", "text", "vitals", "image", "target", "sensitive", "site", "time", "consent", "split", "ignore"
]

_LOOKED_AT = 5_000
_IMAGE_ENDS = (*sorted(IMAGE_SUFFIXES), ".nii.gz")
_LONG_TEXT = 30
_MOST_CLASSES = 50
_NAMES: tuple[tuple[Role, str], ...] = (
    (
        "patient",
        r"patient(_?(id|no|number|nr))?|pid|subject(_?id)?|mrn|患者(编号|号|id)?|病人(编号|号|id)?|住院号|病历号",
    ),
    ("id", r"(record|row|note|case|visit|encounter|hadm)?_?id|[a-z]+_id|index|编号|序号|记录号|就诊号"),
    ("image", r"(image|img|film|scan|picture)(_?(path|file(_?name)?))?|影像(路径|文件)?|图像(路径|文件)?"),
    ("consent", r".*consent.*|知情同意.*|同意.*"),
    ("split", r"split|fold|subset|partition|划分|数据集划分"),
    ("sensitive", r"sex|gender|race|ethnicity|religion|insurance|language|marital.*|性别|民族|种族|婚姻.*|医保.*"),
    ("site", r"site|hosp(ital)?(_?(id|name))?|cent(er|re)|clinic|institution|dataset|医院|机构|中心|院区"),
    ("time", r".*(date|time|timestamp)|year|visited|admitted|.*日期|.*时间|年份"),
    (
        "target",
        r"target|label|labels|class|diagnosis|dx|outcome|disease|num|y|department|condition|诊断|标签|疾病|结局|科室|病种",
    ),
    (
        "text",
        r".*(note|text|report|complaint|history|summary|description|question).*|主诉|现病史|病史|病历|.*描述|问题",
    ),
)
_AGE = re.compile(r"age|age_?(years|yrs)|年龄|岁数", re.IGNORECASE)
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]|$)|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}\b")
_HEADERS: dict[str, Role] = {
    "PatientID": "patient", "PatientSex": "sensitive", "PatientAge": "sensitive", "ViewPosition": "sensitive",
    "Manufacturer": "sensitive", "InstitutionName": "site", "StudyDate": "time",
}  # fmt: skip
"""Parts of DICOM headers. None is an input: what a device or a view gives away is a short cut."""
_REASONS = {
    "en": {
        "image": "its values name image files",
        "header": "a DICOM header says it",
        "name": "its name says so",
        "unique": "its values are all different",
        "age": "ages can be served unequally; bands of age are proposed",
        "long": "its values are long texts",
        "number": "its values are numbers",
        "few": "it has {n} different values",
        "last": "it is the last column with few different values, and no name gives the target away",
        "dates": "its values are dates",
        "names": "it has {n} different short values, too many for a category",
        "empty": "it is empty",
    },
    "zh": {
        "image": "取值为影像文件名",
        "header": "来自 DICOM 文件头",
        "name": "列名如此表明",
        "unique": "各行取值互不相同",
        "age": "不同年龄的患者可能受到不同对待，建议按年龄段分组",
        "long": "取值为较长的文本",
        "number": "取值为数字",
        "few": "共有 {n} 种取值",
        "last": "它是最后一个取值较少的列，且没有列名指明目标",
        "dates": "取值为日期",
        "names": "有 {n} 种较短的取值，作为类别过多",
        "empty": "该列为空",
    },
}


class Proposal(NamedTuple):
    """One column's proposed part; a column may have two, such as age as a vital and as a sensitive attribute."""

    column: str
    role: Role
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    column: str
    n: int
    n_distinct: int
    n_present: int
    numeric: bool
    dates: bool
    images: bool
    length: float


def propose_roles(source: Any, *, lang: str = "en") -> list[Proposal]:
    """Return a proposed role for every column with the reason, from names and the first 5,000 records.

    Args:
        source: a path, or a table in memory.
        lang: language of the reasons, en or zh.
    Raises:
        CohortError: the source cannot be read or holds no record.
    """
    reasons = _REASONS["zh" if lang.startswith("zh") else "en"]
    looks = _looks(source)
    roles = {look.column: _by_name(look) for look in looks}
    _keep_first(roles, ("id", "patient", "site", "time", "consent", "split", "target"))
    proposals = [p for look in looks for p in _proposals(look, roles[look.column], reasons)]
    if not any(p.role == "target" for p in proposals):
        _propose_last(proposals, looks, reasons)
    return proposals


def _proposals(look: _Look, named: Role | None, reasons: dict[str, str]) -> list[Proposal]:
    def say(role: Role, why: str) -> Proposal:
        return Proposal(look.column, role, reasons[why].format(n=look.n_distinct))

    if look.n_present == 0:
        return [say("ignore", "empty")]
    if look.images or named == "image":
        return [say("image", "image" if look.images else "name")]
    if look.column in TAGS:
        return [_of_header(look, say)]
    if _AGE.fullmatch(look.column) and look.numeric:
        return [say("vitals", "number"), say("sensitive", "age")]
    if named == "sensitive":
        return [say("vitals", "few"), say("sensitive", "name")]
    if named is not None:
        return [say(named, "name")]
    if not look.numeric and look.length >= _LONG_TEXT:
        return [say("text", "long")]
    if look.dates:
        return [say("ignore", "dates")]
    if look.numeric:
        return [say("vitals", "number")]
    if look.n_distinct == look.n and look.n > 1:
        return [say("ignore", "unique")]
    return [say("vitals", "few") if look.n_distinct <= _MOST_CLASSES else say("ignore", "names")]


def _of_header(look: _Look, say: Callable[[Role, str], Proposal]) -> Proposal:
    role = _HEADERS.get(look.column, "ignore")
    varies = look.n_distinct > 1 or role not in ("sensitive", "site")
    return say(role if varies else "ignore", "header")


def _by_name(look: _Look) -> Role | None:
    for role, pattern in _NAMES:
        if re.fullmatch(pattern, look.column.strip(), re.IGNORECASE) and _fits(role, look):
            return role
    return None


def _fits(role: Role, look: _Look) -> bool:
    if role == "id":
        return look.n_distinct == look.n
    if role in ("site", "split", "consent", "sensitive", "target"):
        return 1 < look.n_distinct <= _MOST_CLASSES or (role == "target" and look.numeric)
    return role != "text" or not look.numeric


def _keep_first(roles: dict[str, Role | None], single: tuple[Role, ...]) -> None:
    for role in single:
        for column in [column for column, found in roles.items() if found == role][1:]:
            roles[column] = None


def _propose_last(proposals: list[Proposal], looks: list[_Look], reasons: dict[str, str]) -> None:
    few = {look.column for look in looks if 1 < look.n_distinct <= _MOST_CLASSES}
    for place in range(len(proposals) - 1, -1, -1):
        found = proposals[place]
        if found.role == "vitals" and found.column in few and sum(p.column == found.column for p in proposals) == 1:
            proposals[place] = Proposal(found.column, "target", reasons["last"])
            return


def _looks(source: Any) -> list[_Look]:
    table = open_table(source)
    interners = {name: Interner() for name in table.columns}
    n = 0
    for batch in table.batches(table.columns):
        for name, interner in interners.items():
            interner.add(batch.column(name)[: _LOOKED_AT - n])
        n += min(batch.num_rows, _LOOKED_AT - n)
        if n >= _LOOKED_AT:
            break
    if n == 0:
        raise CohortError(f"{table.name}: holds a header but no record.")
    return [_look(name, interner.finish(), n) for name, interner in interners.items()]


def _look(name: str, cells: Coded, n: int) -> _Look:
    present = [value for value in cells.values if not is_missing(value)]
    numeric = sum(not np.isnan(number(value)) for value in present)
    lengths = [len(value) for value in present]
    return _Look(
        column=name,
        n=n,
        n_distinct=len(present),
        n_present=int(cells.where(lambda value: not is_missing(value)).sum()),
        numeric=bool(present) and numeric >= NUMBER_SHARE * len(present),
        images=bool(present) and all(value.lower().endswith(_IMAGE_ENDS) for value in present),
        dates=bool(present) and all(_DATE.match(value) for value in present),
        length=float(np.median(lengths)) if lengths else 0.0,
    )
