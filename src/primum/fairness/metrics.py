# ruff: noqa: E501 - the tables keep each title and definition whole
"""The fairness metrics' entries in the registry: levels of a slice, gaps to its comparison, whole attributes."""

from __future__ import annotations

from primum.evidence.metrics import Direction, Metric, register_metric, register_row

_HARDT = "Hardt, Price & Srebro 2016, NeurIPS"
_DWORK = "Dwork et al. 2012, ITCS; Feldman et al. 2015, KDD"
_CHOULDECHOVA = "Chouldechova 2017, Big Data 5(2)"
_SEYYED = "Seyyed-Kalantari et al. 2021, Nature Medicine 27"
_COX = "Cox 1958, Biometrika 45; Van Calster et al. 2019, BMC Medicine 17:230"
_BORKAN = "Borkan et al. 2019, WWW Companion"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_LEVELS: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("selection_rate", "Selection rate", "选择率", "The share of records that were predicted as the class.",
     "被预测为该类别的记录所占比例。", "fraction", "none", _DWORK),
    ("tpr", "True positive rate", "真阳性率", "Of the records of the class, the share that was predicted as it (sensitivity).",
     "属于该类别的记录中被预测为该类别的比例（灵敏度）。", "fraction", "higher", _HARDT),
    ("fpr", "False positive rate", "假阳性率", "Of the records not of the class, the share that was predicted as it.",
     "不属于该类别的记录中被预测为该类别的比例。", "fraction", "lower", _HARDT),
    ("fnr", "False negative rate", "假阴性率", "Of the records of the class, the share that was not predicted as it.",
     "属于该类别的记录中未被预测为该类别的比例。", "fraction", "lower", _HARDT),
    ("under_diagnosis_rate", "Under-diagnosis rate", "漏诊率",
     "Of the patients with a disease, the share that was predicted to have none.",
     "患病患者中被预测为无病的比例。", "fraction", "lower", _SEYYED),
    ("bias", "Mean error", "平均误差", "The mean of prediction minus truth; above 0 the predictions are too high.",
     "预测值减真实值的平均值；大于 0 表示预测偏高。", "target", "zero", "Bland & Altman 1986, Lancet 327"),
)  # fmt: skip

# of what, English, Chinese, what "worse" means in English and Chinese, unit, reference
_GAPS: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("tpr", "true positive rate", "真阳性率", "lower", "更低", "fraction", _HARDT),
    ("fpr", "false positive rate", "假阳性率", "higher", "更高", "fraction", _HARDT),
    ("selection_rate", "selection rate", "选择率", "lower", "更低", "fraction", _DWORK),
    ("ppv", "positive predictive value", "阳性预测值", "lower", "更低", "fraction", _CHOULDECHOVA),
    ("npv", "negative predictive value", "阴性预测值", "lower", "更低", "fraction", _CHOULDECHOVA),
    ("accuracy", "accuracy", "准确率", "lower", "更低", "fraction", "Buolamwini & Gebru 2018, FAccT"),
    ("balanced_accuracy", "mean true positive rate over classes that both have", "双方共有类别的平均真阳性率",
     "lower", "更低", "fraction", _HARDT),
    ("auroc", "AUROC within the group", "组内受试者工作特征曲线下面积", "lower", "更低", "fraction", _BORKAN),
    ("log_loss", "log loss", "对数损失", "higher", "更高", "nats", "Good 1952, J. R. Stat. Soc. B 14(1)"),
    ("calibration", "mean probability minus observed share", "平均概率与实际比例之差", "higher", "更高", "fraction", _COX),
    ("mae", "mean absolute error", "平均绝对误差", "higher", "更高", "target", "Draper & Smith 1998"),
    ("bias", "mean error", "平均误差", "higher", "更高", "target", "Bland & Altman 1986, Lancet 327"),
    ("relative_mae", "mean absolute error, as a share of the others'", "平均绝对误差（相对于其他人）",
     "higher", "更高", "fraction", "Draper & Smith 1998"),
    ("standardised_bias", "mean error, in standard deviations of the target", "平均误差（以目标标准差为单位）",
     "higher", "更高", "standard deviations", "Bland & Altman 1986, Lancet 327"),
    ("dice", "mean Dice of masks", "平均 Dice 系数", "lower", "更低", "fraction", "Dice 1945, Ecology 26(3)"),
    ("region_sensitivity", "sensitivity to marked places", "病灶灵敏度", "lower", "更低", "fraction", _HARDT),
)  # fmt: skip

_WHOLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("demographic_parity_difference", "Demographic parity difference", "人口统计均等差",
     "The largest difference in selection rate between two groups of an attribute.",
     "同一属性任意两组之间选择率的最大差异。", "fraction", "lower", _DWORK),
    ("demographic_parity_ratio", "Demographic parity ratio", "人口统计均等比",
     "The smallest selection rate of an attribute's groups divided by the largest.",
     "同一属性各组中最小选择率与最大选择率之比。", "fraction", "higher", _DWORK),
    ("equal_opportunity_difference", "Equal opportunity difference", "机会均等差",
     "The largest difference in true positive rate between two groups of an attribute.",
     "同一属性任意两组之间真阳性率的最大差异。", "fraction", "lower", _HARDT),
    ("equalised_odds_difference", "Equalised odds difference", "均等化几率差",
     "The larger of the largest differences in true and in false positive rate between two groups of an attribute.",
     "同一属性任意两组之间真阳性率与假阳性率最大差异中的较大者。", "fraction", "lower", _HARDT),
    ("average_odds_difference", "Average odds difference", "平均几率差",
     "The mean of the differences in true and in false positive rate, without sign, of the two groups that differ most.",
     "差异最大的两组之间真阳性率差与假阳性率差绝对值的平均。", "fraction", "lower", "Bellamy et al. 2018, arXiv:1810.01943 (AIF360)"),
    ("predictive_parity_difference", "Predictive parity difference", "预测均等差",
     "The largest difference in positive predictive value between two groups of an attribute.",
     "同一属性任意两组之间阳性预测值的最大差异。", "fraction", "lower", _CHOULDECHOVA),
    ("slice_differs_p", "Chance of such differences when no group differs", "各组无差异时出现此等差异的概率",
     "The p value of a permutation test: groups are shuffled among records of the same outcome.",
     "置换检验的 p 值：在结局相同的记录之间随机打乱分组。", "fraction", "none", "Good 2005, Permutation Tests, section 3; Hardt, Price & Srebro 2016"),
    ("discovered_slice_gap", "Error gap of the worst slice that a search found", "搜索所得最差切片的错误差距",
     "The error rate (for numbers the mean absolute error in its own standard deviations) of a slice that was searched for on one half of the "
     "patients, minus everyone else's, both measured on the other half.",
     "在一半患者中搜索得到的切片，其错误率（数值目标为以标准差为单位的平均绝对误差）减去其他人的错误率，均在另一半患者上测得。",
     "fraction", "lower", "Chung et al. 2019, IEEE TKDE (Slice Finder); Eyuboglu et al. 2022, ICLR"),
)  # fmt: skip


def _register() -> None:
    for row in (*_LEVELS, *_WHOLE):
        register_row(*row)
    for of, en, zh, worse_en, worse_zh, unit, reference in _GAPS:
        register_metric(
            Metric(
                name=f"{of}_gap",
                title={"en": f"Gap in {en}", "zh": f"{zh}差距"},
                definition={
                    "en": f"By how much the {en} of a group is {worse_en} than that of whom it is compared with; "
                    f"positive means {worse_en}, 0 no difference.",
                    "zh": f"某组的{zh}比对照组{worse_zh}多少；正值表示{worse_zh}，0 表示无差异。",
                },
                unit=unit,
                direction="zero",
                reference=reference,
            )
        )


_register()
