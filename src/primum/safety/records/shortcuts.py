"""Shortcuts: a single word, field, hospital, length or form of the text that alone nearly decides the target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.images import thumbnails
from primum.evidence.finding import Finding
from primum.safety.records.giving import Giving, best_cut, giving_away
from primum.safety.records.ridge import FOLDS
from primum.safety.records.sample import Sample, binned, levels_of, quantile_bins
from primum.safety.records.told import SMALL, critical_of, told

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_METHOD_FIELD = (
    "held-out predictability of the class from this alone, five folds by patient: sensitivity plus specificity minus "
    "one of the level-by-level base rates; Newcombe's interval, simultaneous over {m} figures (Bonferroni)"
)
_METHOD_WORD = (
    "share of the class's records with this one word, sign or pair of words minus that share elsewhere, or the other "
    "way round; the strongest of {d}; Newcombe's interval, simultaneous over all of them (Bonferroni)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_LEAST_TOLD, _MOST_WORDS = 0.2, 5
_FINE = 50
"""Quantile bins of a number, so that an edge lies near any cut that decides."""
_DECIDES, _BEYOND = 0.9, 0.15
"""What gives away this much, and this much more than everything else together, decides alone."""


def shortcut_findings(cohort: Cohort, sample: Sample) -> list[Finding]:
    """Return for each field, the site, the text's length and form, and the strongest word, how much it gives away.

    Each is told beside what all other inputs together give away (`all_others`), so that a strong clinical sign among
    other strong signs can be told from a mark that decides alone.
    """
    if len(sample.rows) < 2 * FOLDS:
        return []
    fields = list(_fields(cohort, sample))
    m = max(1, len(fields) * len(sample.classes))
    findings: list[Finding] = []
    for kind, column, codes in fields:
        away = _given_by(predicted(codes, sample.wanted, sample.folds), sample, critical=critical_of(m))
        findings += _strongest(away, sample, kind=kind, column=column, method=_METHOD_FIELD.format(m=m))
    findings += _words(sample)
    return sorted(findings, key=lambda finding: -(finding.value or 0.0))


def predicted(codes: IntArray, wanted: FloatArray, folds: IntArray) -> npt.NDArray[np.bool_]:
    """Return whether each class is likelier than usual given a record's code, by the other folds, shape (n, k)."""
    size = int(codes.max(initial=0)) + 1
    said = np.zeros(wanted.shape, dtype=bool)
    for fold in range(FOLDS):
        mine = folds == fold
        seen, truth = codes[~mine], wanted[~mine]
        rate = truth.mean(axis=0) if len(truth) else np.zeros(wanted.shape[1])
        count = np.bincount(seen, minlength=size)
        hits = np.column_stack([np.bincount(seen, weights=column, minlength=size) for column in truth.T])
        smoothed = (hits + rate) / (count[:, None] + 1.0)
        said[mine] = smoothed[codes[mine]] > rate
    return said


def _fields(cohort: Cohort, sample: Sample) -> Iterator[tuple[str, str, IntArray]]:
    for vital in cohort.records.vitals.values():
        yield "vital", vital.name, binned(vital, sample.rows, bins=_FINE)
    if cohort.site is not None:
        yield "site", str(cohort.roles.site), levels_of(cohort.site[sample.rows])
    if cohort.records.image is not None:
        for aspect, values in _looks(thumbnails(cohort.records.image, sample.rows)).items():
            yield "form", aspect, quantile_bins(values)
    if cohort.records.text is not None:
        texts = [text or "" for text in cohort.records.text.take(sample.rows)]
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        yield "length", "text", quantile_bins(lengths)
        for column, forms in _forms(texts).items():
            yield "form", column, levels_of(forms)


def _looks(pixels: npt.NDArray[np.float32]) -> dict[str, FloatArray]:
    """Return what a device leaves in each picture of few pixels: brightness, contrast, and how bright its rim is."""
    side = int(np.sqrt(pixels.shape[1]))
    rim = np.ones((side, side), dtype=bool)
    rim[1:-1, 1:-1] = False
    return {
        "brightness of the image": pixels.mean(axis=1).astype(np.float64),
        "contrast of the image": pixels.std(axis=1).astype(np.float64),
        "rim of the image": pixels[:, rim.ravel()].mean(axis=1).astype(np.float64),
    }


def _forms(texts: Sequence[str]) -> dict[str, npt.NDArray[np.object_]]:
    """Return the form of each text by aspect: how it begins, ends, is laid out and written."""
    aspects = {
        "beginning of the text": lambda text: " ".join(text.split()[:2]).lower() if not _is_dense(text) else text[:4],
        "end of the text": lambda text: " ".join(text.split()[-2:]).lower() if not _is_dense(text) else text[-4:],
        "layout of the text": _layout,
        "case of the text": _case,
    }
    found = {}
    for name, aspect in aspects.items():
        values = np.empty(len(texts), dtype=object)
        values[:] = [aspect(text) for text in texts]
        found[name] = values
    return found


def _is_dense(text: str) -> bool:
    return text.count(" ") * 12 < len(text)


def _layout(text: str) -> str:
    ending = text.rstrip()[-1:]
    return "|".join(
        (
            "alnum" if ending.isalnum() else ending,
            str(min(text.count("\n"), 3)),
            str("  " in text),
            str("\t" in text),
            str(":" in text or "：" in text),
            str(text != text.strip()),
        )
    )


def _case(text: str) -> str:
    letters = _LETTERS.findall(text)
    upper = sum(word.isupper() and len(word) > 1 for word in letters)
    first = next((word for word in letters), "")
    return f"{upper * 4 // max(len(letters), 1)}|{first[:1].isupper()}|{text.isascii()}"


def _given_by(said: npt.NDArray[np.bool_], sample: Sample, *, critical: float = 1.96) -> Giving:
    """Return the giving away of each class by its own column of `said`; figures of shape (1, k)."""
    parts = [
        giving_away(
            said[:, [c]].astype(np.float64), sample.wanted[:, [c]], critical=critical, effective=sample.effective
        )
        for c in range(said.shape[1])
    ]
    return Giving(
        **{
            name: np.column_stack([getattr(part, name) for part in parts])
            for name in ("inside", "outside", "value", "low", "high")
        }
    )


def _strongest(away: Giving, sample: Sample, *, kind: str, column: str, method: str) -> Iterator[Finding]:
    """Yield the finding on the class that is given away most."""
    in_class = sample.wanted.sum(axis=0)
    fit = np.where(np.minimum(in_class, len(sample.rows) - in_class) >= SMALL, away.value[0], -1.0)
    c = int(fit.argmax())
    if fit[c] <= -1.0:
        return
    value, low, high = (max(float(part[0, c]), 0.0) for part in (away.value, away.low, away.high))
    others = best_cut(_score_without(sample, _columns_of(sample, column), c), sample.wanted[:, c] > 0)
    yield told(
        "shortcut",
        value,
        n=int(in_class[c]),
        bounds=(low, high),
        class_=sample.classes[c],
        kind=kind,
        column=column,
        role=_role(value, others),
        all_others=round(others, 4),
        method=method,
    )


def _role(value: float, others: float) -> str:
    """Return whether a thing decides alone, is strong among strong others, or is one of many."""
    if value < _DECIDES:
        return "one of many"
    return "decides alone" if value - others >= _BEYOND else "strong among others"


def _columns_of(sample: Sample, column: str) -> IntArray:
    """Return the places of a vital among the features; none for what is no feature."""
    place = sample.places.get(column)
    return np.zeros(0, dtype=np.int64) if place is None else np.arange(*place, dtype=np.int64)


def _words(sample: Sample) -> Iterator[Finding]:
    """Yield the strongest word of each class that gives away a fifth or more, the five strongest classes."""
    if sample.tokens is None or not sample.tokens.matrix.shape[1]:
        return
    matrix = sample.tokens.matrix
    d = matrix.shape[1]
    away = giving_away(matrix, sample.wanted, critical=critical_of(d * len(sample.classes)), effective=sample.effective)
    in_class = sample.wanted.sum(axis=0)
    strength = np.where(np.minimum(in_class, len(sample.rows) - in_class) >= SMALL, np.abs(away.value), -1.0)
    best = strength.argmax(axis=0)
    for c in np.argsort(-strength.max(axis=0), kind="stable")[:_MOST_WORDS].tolist():
        token = int(best[c])
        value, low, high = (float(part[token, c]) for part in (away.value, away.low, away.high))
        if value < 0:
            value, low, high = -value, -high, -low
        if value < _LEAST_TOLD:
            continue
        others = best_cut(_score_without(sample, _with(sample, token), c), sample.wanted[:, c] > 0)
        yield told(
            "shortcut",
            value,
            n=int(in_class[c]),
            bounds=(max(low, 0.0), max(high, 0.0)),
            class_=sample.classes[c],
            kind="word",
            column="text",
            role=_role(value, others),
            inside=float(away.inside[token, c]),
            outside=float(away.outside[token, c]),
            all_others=round(others, 4),
            method=_METHOD_WORD.format(d=d),
        )


def _with(sample: Sample, token: int) -> IntArray:
    """Return the tokens that go with one token: nearly the same records hold them."""
    assert sample.tokens is not None
    matrix = sample.tokens.matrix
    column = np.asarray(matrix[:, [token]].todense()).ravel()
    together = np.asarray(matrix.T @ column).ravel()
    often = np.asarray(matrix.sum(axis=0)).ravel()
    return np.flatnonzero(together >= 0.8 * (column.sum() + often - together))


def _score_without(sample: Sample, columns: IntArray, c: int) -> FloatArray:
    """Return the held-out scores of a class, less what some features contribute, shape (m,)."""
    if not len(columns):
        return sample.score[:, c]
    part = sample.features[:, columns]
    score = sample.score[:, c].copy()
    for fold, weight in enumerate(sample.weights):
        mine = np.flatnonzero(sample.folds == fold)
        if len(mine) and weight.shape[1] > c:
            score[mine] -= part[mine] @ weight[columns, c]
    return score
