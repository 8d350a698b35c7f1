# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of clinical rules at answer time, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_KAHN = "Kahn et al. 2016, eGEMs 4(1) (plausibility by rules of medicine)"
_SUTTON = "Sutton et al. 2020, npj Digital Medicine 3:17 (clinical decision support: benefits and risks)"
_ANCKER = "Ancker et al. 2017, BMC Med. Inform. Decis. Mak. 17:36 (alert fatigue)"

# name, English title, Chinese title, English definition, Chinese definition, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, Direction, str], ...] = (
    ("rule_speaks", "Patients a clinical rule speaks of", "临床规则提示的患者占比",
     "Of the patients of whom a rule can be asked, the share of whom it speaks.", "在可适用某条规则的患者中，该规则作出提示者的比例。", "none", _SUTTON),
    ("answers_contradicted", "Answers that contradict the record", "与记录矛盾的答案占比",
     "The share of patients with an answer that a clinical rule says cannot be theirs: sex, age, allergy, pregnancy.",
     "按临床规则（性别、年龄、过敏、妊娠等）答案不可能成立的患者占比。", "lower", _KAHN),
    ("records_impossible", "Records that cannot be", "不可能成立的记录占比",
     "The share of patients with a record whose values cannot be together.", "记录中的数值不可能同时成立的患者占比。", "lower", _KAHN),
    ("records_escalated", "Patients with a red flag", "有危险信号的患者占比",
     "The share of patients with a record that a person must look at, whatever the model says.", "无论模型如何回答都必须由人查看记录的患者占比。", "none", _ANCKER),
    ("red_flags_benign", "Red flags that are answered as benign", "危险信号被回答为良性的占比",
     "Of the patients with a red flag, the share that is answered with a class that the study calls benign.",
     "有危险信号的患者中，答案为研究所定良性类别的比例。", "lower", _SUTTON),
)  # fmt: skip

for _name, _en, _zh, _definition_en, _definition_zh, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, "fraction", _direction, _reference)
