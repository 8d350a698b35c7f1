# ruff: noqa: E501 - the table keeps each title and definition whole
"""The registry of metrics: what each figure is called, means, is measured in, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from primum.registry import Registry

Direction = Literal["higher", "lower", "zero", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a figure means."""

    name: str
    """The name that findings and policies use."""
    title: Mapping[str, str]
    """What people call it, by language ("en", "zh")."""
    definition: Mapping[str, str]
    """How it is defined, one sentence by language."""
    unit: str
    """fraction, nats, records, or the target's unit."""
    direction: Direction
    """Which way is better: higher, lower, nearer to zero, or none for a plain fact."""
    reference: str
    """The source of the definition."""


METRICS: Registry[Metric] = Registry("metric")
"""Every metric by name; other rooms register theirs here."""

_SOKOLOVA = "Sokolova & Lapalme 2009, Inf. Process. Manag. 45(4)"
_ALTMAN = "Altman & Bland 1994, BMJ 308:1552 and 309:102"
_HANLEY = "Hanley & McNeil 1982, Radiology 143(1)"
_HAND = "Hand & Till 2001, Machine Learning 45 (one-vs-rest form)"
_DAVIS = "Davis & Goadrich 2006, ICML"
_GOOD = "Good 1952, J. R. Stat. Soc. B 14(1)"
_BRIER = "Brier 1950, Monthly Weather Review 78(1)"
_COX = "Cox 1958, Biometrika 45; Van Calster et al. 2019, BMC Medicine 17:230"
_GUO = "Guo et al. 2017, ICML, section 2; Naeini et al. 2015, AAAI"
_DRAPER = "Draper & Smith 1998, Applied Regression Analysis"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("accuracy", "Accuracy", "准确率", "The share of records whose class was predicted rightly.",
     "类别预测正确的记录所占比例。", "fraction", "higher", _SOKOLOVA),
    ("subset_accuracy", "Subset accuracy", "子集准确率", "The share of records whose labels are all predicted rightly.",
     "全部标签均预测正确的记录所占比例。", "fraction", "higher", _SOKOLOVA),
    ("balanced_accuracy", "Balanced accuracy", "平衡准确率",
     "The mean of the sensitivities of the classes that occur, so that a rare class counts as much as a common one.",
     "各出现类别灵敏度的平均值，罕见类别与常见类别同等重要。", "fraction", "higher", "Brodersen et al. 2010, ICPR"),
    ("macro_f1", "Macro F1", "宏平均 F1", "The mean over the classes that occur of the harmonic mean of PPV and sensitivity.",
     "各出现类别阳性预测值与灵敏度调和平均数的平均值。", "fraction", "higher", _SOKOLOVA),
    ("micro_f1", "Micro F1", "微平均 F1", "The harmonic mean of PPV and sensitivity over all record-label pairs together.",
     "所有记录与标签组合合并计算的阳性预测值与灵敏度的调和平均数。", "fraction", "higher", _SOKOLOVA),
    ("f1", "F1", "F1", "The harmonic mean of PPV and sensitivity of one class against the rest.",
     "某一类别相对其余类别的阳性预测值与灵敏度的调和平均数。", "fraction", "higher", _SOKOLOVA),
    ("sensitivity", "Sensitivity", "灵敏度", "Of the records of the class, the share that was predicted as it.",
     "属于该类别的记录中被预测为该类别的比例。", "fraction", "higher", _ALTMAN),
    ("specificity", "Specificity", "特异度", "Of the records not of the class, the share that was not predicted as it.",
     "不属于该类别的记录中未被预测为该类别的比例。", "fraction", "higher", _ALTMAN),
    ("ppv", "Positive predictive value", "阳性预测值", "Of the records predicted as the class, the share that is of it.",
     "被预测为该类别的记录中确属该类别的比例。", "fraction", "higher", _ALTMAN),
    ("npv", "Negative predictive value", "阴性预测值",
     "Of the records not predicted as the class, the share that is not of it.",
     "未被预测为该类别的记录中确不属于该类别的比例。", "fraction", "higher", _ALTMAN),
    ("auroc", "AUROC", "受试者工作特征曲线下面积",
     "The chance that a record of the class scores above one that is not of it, a tie counting half; of two classes the "
     "second is meant, of more the mean over classes.",
     "属于该类别的记录得分高于不属于该类别记录的概率，得分相同计一半；二分类取第二类，多分类取各类平均。",
     "fraction", "higher", f"{_HANLEY}; {_HAND}"),
    ("auprc", "Average precision", "平均精度",
     "The PPV averaged over the records of the class, in the order of the score (area under the precision-recall curve); "
     "of two classes the second is meant, of more the mean over classes.",
     "按得分排序，对该类别记录的阳性预测值取平均（精确率-召回率曲线下面积）；二分类取第二类，多分类取各类平均。",
     "fraction", "higher", _DAVIS),
    ("log_loss", "Log loss", "对数损失",
     "The mean of minus the natural logarithm of the probability given to what was true; for labels the mean over labels.",
     "真实结果所获概率的负自然对数的平均值；多标签时再对标签取平均。", "nats", "lower", _GOOD),
    ("brier", "Brier score", "Brier 评分",
     "The mean squared difference between probability and outcome: of the second class for two classes (0 to 1), summed "
     "over classes for more (0 to 2), averaged over labels for labels.",
     "概率与结局之差的平方的平均值：二分类取第二类（0 至 1），多分类对类别求和（0 至 2），多标签对标签取平均。",
     "fraction", "lower", _BRIER),
    ("ece", "Expected calibration error", "期望校准误差",
     "The mean gap between probability and observed share over 15 bins of equal width: of the second class for two "
     "classes, of the most probable class for more, of all record-label pairs for labels.",
     "在 15 个等宽区间上概率与实际比例之差的加权平均：二分类取第二类，多分类取概率最高的类别，多标签取所有记录与标签组合。",
     "fraction", "lower", _GUO),
    ("calibration_slope", "Calibration slope", "校准斜率",
     "The slope of the outcome on the log odds of the probability; 1 is right, below 1 the probabilities are too extreme.",
     "结局对概率对数优势的回归斜率；1 为正确，小于 1 表示概率过于极端。", "none", "none", _COX),
    ("calibration_intercept", "Calibration in the large", "校准截距",
     "The intercept of the outcome on the log odds of the probability at slope 1; 0 is right, above 0 the probabilities are too low.",
     "斜率固定为 1 时结局对概率对数优势的回归截距；0 为正确，大于 0 表示概率偏低。", "log odds", "zero", _COX),
    ("class_count", "Number of records", "记录数", "How many records are of the class.",
     "属于该类别的记录数量。", "records", "none", "a count"),
    ("mae", "Mean absolute error", "平均绝对误差", "The mean absolute difference between prediction and truth.",
     "预测值与真实值之差绝对值的平均值。", "target", "lower", _DRAPER),
    ("rmse", "Root mean squared error", "均方根误差", "The square root of the mean squared difference.",
     "预测值与真实值之差平方平均值的平方根。", "target", "lower", _DRAPER),
    ("r2", "R²", "决定系数 R²", "The share of the target's variance that the prediction explains; 0 is predicting the mean.",
     "预测所解释的目标方差比例；0 相当于始终预测均值。", "fraction", "higher", _DRAPER),
)  # fmt: skip


def gain_name(metric: str) -> str:
    """Return the name of the paired gain of a metric, e.g. "auroc_gain"."""
    return f"{metric}_gain"


def _gain_of(metric: Metric) -> Metric:
    """Return the metric "how much better than what it is compared with": positive is better, whatever the metric."""
    order_en = "model minus baseline" if metric.direction == "higher" else "baseline minus model"
    order_zh = "模型减基线" if metric.direction == "higher" else "基线减模型"
    return Metric(
        name=gain_name(metric.name),
        title={"en": f"Gain in {metric.title['en']}", "zh": f"{metric.title['zh']}的增益"},
        definition={
            "en": f"{metric.title['en']}, {order_en}, on the same records; positive means that the model is better.",
            "zh": f"同一批记录上的{metric.title['zh']}，{order_zh}；正值表示模型更好。",
        },
        unit=metric.unit,
        direction="higher",
        reference=metric.reference,
    )


def register_metric(metric: Metric, *, with_gain: bool = False) -> None:
    """Add a metric, and its paired gain if asked, to the registry."""
    METRICS.register(metric.name)(metric)
    if with_gain:
        register_metric(_gain_of(metric))


def register_row(
    name: str,
    en: str,
    zh: str,
    definition_en: str,
    definition_zh: str,
    unit: str,
    direction: Direction,
    reference: str,
    *,
    with_gain: bool = False,
) -> None:
    """Add the metric that a row of a table describes: name, titles, definitions, unit, direction, source."""
    metric = Metric(
        name=name,
        title={"en": en, "zh": zh},
        definition={"en": definition_en, "zh": definition_zh},
        unit=unit,
        direction=direction,
        reference=reference,
    )
    register_metric(metric, with_gain=with_gain)


_PRETRAINING: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("pretraining_loss_gain", "What pretraining taught", "预训练所学",
     "The loss of telling a picture's changed copies from other pictures, before pretraining minus after it, on pictures "
     "that it learnt from.", "在预训练所用图片上，把一张图片的变化副本与其他图片区分开的损失：预训练前减去预训练后。",
     "nats", "higher", "Chen et al. 2020, ICML"),
    ("pretraining_rank", "Directions in which features differ", "特征差异的方向数",
     "In how many directions the features of pictures differ after pretraining; near 1 they have collapsed.",
     "预训练之后图片特征在多少个方向上有差异；接近 1 表示已坍缩。", "count", "higher", "Roy & Vetterli 2007, EUSIPCO"),
    ("pretraining_auroc_gain", "Gain in AUROC by pretraining", "预训练带来的 AUROC 增益",
     "AUROC of logistic regression on the network's features after pretraining minus that before it, on the same records.",
     "同一批记录上，以预训练后的特征做逻辑回归的 AUROC 减去以预训练前的特征所得的 AUROC。",
     "fraction", "higher", "Hanley & McNeil 1982, Radiology 143"),
    ("pretraining_mae_gain", "Gain in mean absolute error by pretraining", "预训练带来的平均绝对误差增益",
     "Mean absolute error of a linear model on the network's features before pretraining minus that after it.",
     "以预训练前的特征做线性模型的平均绝对误差减去以预训练后的特征所得的误差。",
     "target", "higher", "Willmott & Matsuura 2005, Clim. Res. 30"),
)  # fmt: skip


def _register_table() -> None:
    for row in _TABLE:
        register_row(*row, with_gain=row[6] in ("higher", "lower"))
    learnt = METRICS.get("log_loss")
    register_metric(
        Metric(
            name="learnt_log_loss_gain",
            title={"en": "What training taught", "zh": "训练所学"},
            definition={
                "en": "The loss on records not trained on, before training minus after it; positive means that it learnt.",
                "zh": "未参与训练的记录上训练前的损失减去训练后的损失；正值表示模型确有所学。",
            },
            unit=learnt.unit,
            direction="higher",
            reference=learnt.reference,
        )
    )
    register_metric(
        Metric(
            name="epsilon",
            title={"en": "Privacy loss epsilon", "zh": "隐私损失 ε"},
            definition={
                "en": "What differentially private training promises every patient of the split train: whatever anybody "
                "learns from the weights, its odds change by at most a factor e^epsilon, up to a chance of delta.",
                "zh": "差分隐私训练对训练集每位患者的承诺：从权重中得出的任何结论，其几率变化不超过 e^ε 倍，例外概率不超过 δ。",
            },
            unit="nats",
            direction="lower",
            reference="Dwork & Roth 2014, The Algorithmic Foundations of Differential Privacy, definition 2.4",
        )
    )
    for row in _PRETRAINING:
        register_row(*row)


_register_table()
