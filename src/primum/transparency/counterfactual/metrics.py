# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of counterfactuals, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

COVERAGE, VALIDITY, DISTANCE = "counterfactual_coverage", "counterfactual_validity", "counterfactual_distance"
PLAUSIBLE, BREACHES, NAMED = "counterfactual_plausibility", "counterfactual_breaches", "counterfactual_names_vital"
_WACHTER = "Wachter, Mittelstadt & Russell 2018, Harv. J. Law Technol. 31(2)"
_GUIDOTTI = "Guidotti 2022, Data Min. Knowl. Discov., section 4 (evaluation measures)"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (COVERAGE, "Answers for which a small change was found", "找到可改变答案的小改动的比例",
     "The share of patients for whom a change of at most three vitals, or of three places of the note, was found after which the model answers otherwise.",
     "可通过至多三项体征或病历中至多三处改动使模型给出不同答案的患者比例。", "fraction", "none", _WACHTER),
    (VALIDITY, "Found changes that really change the answer", "所找改动确能改变答案的比例",
     "The share of patients all of whose found changes change the answer again when the model is asked anew, each changed record by itself.",
     "将改动后的记录逐条重新询问模型后，其全部所找改动仍能改变答案的患者比例。", "fraction", "higher", _GUIDOTTI),
    (DISTANCE, "How far the nearest change lies", "最近改动的距离",
     "Number of changes in the nearest one found, plus their size (standard deviations of vitals, 1 for another level, share of the note), mean over the patients for whom one was found.",
     "所找到的最近改动中改动的个数加上其大小（体征以标准差计，类别改变计 1，病历以所占份额计），对找到改动的患者取平均。", "changes", "none", _WACHTER),
    (PLAUSIBLE, "Changed records that look like training records", "改动后仍与训练记录相似的比例",
     "The share of patients whose changed vitals all lie no further from their fifth nearest training record than 95 % of training records lie from theirs.",
     "改动后的体征与其第五近训练记录的距离均不超过 95% 训练记录相应距离的患者比例。", "fraction", "higher", _GUIDOTTI),
    (BREACHES, "Changes that break a promise", "违反约束的改动",
     "How many found changes touch what must not change (age, sex, sensitive attributes, what the study fixes), leave a range, go against a stated direction, or give a value between two steps or a level never seen.",
     "触及不可变项（年龄、性别、敏感属性及研究所固定者）、超出范围、违反规定方向、或取步长之间的值或未见类别的改动个数。", "changes", "lower", _GUIDOTTI),
    (NAMED, "Vitals that the nearest change names", "最近改动所涉及的体征",
     "Of the patients for whom a change of vitals was found, the share whose nearest one changes this vital; only vitals that it changes for five patients or more.",
     "在找到体征改动的患者中，其最近改动涉及该体征者的比例；仅列出涉及至少五名患者的体征。", "fraction", "none", _WACHTER),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
