# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of causes, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

EFFECT, REFUTATION, FAILED = "causal_effect", "causal_refutation", "causal_tests_failed"
TOTAL, DIRECT, INDIRECT = "answer_total_effect", "answer_direct_effect", "answer_indirect_effect"
_PEARL = "Pearl 1995, Biometrika 82(4)"
_DOWHY = "Sharma & Kiciman 2020, arXiv:2011.04216, section 4"
_MEDIATION = "Robins & Greenland 1992, Epidemiology 3(2); Pearl 2001, UAI"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (EFFECT, "Effect of a cause on the outcome", "原因对结局的效应",
     "By how much the outcome (the probability of a class, or the number) would change if the cause were changed from its lower to its upper quartile, or from its commonest level to another; true only if the stated graph is, and adjusted for what it says confounds the two.",
     "若将原因由下四分位数改为上四分位数（或由最常见水平改为另一水平），结局（类别概率或数值）的变化；仅在所述因果图成立时有效，并已对图中的混杂因素进行调整。", "outcome", "none", _PEARL),
    (REFUTATION, "Attempt to refute an effect", "对效应的反驳检验",
     "The effect of a placebo in place of the cause; or by how much the effect changes when a random common cause is added, or a fifth of the patients left out. An effect stands if the placebo does nothing and nineteen in twenty of the others leave it inside its own interval.",
     "以安慰原因代替原因时的效应；或加入随机共同原因、去除五分之一患者时效应的变化。安慰原因无效应、且其余检验中 95% 的结果仍在效应自身区间内时，效应经受住检验。", "outcome", "zero", _DOWHY),
    (FAILED, "Refutation tests that an effect failed", "效应未通过的反驳检验数目",
     "How many of three attempts to refute an effect succeeded.", "三项反驳检验中效应未经受住的数目。", "tests", "lower", _DOWHY),
    (TOTAL, "Total effect of an attribute on the answer", "属性对答案的总效应",
     "By how much the model's probability (or number) differs between patients of one group and of the commonest, adjusted for what the stated graph says confounds the two.",
     "某一人群与最常见人群之间模型概率（或数值）的差异，并已按所述因果图调整混杂因素。", "answer", "none", _MEDIATION),
    (DIRECT, "Direct effect of an attribute on the answer", "属性对答案的直接效应",
     "By how much the model's probability (or number) changes when the commonest group's records say another group and nothing else.",
     "最常见人群的病历仅将其属性改为另一人群而其余不变时，模型概率（或数值）的变化。", "answer", "zero", _MEDIATION),
    (INDIRECT, "Effect of an attribute through the findings", "属性经由检查结果的效应",
     "The rest of the total effect: what comes through vitals and text, which differ between the groups.",
     "总效应的其余部分：经由各人群之间不同的体征与文本而产生。", "answer", "none", _MEDIATION),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
