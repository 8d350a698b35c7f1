"""The answer in the question: class names, their synonyms, inflections and initials written in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import yaml

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.safety.records.giving import giving_away
from primum.safety.records.minhash import plain
from primum.safety.records.sample import Sample
from primum.safety.records.told import SMALL, critical_of, told
from primum.safety.records.words import HAN

_METHOD = (
    "share of the class's records whose text names it (name, original label, synonym, inflection or initials) minus "
    "that share among all others; Newcombe's interval, simultaneous over the classes (Bonferroni)"
)
_OVERALL = (
    "mean over classes of that difference, of two classes the larger; Newcombe's intervals of the classes averaged"
)
_ENDINGS = "(?:s|es|'s|ed|ing|al|ic|ical|ous|ive|y|ly|er|ors?|ion|ions)?"
_LAST = re.compile(r"(?:ically|ical|ions?|ives?|ics?|isms?|ia|ias|itis|osis|otic|itic|es|s|al|ous|ed|y|e)$")
_CHINESE_TAIL = re.compile("(?:内科|外科|科室|科|疾病|病|症|炎)$")
_SPELT = re.compile(r"[a-z0-9]+")
_EMPTY = frozenset({"no", "yes", "none", "not", "other", "others", "normal", "healthy", "true", "false", "positive",
                    "negative", "unknown", "maybe", "low", "high", "and", "or", "of", "the"})  # fmt: skip


def label_findings(cohort: Cohort, sample: Sample) -> list[Finding]:
    """Return how much of the target the texts give away by naming it, in all and class by class."""
    text = cohort.records.text
    if text is None or cohort.target.kind == "number":
        return []
    patterns = [pattern_of([name, *_originals(cohort.roles.label_map, name)]) for name in sample.classes]
    if not any(patterns):
        return []
    named = mentions(text.take(sample.rows), patterns)
    k = len(sample.classes)
    away = giving_away(named, sample.wanted, critical=critical_of(k), effective=sample.effective)
    own = np.arange(k)
    in_class = sample.wanted.sum(axis=0)
    findings = [
        told(
            "label_in_text",
            away.value[c, c],
            n=int(in_class[c]),
            bounds=(away.low[c, c], away.high[c, c]),
            class_=sample.classes[c],
            inside=away.inside[c, c],
            outside=away.outside[c, c],
            method=_METHOD,
            enough=bool(in_class[c] >= SMALL),
        )
        for c in np.flatnonzero([p is not None for p in patterns]).tolist()
        if in_class[c] >= SMALL
    ]
    findings.sort(key=lambda finding: -(finding.value or 0.0))
    # Of two classes, whoever is told one is told the other.
    over = [int(away.value[own, own].argmax())] if k == 2 else own.tolist()
    value, low, high = (float(part[over, over].mean()) for part in (away.value, away.low, away.high))
    return [told("label_in_text", value, n=len(sample.rows), bounds=(low, high), method=_OVERALL), *findings]


def mentions(texts: Sequence[str | None], patterns: Sequence[re.Pattern[str] | None]) -> npt.NDArray[np.float64]:
    """Return which text names which class, 0/1, shape (n, k); of nested names, as in two degrees, each counts."""
    named = np.zeros((len(texts), len(patterns)))
    for row, text in enumerate(texts):
        smooth = plain(text or "")
        named[row] = [pattern is not None and pattern.search(smooth) is not None for pattern in patterns]
    return named


def pattern_of(names: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds a class by any of its names in a text in lower case; None where no name tells anything."""
    ways: list[str] = []
    others = [other for name in names for other in _synonyms(plain(name.replace("_", " ")))]
    for name in dict.fromkeys([*names, *others]):
        ways += _ways(plain(re.sub(r"[_/-]+", " ", _uncamelled(name))))
    return re.compile("|".join(dict.fromkeys(ways))) if ways else None


def _ways(name: str) -> list[str]:
    if re.search(f"[{HAN}]", name):
        core = _CHINESE_TAIL.sub("", name)
        parts = {name, core} if len(core) >= 2 else {name}
        return [re.escape(part) for part in parts if len(part) >= 2]
    words = [word for word in _SPELT.findall(name) if word not in ("of", "the", "and", "or")]
    if not words or all(word in _EMPTY or word.isdigit() or len(word) < 3 for word in words):
        return []
    gap = r"[\W_]+(?:of |the |and |or )?"
    ways = [r"(?<![a-z0-9])" + gap.join(_inflected(word) for word in words) + r"(?![a-z0-9])"]
    if len(words) >= 3:
        ways.append(r"(?<![a-z0-9])" + "".join(word[0] for word in words) + r"s?(?![a-z0-9])")
    return ways


def _inflected(word: str) -> str:
    if len(word) < 5:
        return re.escape(word) + "s?"
    stem = _LAST.sub("", word)
    stem = stem if len(stem) >= max(4, len(word) - 4) else word
    return re.escape(stem) + "[a-z]{0,5}"


def _uncamelled(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _originals(label_map: Mapping[str, str], name: str) -> list[str]:
    return [original for original, mapped in label_map.items() if mapped == name]


def _synonyms(name: str) -> list[str]:
    return [other for group in _groups() if name in group for other in group if other != name]


@cache
def _groups() -> tuple[frozenset[str], ...]:
    groups: list[frozenset[str]] = []
    for lang in ("en", "zh"):
        content = files("primum.cohort").joinpath("words", f"synonyms_{lang}.yaml").read_text(encoding="utf-8")
        groups += [frozenset(plain(str(word)) for word in group) for group in yaml.safe_load(content)]
    return tuple(groups)
