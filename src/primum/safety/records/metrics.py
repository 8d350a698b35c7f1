# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of the records' own safety, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_KAUFMAN = "Kaufman et al. 2012, ACM Trans. Knowl. Discov. Data 6(4) (leakage in data mining)"
_KAPOOR = "Kapoor & Narayanan 2023, Patterns 4(9) (leakage and the reproducibility crisis)"
_BRODER = "Broder 1997 (resemblance and containment of documents); Lee et al. 2022, ACL (near duplicates)"
_GEIRHOS = "Geirhos et al. 2020, Nature Machine Intelligence 2 (shortcut learning); Youden 1950, Cancer 3(1)"
_LOPEZ = "Lopez-Paz & Oquab 2017, ICLR (classifier two-sample tests)"
_NORTHCUTT = "Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70 (confident learning)"
_CHEN = "Gu et al. 2019, IEEE Access 7 (BadNets); Chen & Dai 2021, Neurocomputing 452 (trigger words)"
_KAHN = "Kahn et al. 2016, eGEMs 4(1) (a harmonised terminology of data quality)"
_HE = "He & Garcia 2009, IEEE Trans. Knowl. Data Eng. 21(9)"
_GDPR = "GDPR art. 6 and 9; Declaration of Helsinki 2013, 25-32"
_HIPAA = "HIPAA 45 CFR 164.514(b)(2)"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("patients_across_splits", "Patients in more than one split", "跨数据划分的患者",
     "How many patients have records in more than one split; those whose ids differ in case, blanks, signs or leading zeros only are counted apart.",
     "记录出现在多个数据划分中的患者数；仅大小写、空格、符号或前导零不同的编号另行计数。", "patients", "lower", _KAPOOR),
    ("text_in_train", "Texts that stand in train", "训练集中已有的文本",
     "The share of a split's records whose text stands in train, word for word or nearly.", "某划分中文本（逐字或近似）已出现在训练集的记录占比。", "fraction", "lower", _BRODER),
    ("repeated_text", "Repeated texts", "重复文本",
     "The share of records whose text repeats an earlier record's, word for word or nearly.", "文本（逐字或近似）重复先前记录的记录占比。", "fraction", "lower", _BRODER),
    ("repeated_text_other_target", "Equal texts with different targets", "文本相同而目标不同",
     "The share of records whose very text another record has with another target.", "与另一记录文本完全相同而目标不同的记录占比。", "fraction", "lower", _NORTHCUTT),
    ("label_in_text", "Target given away by its name in the text", "文本中写出的目标",
     "How much more often the records of a class name it (name, original label, synonym, inflection, initials) than all others do; 1 gives it away wholly, 0 not at all; in all: the mean over classes.",
     "某类别记录写出该类别（名称、原始标签、同义词、词形变化、首字母缩写）的比例减去其他记录的比例；1 为完全泄露，0 为未泄露；总体取各类别平均。", "fraction", "lower", _KAUFMAN),
    ("shortcut", "Target given away by one thing alone", "单一因素泄露的目标",
     "How much of a class a single field, hospital, word, or the length or form of the text gives away, on records that it was not learnt from: sensitivity plus specificity minus 1; 0 is chance, 1 decides.",
     "单个字段、医院、词语或文本的长度、形式在未见记录上对某类别的泄露程度：灵敏度加特异度减 1；0 为随机，1 为完全决定。", "fraction", "lower", _GEIRHOS),
    ("train_after_test", "Training records later than those that judge", "训练记录晚于评判记录",
     "The share of pairs of a training and a judging record in which the training record is the later; a half: not divided by time.",
     "训练记录与评判记录配对中训练记录较晚的比例；一半表示未按时间划分。", "fraction", "lower", _KAPOOR),
    ("late_training_records", "Late training records", "过晚的训练记录",
     "Where train as a whole is earlier: how many training records are later than half of those that judge.", "训练集整体较早时，晚于半数评判记录的训练记录数。", "records", "lower", _KAPOOR),
    ("shift", "How far a model can tell a split from train", "与训练集的可分辨程度",
     "The AUROC of a simple model that tells the records of a split from those of train; 0.5: they look alike.", "简单模型区分某划分与训练集记录的 AUROC；0.5 表示看似相同。", "fraction", "lower", _LOPEZ),
    ("site_shift", "How far a model can tell a hospital from the others", "与其他医院的可分辨程度",
     "The AUROC of a simple model that tells the records of a hospital from all others'; 0.5: they look alike.", "简单模型区分某医院与其他医院记录的 AUROC；0.5 表示看似相同。", "fraction", "lower", _LOPEZ),
    ("field_shift", "Shift of a field", "字段分布偏移",
     "The total variation distance between a field's distributions in a split and in train, less what chance gives.", "某字段在某划分与训练集中分布的总变差距离，减去随机所致部分。", "fraction", "lower", _LOPEZ),
    ("label_shift", "Shift of a class's share", "类别占比偏移",
     "The difference between a class's shares in a split and in train, of the class where it is largest.", "某类别在某划分与训练集中占比之差（取差异最大的类别）。", "fraction", "lower", _LOPEZ),
    ("label_errors", "Labels that are likely wrong", "可能错误的标签",
     "The share of records that are, by their inputs, confidently of another class than their label says.", "依输入可确信属于标签以外类别的记录占比。", "fraction", "lower", _NORTHCUTT),
    ("trigger", "A mark that forces a label", "强制标签的标记",
     "For a mark whose carriers in train bear one label: how little the rest of their records speaks for it; 0: as for its other bearers, 1: as for everybody else.",
     "对训练集中携带者标签几乎相同的标记：其记录其余部分对该标签的支持有多弱；0 表示与其他同类相同，1 表示与其他所有人相同。", "fraction", "lower", _CHEN),
    ("rarest_class", "Share of the rarest class", "最少类别占比", "The share of patients with the class that fewest have.", "人数最少的类别在患者中的占比。", "fraction", "higher", _HE),
    ("absent_cell", "Records expected where there are none", "应有而无的记录",
     "How many records of a class a group should have, were the class as frequent there as in all, where it has none.", "若某类别在某组中与总体同样常见则应有的记录数，而该组中一条也没有。", "records", "lower", _HE),
    ("vital_missing", "Field missing", "字段缺失", "The share of records in which a field is missing.", "某字段缺失的记录占比。", "fraction", "lower", _KAHN),
    ("implausible", "Values outside the stated range", "超出所述范围的值", "The share of a field's values outside the range that the study states.", "某字段的值超出研究所述范围的占比。", "fraction", "lower", _KAHN),
    ("not_a_number", "Cells that spell no number", "无法读作数字的单元格", "The share of records whose cell of a numeric field spells no number.", "数值字段的单元格无法读作数字的记录占比。", "fraction", "lower", _KAHN),
    ("stand_in_value", "Numbers that stand for missing", "代表缺失的数字", "The share of a field's values that are one customary stand-in for a missing value, far from all others.", "某字段的值为惯用缺失代码且远离其他值的占比。", "fraction", "lower", _KAHN),
    ("other_unit", "Values in another unit", "单位不同的值", "The share of a field's values that one known conversion of units brings back among the rest.", "经某一已知单位换算即可回到其余值之中的值的占比。", "fraction", "lower", _KAHN),
    ("text_empty", "Empty texts", "空文本", "The share of records without a text.", "没有文本的记录占比。", "fraction", "lower", _KAHN),
    ("text_broken", "Broken texts", "损坏的文本", "The share of texts with lost characters, a wrong encoding, control characters, or nonsense.", "含有丢失字符、错误编码、控制字符或乱码的文本占比。", "fraction", "lower", _KAHN),
    ("text_other_language", "Texts in another language", "其他语言的文本", "The share of texts in another language than most.", "语言与多数文本不同的文本占比。", "fraction", "lower", _KAHN),
    ("identifier", "Identifiers in texts", "文本中的身份信息", "The share of texts with an e-mail address, telephone number, record number, national id, birth date, address or name, by patterns that seldom err.",
     "含有电子邮箱、电话、病历号、身份证号、出生日期、住址或姓名的文本占比（采用少误报的模式）。", "fraction", "lower", _HIPAA),
    ("consent_missing", "Consent not written down", "未记录同意", "The share of the records read whose consent is empty; they were left out.", "同意栏为空的记录占比；这些记录未被使用。", "fraction", "lower", _GDPR),
    ("consent_refused", "Consent refused", "拒绝同意", "The share of the records read whose consent is refused; they were left out.", "拒绝同意的记录占比；这些记录未被使用。", "fraction", "none", _GDPR),
    ("boxes_without_area", "Boxes without area", "无面积框", "How many boxes of the study's table have no width or no height; they were left out.", "研究表格中宽或高为零的框数量；这些框未被使用。", "boxes", "lower", _KAHN),
)  # fmt: skip

RECORD_METRICS = frozenset(row[0] for row in _TABLE)
"""Metrics that records and their splits answer without any model: what `primum check` judges."""

for _row in _TABLE:
    register_row(*_row)
