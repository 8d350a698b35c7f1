# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of the model as a whole, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

PERMUTED = "permutation_importance"
ALE, DEPENDENCE = "accumulated_local_effect", "partial_dependence"
H, INPUTS = "vital_interaction", "input_interaction"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (PERMUTED, "What the model loses without an input", "缺少某输入时模型的损失",
     "By how much the loss (minus log probability of what is true; of a number the squared error) rises when an input is another record's, mean over records; vitals that go together (association of 0.5 or more) are also exchanged as a group.",
     "将某输入换成另一记录的值时损失（真实结果概率的负对数；数值为平方误差）的上升，对记录取平均；相互关联（关联度不低于 0.5）的体征还会成组交换。",
     "loss", "none", "Breiman 2001, Machine Learning 45(1); Fisher, Rudin & Dominici 2019, JMLR 20(177)"),
    (ALE, "Accumulated local effect of a vital", "体征的累积局部效应",
     "By how much the probability (or the number) changes from the lowest to the highest tenth of a vital, adding up what small moves within each tenth change for the records that lie there.",
     "体征由最低十分位到最高十分位时概率（或数值）的变化，由各十分位内的记录小幅移动所致变化累加而得。", "answer", "none",
     "Apley & Zhu 2020, J. R. Stat. Soc. B 82(4)"),
    (DEPENDENCE, "Partial dependence on a vital", "对体征的偏依赖",
     "By how much the mean probability (or number) changes when every record is given the highest edge of a vital in place of the lowest; for a category, the level with the highest mean in place of that with the lowest.",
     "将所有记录的某体征由最低边界改为最高边界时平均概率（或数值）的变化；分类体征则由平均值最低的水平改为最高的水平。", "answer", "none",
     "Friedman 2001, Annals of Statistics 29(5), section 8.2"),
    (H, "Interaction of two vitals (H)", "两项体征的交互作用（H）",
     "The share of the joint effect of two vitals on the log-odds (or the number) that is no sum of their own effects, as the root of a ratio of variances: 0, the effects add up; 1, nothing but interaction.",
     "两项体征对对数几率（或数值）的联合效应中不能由各自效应相加得到的部分，以方差比的平方根表示：0 表示效应可加，1 表示全为交互作用。", "fraction", "none",
     "Friedman & Popescu 2008, Annals of Applied Statistics 2(3), section 8.1"),
    (INPUTS, "Interaction of note and vitals", "病历文本与体征的交互作用",
     "What the note adds to the log-odds of the answer (or the number) when the vitals are there, minus what it adds when they are not, mean over patients: above 0 each matters more with the other, below 0 they say the same or contradict.",
     "有体征时文本对答案对数几率（或数值）的贡献减去无体征时的贡献，对患者取平均：大于 0 表示二者相互加强，小于 0 表示二者重复或相互抵触。", "score", "none",
     "Grabisch & Roubens 1999, Int. J. Game Theory 28(4)"),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
