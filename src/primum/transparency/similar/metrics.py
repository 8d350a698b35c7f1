# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of similar patients, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

SMALLEST, LOSS, MEMBERS = "similar_smallest_group", "similar_loss", "similar_membership_auc"
_MDAV = "Domingo-Ferrer & Torra 2005, Data Min. Knowl. Discov. 11 (microaggregation); Samarati 2001 (k-anonymity)"

_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (SMALLEST, "Fewest patients of a group of similar ones", "相似患者组的最少人数",
     "The smallest number of training patients in a group that the model's folder tells of; five or more by construction.",
     "模型文件夹所述的训练患者组中最少的人数；按构造不少于五人。", "patients", "higher", _MDAV),
    (LOSS, "What grouping costs similar patients", "分组给相似患者带来的误差",
     "The distance between the outcome shares of the nearest groups and those of as many exact nearest training patients (half the sum of absolute differences; of several labels their mean; of a number the difference of means over the standard deviation), mean over test patients.",
     "最近各组的结局比例与同样数量的精确最近训练患者的结局比例之间的距离（绝对差之和的一半；多标签取平均；数值为均值之差除以标准差），对测试患者取平均。",
     "fraction", "lower", _MDAV),
    (MEMBERS, "Membership told from groups", "由分组判断是否参与训练",
     "How well the distance from the nearest group tells training patients from test patients (AUROC; 0.5: not at all). What the model's features give away by themselves counts too.",
     "到最近组的距离区分训练患者与测试患者的能力（AUROC；0.5 表示无法区分）。模型特征本身泄露的部分也计入。",
     "fraction", "lower", "Shokri et al. 2017, IEEE S&P; DeLong et al. 1988"),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
