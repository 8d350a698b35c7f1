# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of the records themselves, before any model, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_GEBRU = "Gebru et al. 2021, Communications of the ACM 64(12) (datasheets for datasets)"
_MITCHELL = "Mitchell et al. 2021, Annual Review of Statistics 8"
_RUBIN = "Rubin 1976, Biometrika 63; Fernando et al. 2021, Int. J. Intell. Syst. 36 (missing data and fairness)"

# name, English title, Chinese title, English definition, Chinese definition, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, Direction, str], ...] = (
    ("representation", "Share of patients", "患者占比",
     "The share of a group among the patients whose group is known.", "某组在组别已知的患者中所占的比例。", "none", _GEBRU),
    ("representation_gap", "Shortfall in share", "占比不足",
     "By what fraction of its stated share a group is too rare among the patients whose group is known: 0.2 says that a fifth of it is "
     "missing; below 0 there are more than stated.",
     "某组在组别已知的患者中的占比比所述人群占比低多少（以所述占比的比例表示）：0.2 表示少五分之一；小于 0 表示多于所述。", "zero", _GEBRU),
    ("base_rate", "Base rate", "基础率", "The share of a group's records that are of the class.",
     "某组记录中属于该类别的比例。", "none", _MITCHELL),
    ("base_rate_gap", "Difference in base rate", "基础率差异",
     "The base rate of a group minus that of whom it is compared with.", "某组的基础率减去对照的基础率。", "none", _MITCHELL),
    ("missing_rate", "Share missing", "缺失率", "The share of a group's records in which an input is missing.",
     "某组记录中某项输入缺失的比例。", "lower", _RUBIN),
    ("missing_rate_gap", "Difference in the share missing", "缺失率差异",
     "The share missing in a group minus that of whom it is compared with; positive means that the group is known less well.",
     "某组的缺失率减去对照的缺失率；正值表示对该组了解较少。", "lower", _RUBIN),
)  # fmt: skip

COHORT_METRICS = frozenset(row[0] for row in _TABLE)
"""Metrics that records alone answer: what `primum check` can judge."""


for _name, _en, _zh, _definition_en, _definition_zh, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, "fraction", _direction, _reference)
