# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of probabilities, conformal sets, abstention, net benefit and transport, registered."""

from __future__ import annotations

from primum.evidence.metrics import METRICS, Direction, Metric, register_metric, register_row

_MURPHY = "Murphy 1973, J. Appl. Meteorol. 12; Ferro & Fricker 2012, Q. J. R. Meteorol. Soc. 138"
_VOVK = "Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Vovk 2012, ACML (conditional validity)"
_LEI = "Lei et al. 2018, JASA 113(523)"
_GEIFMAN = "Geifman & El-Yaniv 2017, NeurIPS; El-Yaniv & Wiener 2010, JMLR 11"
_AURC = "Geifman, Uziel & El-Yaniv 2019, ICLR"
_LTT = "Angelopoulos et al. 2025, Annals of Applied Statistics 19(2) (Learn then Test)"
_VICKERS = "Vickers & Elkin 2006, Medical Decision Making 26(6); Vickers et al. 2008, BMC Med. Inform. Decis. Mak. 8:53"
_DEBRAY = "Debray et al. 2015, Journal of Clinical Epidemiology 68(3); Van Calster et al. 2023, BMC Medicine 21:70"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("brier_reliability", "Brier score: reliability", "Brier 评分：可靠性",
     "The mean squared gap between probability and observed share over 15 bins, less what chance adds; of the probabilities that the calibration error is about. 0 is right, and chance may carry it below.",
     "在 15 个区间上概率与实际比例之差平方的加权平均，减去随机性所致部分；所用概率与期望校准误差相同。0 为正确，随机性可使其略小于 0。", "fraction", "lower", _MURPHY),
    ("brier_resolution", "Brier score: resolution", "Brier 评分：分辨力",
     "How far the observed shares of the 15 bins lie from the overall share, squared; a model that always says the same has 0.",
     "15 个区间的实际比例与总体比例之差的平方的加权平均；始终给出同一概率的模型为 0。", "fraction", "higher", _MURPHY),
    ("brier_uncertainty", "Brier score: uncertainty", "Brier 评分：不确定性",
     "The variance of the outcome itself, whatever the model.", "结局本身的方差，与模型无关。", "fraction", "none", _MURPHY),
    ("conformal_coverage", "Coverage of the conformal sets", "共形集合的覆盖率",
     "The share of records whose truth lies in the set (of classes or labels) or the interval (of numbers) that is given with the answer.",
     "真实结果落在随答案给出的集合（类别或标签）或区间（数值）内的记录所占比例。", "fraction", "higher", _VOVK),
    ("conformal_coverage_gap", "Coverage beyond the target", "覆盖率与目标之差",
     "The coverage of the conformal sets or intervals minus the coverage that was promised; below 0 they hold the truth too seldom.",
     "共形集合或区间的覆盖率减去所承诺的覆盖率；小于 0 表示包含真实结果的频率不足。", "fraction", "zero", _VOVK),
    ("conformal_set_size", "Mean size of the conformal sets", "共形集合的平均大小",
     "How many classes the set holds on average; the nearer to 1, the more the answer says.",
     "集合平均包含的类别数；越接近 1，答案的信息量越大。", "classes", "lower", _VOVK),
    ("conformal_empty_rate", "Share of empty conformal sets", "空共形集合比例",
     "The share of records that are like no class at the promised coverage, so that the set is empty.",
     "在所承诺的覆盖率下与任何类别都不相似、因而集合为空的记录所占比例。", "fraction", "none", _VOVK),
    ("conformal_width", "Mean width of the conformal intervals", "共形区间的平均宽度",
     "The mean distance between the ends of the intervals that are given with a number.",
     "随数值给出的区间两端之间的平均距离。", "target", "lower", _LEI),
    ("aurc", "Area under the risk-coverage curve", "风险-覆盖曲线下面积",
     "The error among the answered records, averaged over every share answered, the surest first.",
     "按把握由大到小回答，在各回答比例上所回答记录的错误率的平均值。", "fraction", "lower", _AURC),
    ("e_aurc", "Excess area under the risk-coverage curve", "超额风险-覆盖曲线下面积",
     "The area under the risk-coverage curve minus that of a model that errs as often but is least sure exactly where it errs.",
     "风险-覆盖曲线下面积减去错误同样多、但恰在出错处最无把握的模型的面积。", "fraction", "lower", _AURC),
    ("answered_share", "Share answered", "回答比例",
     "The share of records that the model answers; on the others it abstains. 0 where no threshold keeps the risk that was asked for.",
     "模型作答的记录所占比例，其余记录模型弃答。若没有阈值能保证所要求的风险，则为 0。", "fraction", "higher", _GEIFMAN),
    ("answered_error", "Error among the answered", "已回答记录的错误率",
     "Of the patients whose records are answered, the share with a wrong answer.",
     "在得到回答的患者中，回答有误者所占比例。", "fraction", "lower", _LTT),
    ("answered_error_excess", "Error among the answered beyond the target", "已回答记录的错误率与目标之差",
     "The error among the answered minus the error that was allowed; above 0 the promise is not kept.",
     "已回答记录的错误率减去所允许的错误率；大于 0 表示未兑现承诺。", "fraction", "lower", _LTT),
    ("net_benefit", "Net benefit", "净获益",
     "True positives less false positives weighted by the odds of the threshold probability, as a share of all records; classes are decided by that threshold.",
     "真阳性数减去按阈值概率之比值加权的假阳性数，占全部记录的比例；按该阈值作出判断。", "fraction", "higher", _VICKERS),
    ("net_benefit_advantage", "Net benefit beyond treating all or none", "相对于全治或全不治的净获益",
     "The net benefit of the model minus that of the better of treating everybody and treating nobody; above 0 its use does good at this threshold.",
     "模型的净获益减去“全部治疗”与“全不治疗”中较优者的净获益；大于 0 表示在该阈值下使用模型有益。", "fraction", "higher", _VICKERS),
)  # fmt: skip

TRANSPORTED = (
    "auroc",
    "balanced_accuracy",
    "macro_f1",
    "ece",
    "log_loss",
    "calibration_slope",
    "calibration_intercept",
    "mae",
    "r2",
)
"""Metrics that are compared between an external set and the split test."""


def transport_name(metric: str) -> str:
    """Return the name of a metric's change elsewhere, e.g. "auroc_transport"."""
    return f"{metric}_transport"


def _register() -> None:
    for row in _TABLE:
        register_row(*row)
    for of in TRANSPORTED:
        metric = METRICS.get(of)
        register_metric(
            Metric(
                name=transport_name(of),
                title={"en": f"Change elsewhere: {metric.title['en']}", "zh": f"异地变化：{metric.title['zh']}"},
                definition={
                    "en": f"{metric.title['en']} on records of elsewhere or of another time minus that on the split test.",
                    "zh": f"外部（其他医院或时段）记录上的{metric.title['zh']}减去测试集上的{metric.title['zh']}。",
                },
                unit=metric.unit,
                direction=metric.direction if metric.direction in ("higher", "lower") else "zero",
                reference=_DEBRAY,
            )
        )


_register()
