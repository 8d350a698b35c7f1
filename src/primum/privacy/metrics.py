# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of privacy, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

_SHOKRI = "Shokri et al. 2017, IEEE S&P"
_CARLINI = "Carlini et al. 2022, IEEE S&P, section III"
_YEOM = "Yeom et al. 2018, IEEE CSF, definition 4"
_EPSILON = "Jagielski et al. 2020, NeurIPS; Nasr et al. 2021, IEEE S&P"
_SWEENEY = "Sweeney 2002, Int. J. Uncertainty Fuzziness Knowl.-Based Syst. 10(5)"
_L = "Machanavajjhala et al. 2007, ACM TKDD 1(1)"
_EMAM = "El Emam & Arbuckle 2013, Anonymizing Health Data, chapter 2"
_HOSHINO = "Hoshino 2001, Journal of Official Statistics 17(4)"
_FRANCONI = "Benedetti & Franconi 1998, NTTS; Templ et al. 2015, Journal of Statistical Software 67(4)"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_MEMBERSHIP: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("membership_auc", "Membership inference, area under the curve", "成员推断曲线下面积",
     "The chance that an attack on the answers scores a patient of train above one of test; 0.5 is guessing, 1 gives everybody away.",
     "针对答案的攻击对训练集患者的评分高于测试集患者的概率；0.5 为猜测，1 为全部泄露。", "fraction", "lower", _SHOKRI),
    ("membership_tpr_at_1_percent", "Members caught at 1 % false alarms", "1% 误报下被识别的成员比例",
     "The share of the patients of train that an attack is sure of when it is wrong about at most one patient of test in a hundred.",
     "当攻击对测试集患者的误报不超过百分之一时，被识别的训练集患者比例。", "fraction", "lower", _CARLINI),
    ("membership_tpr_at_0_1_percent", "Members caught at 0.1 % false alarms", "0.1% 误报下被识别的成员比例",
     "The same when it is wrong about at most one patient of test in a thousand; a thousand are needed to tell.",
     "同上，但误报不超过千分之一；至少需要一千名测试集患者才能判断。", "fraction", "lower", _CARLINI),
    ("membership_advantage", "Membership advantage", "成员推断优势",
     "The share of the patients of train that an attack names as such less the share of those of test; 0 is guessing.",
     "被攻击判为成员的训练集患者比例减去测试集患者比例；0 为猜测。", "fraction", "lower", _YEOM),
    ("membership_epsilon", "Epsilon, lower bound by attack", "攻击所得 epsilon 下界",
     "An epsilon of differential privacy that the training has not kept below, as far as this attack shows; 0 shows nothing.",
     "就该攻击所示，训练未能低于的差分隐私 epsilon；0 表示未显示任何泄露。", "none", "lower", _EPSILON),
    ("membership_exposure", "Exposure of a group's members", "群体成员的暴露程度",
     "The area under the curve of an attack among the patients of one slice or class, less 0.5.",
     "在某一切片或类别的患者中，攻击曲线下面积减去 0.5。", "fraction", "lower", _SHOKRI),
)  # fmt: skip

_HIPAA = "45 CFR 164.514(b)(2)"
_TEXTS: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("identifiers_masked", "Records with identifiers masked", "已遮蔽身份信息的记录",
     "The share of records in whose texts the step of de-identification found a name, number, address, date or another identifier and masked it before anything was learnt; what it missed is not counted.",
     "去标识化步骤在其文本中发现并在学习之前遮蔽了姓名、号码、地址、日期或其他身份信息的记录比例；遗漏者不计入。", "fraction", "none", _HIPAA),
)  # fmt: skip

_COHORT: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    ("k_anonymity", "Smallest class of look-alikes (k)", "最小相同者类别 (k)",
     "How many patients share the rarest combination of quasi-identifiers.", "准标识符最罕见组合由多少名患者共有。",
     "patients", "higher", _SWEENEY),
    ("small_class_share", "Share of patients with fewer than four look-alikes", "相同者不足四名的患者比例",
     "The share of patients whose combination of quasi-identifiers fewer than five patients of the cohort have.",
     "准标识符组合在队列中不足五人共有的患者比例。", "fraction", "lower", _SWEENEY),
    ("sample_uniqueness", "Share of patients alone with their quasi-identifiers", "队列中唯一的患者比例",
     "The share of patients whose combination of quasi-identifiers nobody else of the cohort has.",
     "准标识符组合在队列中独一无二的患者比例。", "fraction", "lower", _SWEENEY),
    ("population_uniqueness", "Share of the population alone with its quasi-identifiers", "总体中唯一者的比例",
     "The estimated share of the population that the cohort was drawn from whose combination of quasi-identifiers nobody else there has.",
     "队列所来自的总体中，准标识符组合独一无二者的估计比例。", "fraction", "lower", _HOSHINO),
    ("prosecutor_risk", "Risk of re-identification, known to be in the cohort", "已知在队列中者的再识别风险",
     "The chance of picking the right record of a patient who is known to be in the cohort, by the quasi-identifiers, averaged over patients.",
     "已知某患者在队列中时，凭准标识符选中其记录的概率，对患者取平均。", "fraction", "lower", _EMAM),
    ("journalist_risk", "Risk of re-identification, from the population", "来自总体者的再识别风险",
     "The estimated chance of naming the right person of the population for a patient's record, by the quasi-identifiers, averaged over patients.",
     "凭准标识符在总体中为某条患者记录指认出正确之人的估计概率，对患者取平均。", "fraction", "lower", _FRANCONI),
    ("l_diversity", "Fewest outcomes among look-alikes (l)", "相同者中最少的结局数 (l)",
     "The fewest different targets among the patients of a class of two or more look-alikes; at 1, finding the class tells the outcome.",
     "两名及以上相同者类别中不同目标值的最少个数；为 1 时，找到该类别即知结局。", "outcomes", "higher", _L),
    ("outcome_disclosed_share", "Share of patients whose look-alikes all have their outcome", "相同者结局全部一致的患者比例",
     "The share of patients in a class of two or more look-alikes who all have the same target, so that no name is needed to learn it.",
     "处于两名及以上且目标值全部相同的类别中的患者比例，无需姓名即可得知其结局。", "fraction", "lower", _L),
)  # fmt: skip

REIDENTIFICATION_METRICS = frozenset(row[0] for row in _COHORT)
"""Metrics that records alone answer: what `primum check` can judge."""

for _row in (*_MEMBERSHIP, *_TEXTS, *_COHORT):
    register_row(*_row)
