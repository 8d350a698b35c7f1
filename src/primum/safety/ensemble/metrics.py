# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of disagreement, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

RATE, SPREAD, AUROC, BEYOND = (
    "disagreement_rate",
    "disagreement_spread",
    "disagreement_auroc",
    "disagreement_beyond_confidence",
)
_LAKSHMINARAYANAN = "Lakshminarayanan et al. 2017, NeurIPS (deep ensembles); Gal & Ghahramani 2016, ICML (dropout)"
_HOULSBY = "Houlsby et al. 2011, arXiv 1112.5745; Depeweg et al. 2018, ICML"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (RATE, "Members that decide otherwise", "作出不同决定的成员",
     "The mean share of an ensemble's members that decide otherwise than the model about the same record.",
     "对同一记录作出与模型不同决定的集成成员的平均比例。", "fraction", "lower", _LAKSHMINARAYANAN),
    (SPREAD, "Spread of the members' numbers", "成员数值的离散程度",
     "The mean standard deviation of what an ensemble's members say of the same record.",
     "集成成员对同一记录所给数值的标准差的平均值。", "target unit", "lower", _LAKSHMINARAYANAN),
    (AUROC, "Disagreement ranks wrong above right", "分歧将错误排在正确之前的能力",
     "The chance that the members disagree more about a record that is answered wrongly than about one that is answered rightly, a tie counting half.",
     "成员对答错记录的分歧大于对答对记录的分歧的概率，相同计一半。", "fraction", "higher", _HOULSBY),
    (BEYOND, "Disagreement beyond confidence", "分歧相对于置信度的增益",
     "How much better disagreement ranks wrong above right than the model's own confidence does; below 0 it ranks worse.",
     "以分歧将错误排在正确之前的能力减去以模型自身置信度排序的能力；小于 0 表示更差。", "fraction", "higher", _HOULSBY),
)  # fmt: skip

for _name, _en, _zh, _definition_en, _definition_zh, _unit, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, _unit, _direction, _reference)
