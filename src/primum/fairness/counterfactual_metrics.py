# ruff: noqa: E501 - each definition is kept whole
"""The metrics of counterfactual swaps, registered."""

from __future__ import annotations

from primum.evidence.metrics import Metric, register_metric

KUSNER = "Kusner et al. 2017, NeurIPS (counterfactual fairness)"
GARG = "Garg et al. 2019, AIES (counterfactual token fairness)"
FLIP_RATE, SHIFT = "counterfactual_flip_rate", "counterfactual_shift"

register_metric(
    Metric(
        name=FLIP_RATE,
        title={"en": "Decisions that change with the attribute alone", "zh": "仅因属性改变而改变的决策比例"},
        definition={
            "en": "Of the patients whose record could be written as of another sex, age band or name, the share whose "
            "decision changes when it is; everything else in text and vitals stays.",
            "zh": "在可改写为另一性别、年龄段或姓名的患者中，改写后（文本与体征的其余内容不变）决策发生改变者所占的比例。",
        },
        unit="fraction",
        direction="lower",
        reference=f"{KUSNER}; {GARG}",
    )
)
register_metric(
    Metric(
        name=SHIFT,
        title={"en": "Shift of the prediction with the attribute alone", "zh": "仅因属性改变而产生的预测变化"},
        definition={
            "en": "The mean over patients of the prediction (the probability of the class, or the number) for the record "
            "as of another sex, age band or name, minus that for the record as it stands.",
            "zh": "对每位患者，将记录改写为另一性别、年龄段或姓名后的预测（类别概率或数值）减去原记录的预测，再取平均。",
        },
        unit="fraction, or the target's",
        direction="zero",
        reference=f"{KUSNER}; {GARG}",
    )
)
