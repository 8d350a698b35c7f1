"""Reasons in sentences, in English and Chinese, each with its figures."""

from __future__ import annotations

from collections.abc import Mapping

from primum.ethics.policy import Rule, Tolerance
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.evidence.split_names import set_of
from primum.i18n import compared_with

LANGUAGES = ("en", "zh")
_SMALL_CELL = 5
"""Fewer records of a group than this are neither counted nor described in a sentence: they might be recognised."""

_STANDING: Mapping[str, Mapping[str, str]] = {
    "en": {
        "inside": "{what} is {figure}; it has to be {bound}, and it is, over its whole interval.",
        "inside_exact": "{what} is {figure}; it has to be {bound}, and it is.",
        "likely": "{what} is {figure}; it has to be {bound}, and it is, though its interval reaches beyond.",
        "straddling": "{what} is {figure}; it has to be {bound}, and the interval allows both yes and no.",
        "outside": "{what} is {figure}; it has to be {bound}, and its whole interval says that it is not.",
        "outside_exact": "{what} is {figure}; it has to be {bound}, and it is not.",
        "shown": "{what} is {figure}; it has to be {bound}, and the interval shows that there is a difference.",
        "unshown": "{what} is {figure}; it has to be {bound}; no difference beyond that is shown, and there are "
        "patients enough to have seen a gap of {detectable}.",
        "few": "{what} is {figure}; it has to be {bound}, and there are too few patients to tell.",
        "blind": "{what} is {figure}; it has to be {bound}, and there are too few patients to tell: this audit could "
        "only have seen a gap of {detectable}; {needed} would be needed to see one of {usual}.",
        "unalike": "{what} is {figure}; it has to be {bound}, and that cannot be told, because the two differ in "
        "{unalike}.",
        "missing": "{what} was not measured; it has to be {bound}.",
    },
    "zh": {
        "inside": "{what}为{figure}；要求{bound}，整个区间均满足。",
        "inside_exact": "{what}为{figure}；要求{bound}，满足。",
        "likely": "{what}为{figure}；要求{bound}，数值满足，但区间超出了界限。",
        "straddling": "{what}为{figure}；要求{bound}，区间跨越界限，无法定论。",
        "outside": "{what}为{figure}；要求{bound}，整个区间均不满足。",
        "outside_exact": "{what}为{figure}；要求{bound}，不满足。",
        "shown": "{what}为{figure}；要求{bound}，而区间表明差异确实存在。",
        "unshown": "{what}为{figure}；要求{bound}；未显示超出界限的差异，且患者数量足以发现 {detectable} 的差距。",
        "few": "{what}为{figure}；要求{bound}，但患者太少，无法判断。",
        "blind": "{what}为{figure}；要求{bound}，但患者太少，无法判断：本次审计只能发现 {detectable} 的差距；"
        "若要发现 {usual} 的差距，需要{needed}。",
        "unalike": "{what}为{figure}；要求{bound}，但双方在{unalike}上不同，无法判断。",
        "missing": "{what}未测量；要求{bound}。",
    },
}
_BOUNDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "at_least": "at least {}",
        "at_most": "at most {}",
        "above": "above {}",
        "below": "below {}",
        "and": " and ",
    },
    "zh": {"at_least": "不低于 {}", "at_most": "不高于 {}", "above": "大于 {}", "below": "小于 {}", "and": "且"},
}
_SPLITS: Mapping[str, Mapping[str, str]] = {
    "en": {"test": "on the test split", "external": "on the external split", "validation": "on the validation split",
           "train": "on the train split", "calibration": "on the calibration split", "cohort": "in the cohort"},
    "zh": {"test": "测试集上", "external": "外部集上", "validation": "验证集上",
           "train": "训练集上", "calibration": "校准集上", "cohort": "队列中"},
}  # fmt: skip


def reason(rule: Rule, finding: Finding, standing: str, *, lang: str, alike: int, measured: int) -> str:
    """Return why a rule says what it says, from the finding that decided.

    Args:
        rule: the rule.
        finding: the finding with the worst outcome.
        standing: where it stands to the tolerance.
        lang: en or zh.
        alike: how many of the rule's findings stand like it.
        measured: how many findings the rule is about.
    """
    exact = "_exact" if finding.level is None and standing in ("inside", "outside") else ""
    key = _key(standing, finding) + exact
    sentence = _STANDING[lang][key].format(
        what=_subject(finding, lang),
        figure=_figure(finding, lang),
        bound=_bound(rule.must_be, lang),
        **_sight(finding, lang),
    )
    if measured > 1:
        sentence += _alike(alike, measured, lang)
    return _joined(sentence, _why(rule, lang), lang)


def _key(standing: str, finding: Finding) -> str:
    """Return which sentence a standing has; that it cannot be told may have a reason of its own."""
    if standing != "few":
        return standing
    return "unalike" if finding.detail.get("unalike") else "blind" if finding.detail.get("needed") else standing


def missing(rule: Rule, lang: str) -> str:
    """Return the sentence for a rule that found nothing to judge."""
    title = METRICS.get(rule.where.metric).title[lang]
    splits = ("、" if lang == "zh" else ", ").join(_place(split, lang) for split in rule.where.split)
    what = f"{splits}的{title}" if lang == "zh" else f"{title} {splits}"
    sentence = _STANDING[lang]["missing"].format(what=what, bound=_bound(rule.must_be, lang))
    return _joined(sentence, _why(rule, lang), lang)


def in_words(finding: Finding, lang: str) -> str:
    """Return what a finding is about and its figure with interval and n, in one line; too few patients are named."""
    told = f"{_subject(finding, lang)}{'：' if lang == 'zh' else ': '}{_figure(finding, lang)}"
    few = {"en": "; too few patients to tell", "zh": "；患者太少，无法判断"}[lang]
    return told if finding.enough or finding.value is None else told + few


def place_in_words(split: str, lang: str) -> str:
    """Return a split as it stands in a sentence, e.g. "on the test split"."""
    return _place(split, lang)


def _why(rule: Rule, lang: str) -> str:
    return rule.because.zh if lang == "zh" else rule.because.en


def _joined(first: str, second: str, lang: str) -> str:
    return f"{first}{second}" if lang == "zh" else f"{first} {second}"


def _alike(alike: int, measured: int, lang: str) -> str:
    if lang == "zh":
        return f"所判断的 {measured} 个数值中有 {alike} 个如此，此为其一。"
    return f" This holds for {alike} of the {measured} figures judged."


def _subject(finding: Finding, lang: str) -> str:
    title = METRICS.get(finding.metric).title[lang]
    group = ", ".join(f"{key} = {value}" for key, value in finding.slice.items())
    versus = ", ".join(compared_with(key, str(value), lang) for key, value in finding.versus.items())
    split = _place(finding.split or "cohort", lang)
    column = finding.detail.get("column")
    if lang == "zh":
        parts = [f"类别 {finding.class_} " if finding.class_ else "", f"（{group}）" if group else ""]
        parts += [f"列 {column} 的" if column else ""]
        against = f"（相对于 {versus}）" if versus else ""
        return f"{split}{''.join(parts)}{title}{against}"
    parts = [title, f"of class {finding.class_}" if finding.class_ else "", f"of {column}" if column else "", split]
    parts += [f"for {group}" if group else "", f"against {versus}" if versus else ""]
    return " ".join(part for part in parts if part)


def _place(split: str, lang: str) -> str:
    name = set_of(split)
    if name is not None:
        return f"外部集 {name} 上" if lang == "zh" else f"on the external set {name}"
    return _SPLITS[lang].get(split, split)


def _figure(finding: Finding, lang: str) -> str:
    if finding.slice and finding.n < _SMALL_CELL:
        return (
            f"不予显示（此类记录少于 {_SMALL_CELL} 条）"
            if lang == "zh"
            else f"withheld (under {_SMALL_CELL} such records)"
        )
    if finding.value is None:
        return f"无定义（n = {finding.n}）" if lang == "zh" else f"not defined (n = {finding.n})"
    value = number(finding.value)
    if finding.low is None or finding.high is None or finding.level is None:
        return f"{value}（n = {finding.n}）" if lang == "zh" else f"{value} (n = {finding.n})"
    low, high, level = number(finding.low), number(finding.high), f"{100 * finding.level:g} %"
    if lang == "zh":
        return f"{value}（{level} 区间 {low} 至 {high}，n = {finding.n}）"
    return f"{value} ({level} interval {low} to {high}, n = {finding.n})"


def _sight(finding: Finding, lang: str) -> dict[str, str]:
    """Return what the audit could have seen of this gap, and how many records it would have needed."""
    detectable = finding.detail.get("detectable")
    [(usual, wanted)] = (finding.detail.get("needed") or {"": None}).items()
    unalike = ("、" if lang == "zh" else ", ").join(map(str, finding.detail.get("unalike") or ()))
    records = {"en": "{} such records", "zh": "{} 条此类记录"}[lang]
    more = {"en": "more patients on both sides", "zh": "双方均有更多患者"}[lang]
    return {
        "detectable": "?" if detectable is None else number(float(detectable)),
        "usual": usual,
        "unalike": unalike,
        "needed": more if wanted is None else records.format(wanted),
    }


def _bound(tolerance: Tolerance, lang: str) -> str:
    words = _BOUNDS[lang]
    given = ((name, getattr(tolerance, name)) for name in ("at_least", "above", "at_most", "below"))
    return words["and"].join(words[name].format(f"{bound:g}") for name, bound in given if bound is not None)


def number(value: float) -> str:
    """Return a figure for a sentence: whole numbers whole, else three decimals, or three digits when large or tiny."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value)}"
    return f"{value:.3f}" if 0.0005 <= abs(value) < 100 else f"{value:.3g}"
