# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of small changes to a record, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

DROP, FLIPS, WORST, NEGATION = (
    "perturbation_accuracy_drop",
    "perturbation_flip_rate",
    "worst_case_accuracy",
    "negation_response",
)
LEFT_AUROC, LEFT_CHANGE = "image_part_auroc", "image_part_change"
_ZECH = "Zech et al. 2018, PLOS Medicine 15(11); DeGrave et al. 2021, Nature Machine Intelligence 3"
ADVERSARIAL, TURNED, CHANGES = "adversarial_accuracy", "adversarial_turned", "adversarial_changes"
MISSED = "pixel_search_missed"
_ATHALYE = "Athalye, Carlini & Wagner 2018, ICML; Andriushchenko et al. 2020, ECCV (Square Attack)"
_RIBEIRO = "Ribeiro et al. 2020, ACL (CheckList: invariance and directional tests)"
_LEMPERT = "Goel et al. 2021, NAACL (Robustness Gym)"
_JIN = "Jin et al. 2020, AAAI (TextFooler); Carlini et al. 2019, arXiv:1902.06705"
_LI = "Li, Monroe & Jurafsky 2016, arXiv:1612.08220 (occlusion); Ribeiro et al. 2020, ACL"

# name, English title, Chinese title, English definition, Chinese definition, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, Direction, str], ...] = (
    (DROP, "Accuracy lost to a small change", "细小改动造成的准确率损失",
     "Accuracy on test records as they stand minus accuracy on the same records after a small change to text or vitals.",
     "测试记录原样时的准确率减去对其文本或体征作细小改动后的准确率。", "lower", _LEMPERT),
    (FLIPS, "Decisions changed by a small change", "细小改动所改变的决策比例",
     "Of the patients whose record the change alters, the share whose decision becomes another.",
     "在记录因改动而变化的患者中，决策变为不同者所占的比例。", "lower", _RIBEIRO),
    (WORST, "Worst-case accuracy", "最坏情况准确率",
     "The share of patients decided rightly as they stand and after every change of a family, or after all changes that a reader takes for the same.",
     "在原样及经受某一类改动或全部不改变含义的改动之后，决策始终正确的患者所占的比例。", "higher", _LEMPERT),
    (ADVERSARIAL, "Accuracy under a search for the worst change", "在搜索最坏改动之下的准确率",
     "The share of patients decided rightly whom no plausible change that a search found turns: a tenth of the words written otherwise, numbers within their error, or both; of images, every pixel moved by at most 2 or 4 of 255.",
     "原本决策正确、且搜索到的任何合理改动（改写十分之一的词、数值在误差之内变动，或两者兼有；对影像则为每个像素最多变动 255 级中的 2 或 4 级）均不能改变其决策的患者比例。", "higher", _JIN),
    (TURNED, "Right decisions that a plausible change turns", "可被合理改动推翻的正确决策",
     "Of the patients decided rightly, the share for whom a search within plausible bounds found a change that makes the decision wrong.",
     "在决策正确的患者中，经有界搜索找到使决策变错的合理改动者所占的比例。", "lower", _JIN),
    (MISSED, "Decisions that the search by gradients missed", "梯度搜索所遗漏的决策",
     "Of patients whose right decision stood the search of pixels along the gradients (2 of 255), the share whom the same search with more steps and random starts turns, or one that sees answers alone: a network may hide its slopes.",
     "在经受住沿梯度的像素搜索（255 级中的 2 级）而决策仍正确的患者中，被更多步数与随机起点的同类搜索，或只看答案的搜索所推翻者的比例：网络可能掩盖其梯度。", "lower", _ATHALYE),
    (LEFT_AUROC, "Ranking by a part of the image", "仅凭影像局部的区分能力",
     "The AUROC when only a part of each image is left: the rim alone (a seventh of the side, where markers, burned-in text and film edges lie), the centre alone, or all but the corners; the rest shows the mean colour of what is left.",
     "仅保留影像一部分时的 AUROC：仅边框（宽为边长的七分之一，标记、叠加文字与胶片边缘所在处）、仅中央，或除去四角；其余部分以所保留部分的平均颜色填充。", "none", _ZECH),
    (LEFT_CHANGE, "Change of the answer when a part of the image is left", "仅保留影像局部时答案的变化",
     "How far the probability of the answer moves when only a part of each image is left, mean over patients.",
     "仅保留影像一部分时答案概率的变动幅度，对患者取平均。", "none", _ZECH),
    (NEGATION, "Answers that move when the key symptom is denied", "否认关键症状后答案相应变化的比例",
     "Of the patients decided rightly because of one clause (its absence costs at least 0.05 of probability), the share whose decision loses at least half as much when it is denied.",
     "在因某一分句而决策正确的患者中（去掉该分句使概率至少下降 0.05），否认该分句后概率至少下降其一半者所占的比例。", "higher", _LI),
)  # fmt: skip

for _name, _en, _zh, _definition_en, _definition_zh, _direction, _reference in _TABLE:
    register_row(_name, _en, _zh, _definition_en, _definition_zh, "fraction", _direction, _reference)

register_row(
    CHANGES, "Changes that turn a decision", "推翻一项决策所需的改动数",
    "Words or numbers that had to be changed to turn a right decision, mean over the decisions that were turned.",
    "推翻一项正确决策所改动的词或数值的个数，对被推翻的决策取平均。", "changes", "higher", _JIN,
)  # fmt: skip
