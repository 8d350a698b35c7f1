# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of what a model finds new, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

FLAG_RATE, FLAG_EXCESS, FLAG_GAP, NOVELTY_AUROC = (
    "novelty_flag_rate",
    "novelty_flag_excess",
    "novelty_flag_gap",
    "novelty_auroc",
)
_VOVK = "Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Bates et al. 2023, Annals of Statistics 51(1)"
_HENDRYCKS = "Hendrycks & Gimpel 2017, ICLR (detecting out-of-distribution examples)"

# name, English title, Chinese title, English definition, Chinese definition, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, Direction, str], ...] = (
    (FLAG_RATE, "Share flagged as new", "被标记为陌生的比例",
     "The share of records that are flagged as unlike everything the model was trained on. On the split test these are false alarms.",
     "被标记为与全部训练数据不同的记录所占的比例。在测试集上即为误报。", "none", _VOVK),
    (FLAG_EXCESS, "False alarms beyond the share promised", "超出承诺比例的误报",
     "The share of test records flagged as new minus the share of false alarms that the calibration records promise.",
     "测试记录中被标记为陌生的比例减去由校准记录所承诺的误报比例。", "zero", _VOVK),
    (FLAG_GAP, "Difference in the share flagged as new", "被标记为陌生的比例之差",
     "The share of a group's records that are flagged as new minus that of everybody else.",
     "某组记录中被标记为陌生的比例减去其余记录的该比例。", "zero", _VOVK),
    (NOVELTY_AUROC, "Ranking of new above known", "陌生记录排在已知记录之前的能力",
     "The chance that a record made to be new (damaged, foreign or impossible) is found newer than a test record, a tie counting half.",
     "刻意制造的陌生记录（损坏的、外语的或不可能的）被判定得比测试记录更陌生的概率，相同计一半。", "higher", _HENDRYCKS),
)  # fmt: skip

for _name, _en, _zh, _definition_en, _definition_zh, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, "fraction", _direction, _reference)
