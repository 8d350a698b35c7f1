# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of where a model fails, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

PLACES, EXCESS = "error_places", "error_excess"
_TREE = "Breiman et al. 1984, Classification and Regression Trees; Sidak 1967, JASA 62(318)"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (PLACES, "Places where errors gather", "错误聚集之处的数目",
     "In how many leaves of a shallow tree over vitals, groups, hospital, length of the text and what is missing the error is above that of all other records; the tree is grown on one half of the patients and tested on the other.",
     "以体征、人群、医院、文本长度与缺失项构成的浅层决策树中，错误高于其余记录的叶节点数目；树在一半患者上生成，在另一半上检验。", "places", "lower", _TREE),
    (EXCESS, "Excess of errors at a place", "某处的错误超出量",
     "The error at a place minus the error of all other records, on patients that the place was not found on: share of wrong decisions, or the mean size of the miss of a number.",
     "在未用于寻找该处的患者上，该处的错误减去其余记录的错误：错误决定的比例，或数值偏差的平均大小。", "error", "lower", _TREE),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
