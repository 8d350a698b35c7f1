# ruff: noqa: E501 - the table keeps each title and definition whole
"""The figures of marked places, as the registry of metrics knows them."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_COCO = "Lin et al. 2014, ECCV (COCO); Everingham et al. 2010, IJCV 88(2)"
_LUNA = "Setio et al. 2017, Medical Image Analysis 42 (LUNA16); Bandi et al. 2019, IEEE TMI 38(2)"
_RELOADED = "Maier-Hein et al. 2024, Nature Methods 21, 195-212 (Metrics Reloaded)"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference, with a gain
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str, bool], ...] = (
    ("map50", "mAP at IoU 0.5", "IoU 0.5 平均精度均值",
     "The mean over labels of the average precision, a mark being right where it overlaps a true one by half of their union.",
     "各标签平均精度的均值；标记与真实标记的交并比达到 0.5 时视为正确。", "fraction", "higher", _COCO, True),
    ("ap50", "Average precision at IoU 0.5", "IoU 0.5 平均精度",
     "The precision of one label's marks averaged over 101 recalls, a mark being right where it overlaps a true one by half of their union.",
     "某一标签标记在 101 个召回率处精确率的平均值；交并比达到 0.5 时视为正确。", "fraction", "higher", _COCO, False),
    ("froc", "FROC score", "FROC 得分",
     "The mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false marks a picture, all labels together.",
     "每幅图像 1/8、1/4、1/2、1、2、4、8 个假阳性标记时灵敏度的平均值，所有标签合并计算。", "fraction", "higher", _LUNA, True),
    ("region_sensitivity", "Sensitivity to marked places", "病灶灵敏度",
     "Of the places that people marked, the share that the model's shown marks found.",
     "人工标记的部位中被模型所示标记找到的比例。", "fraction", "higher", _RELOADED, True),
    ("region_ppv", "Predictive value of marks", "标记阳性预测值",
     "Of the marks that the model shows, the share that is right.",
     "模型所示标记中正确的比例。", "fraction", "higher", _RELOADED, False),
    ("false_regions", "False marks a picture", "每幅图像假阳性标记数",
     "How many of the marks that the model shows are wrong, by picture.",
     "每幅图像中模型所示错误标记的数量。", "marks", "lower", _LUNA, False),
    ("region_ece", "Calibration error of marks", "标记置信度校准误差",
     "The mean gap between a shown mark's score and the share of such marks that is right, over ten bins.",
     "在十个区间上，所示标记得分与此类标记正确比例之差的加权平均。", "fraction", "lower",
     "Kueppers et al. 2020, CVPR Workshops, eq. 4", False),
    ("region_count", "Marked places", "标记部位数", "How many places people marked.",
     "人工标记的部位数量。", "marks", "none", "a count", False),
    ("dice", "Dice", "Dice 系数",
     "Twice the overlap of the model's mask with the true one over both areas, averaged over the pictures in which people marked the label, and over labels.",
     "模型掩膜与真实掩膜重叠面积的两倍除以两者面积之和，对人工标记了该标签的图像取平均，再对标签取平均。", "fraction", "higher", f"Dice 1945, Ecology 26(3); {_RELOADED}", True),
    ("iou", "Intersection over union", "交并比",
     "The overlap of the model's mask with the true one over their union, averaged as Dice is.",
     "模型掩膜与真实掩膜的交集除以并集，取平均方式同 Dice 系数。", "fraction", "higher", _RELOADED, False),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row[:8], with_gain=_row[8])
