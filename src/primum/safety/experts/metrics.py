# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of several annotators' agreement, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_KRIPPENDORFF = (
    "Krippendorff 2011, Computing Krippendorff's Alpha-Reliability; Krippendorff 2004, Human Commun. Res. 30(3)"
)
_FLEISS = "Fleiss 1971, Psychological Bulletin 76(5)"
_DAWID = "Dawid & Skene 1979, J. R. Stat. Soc. C 28(1)"
_SPREAD = "Gulshan et al. 2016, JAMA 316(22) (a model beside a panel of readers)"

# name, English title, Chinese title, English definition, Chinese definition, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, Direction, str], ...] = (
    ("annotator_alpha", "Agreement of annotators beyond chance (Krippendorff's alpha)", "标注者一致性（Krippendorff α）",
     "One minus the disagreement of annotators over that of chance; 1 is full agreement, 0 is chance; of a class: it against the rest.",
     "1 减去标注者不一致与随机不一致之比；1 为完全一致，0 为随机；某类别：该类相对其余。", "higher", _KRIPPENDORFF),
    ("annotator_kappa", "Agreement of annotators beyond chance (Fleiss' kappa)", "标注者一致性（Fleiss κ）",
     "How much of the agreement that chance leaves open annotators reach, on records that all of them labelled.",
     "在所有标注者均标注的记录上，超出随机部分的一致程度。", "higher", _FLEISS),
    ("consensus_uncertain", "Records without a clear consensus", "共识不明确的记录占比",
     "The share of patients with a record on which the annotators together leave a class less than 80 % probable.",
     "标注者综合意见使任何类别的概率均低于 80% 的患者占比。", "lower", _DAWID),
    ("target_against_consensus", "Targets against the annotators' consensus", "与标注者共识相悖的目标占比",
     "The share of patients with a record whose target is another class than a clear consensus of its annotators.",
     "目标类别与标注者明确共识不同的患者占比。", "lower", _DAWID),
    ("expert_gap", "Shortfall from the experts' own agreement", "相对专家间一致率的差距",
     "How often annotators agree with each other, minus how often the model agrees with them, on the same records; 0 or less: within their spread.",
     "同一批记录上标注者彼此一致率减去模型与标注者一致率；小于等于 0 表示处于专家差异之内。", "lower", _SPREAD),
)  # fmt: skip

for _name, _en, _zh, _definition_en, _definition_zh, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, "fraction", _direction, _reference)
