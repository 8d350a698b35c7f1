"""The models behind the baselines: prior, TF-IDF, linear models tuned on validation, gradient boosting.

Every fit returns an Outcome whose output has one row a predicted record: probabilities in the order of the target's
classes, or numbers. scikit-learn is imported when a model is fitted.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Target
from primum.cohort.images import thumbnails
from primum.cohort.records import ImageColumn, VitalColumn
from primum.evidence.predictions import FloatArray, IntArray
from primum.extras import require

TEXT_STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Inverse regularisation strengths to choose from for TF-IDF terms; Ridge takes their inverses."""
PROBE_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""The same for standardised features, of which each weighs as much as a hundred terms."""
IMAGE_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""The same for pixels and histograms of gradients, shares of 1."""
_HOG_SIDE = 128
MOST_FEATURES = 30_000
"""Most terms of a TF-IDF table, the most frequent ones."""
MOST_CATEGORIES = 250
"""Gradient boosting takes at most 255 categories a column; rarer ones count as missing."""
CHINESE_SHARE = 0.2
"""From this share of Chinese characters on, texts are cut into characters, for want of spaces between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a baseline says about the predicted records."""

    output: FloatArray
    """Probabilities (n, k) for classes and labels, values (n,) for a number."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Settings that the data chose, as plain JSON."""


def majority(target: Target, train: IntArray, predicted: IntArray) -> Outcome:
    """Return the shares of the classes (or labels) among the training records, or a number's mean, for everybody."""
    values = target.values[train]
    if target.kind == "classes":
        constant = np.bincount(values, minlength=len(target.classes)) / len(values)
    else:
        constant = values.mean(axis=0, dtype=np.float64)
    return Outcome(output=np.repeat(np.asarray(constant)[np.newaxis], len(predicted), axis=0))


def tfidf(
    train: Sequence[str], validation: Sequence[str], predicted: Sequence[str]
) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Return the three sparse TF-IDF tables, fitted on `train`, and how texts were cut.

    Words alone and in pairs; characters alone, in pairs and triples where at least a fifth of the text is Chinese.
    """
    text = require("sklearn.feature_extraction.text", extra="train", purpose="The text baseline")
    chinese = chinese_share(train) >= CHINESE_SHARE
    cut = {"analyzer": "char", "ngram_range": (1, 3)} if chinese else {"analyzer": "word", "ngram_range": (1, 2)}
    pattern = r"(?u)\b\w+\b"  # single letters and digits count: "L", "2"; an empty vocabulary is handled below
    vectorizer = text.TfidfVectorizer(
        **cut, token_pattern=None if chinese else pattern, sublinear_tf=True, max_features=MOST_FEATURES
    )
    terms = "characters 1-3" if chinese else "words 1-2"
    try:
        fitted = vectorizer.fit_transform(train)
    except ValueError:  # no term at all: every text is empty
        empty = [np.zeros((len(part), 1)) for part in (train, validation, predicted)]
        return empty[0], empty[1], empty[2], {"terms": terms, "n_terms": 0}
    tables = [vectorizer.transform(part) if len(part) else fitted[:0] for part in (validation, predicted)]
    return fitted, tables[0], tables[1], {"terms": terms, "n_terms": len(vectorizer.vocabulary_)}


def chinese_share(texts: Sequence[str], *, most: int = 2_000) -> float:
    """Return the share of Chinese characters among the letters of the first `most` texts, in [0, 1]."""
    letters = [letter for text in islice(texts, most) for letter in text if letter.isalpha()]
    if not letters:
        return 0.0
    return sum("\u3400" <= letter <= "\u9fff" for letter in letters) / len(letters)


def linear(
    target: Target,
    train: Any,
    validation: Any,
    predicted: Any,
    *,
    rows: tuple[IntArray, IntArray],
    strengths: Sequence[float] = TEXT_STRENGTHS,
) -> Outcome:
    """Return what the linear model with the least validation loss says.

    Args:
        target: the coded target of the whole cohort.
        train: features of the training records, dense or sparse, shape (n_train, d).
        validation: features of the validation records; may have no row, the middle strength is taken then.
        predicted: features of the records to predict.
        rows: the cohort's rows of `train` and of `validation`.
        strengths: inverse regularisation strengths to choose from, ascending.
    Logistic regression for classes (multinomial) and labels (one against the rest), judged by log loss; Ridge for a
    number, judged by squared error.
    """
    fit: Callable[..., list[FloatArray]] = _ridge if target.kind == "number" else _logistic
    known, judged = (target.values[part] for part in rows)
    if len(judged) == 0:
        middle = strengths[len(strengths) // 2]
        return Outcome(output=fit(known, train, (predicted,), target, middle)[0], chosen={"strength": middle})
    best = Outcome(output=np.empty(0), chosen={"validation_loss": np.inf})
    for strength in strengths:
        on_validation, output = fit(known, train, (validation, predicted), target, strength)
        loss = _loss(judged, on_validation, target)
        if loss < best.chosen["validation_loss"]:
            best = Outcome(output=output, chosen={"strength": strength, "validation_loss": loss})
    return best


def gradient_histograms(images: ImageColumn, rows: IntArray) -> FloatArray:
    """Return histograms of oriented gradients of each picture at 128 pixels, shape (n, d); 0 where there is none.

    Nine directions in cells of 16 pixels, blocks of two by two (Dalal and Triggs 2005, CVPR).
    """
    feature = require("skimage.feature", extra="imaging", purpose="The image baseline")
    pixels = thumbnails(images, rows, side=_HOG_SIDE).reshape(-1, _HOG_SIDE, _HOG_SIDE)
    found = [
        feature.hog(np.nan_to_num(one), orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
        for one in pixels
    ]
    return np.stack(found).astype(np.float64) if found else np.zeros((0, 1))


def raw_pixels(images: ImageColumn, rows: IntArray) -> FloatArray:
    """Return each picture at 32 pixels a side, shares of white less a half, shape (n, 1024); 0 where there is none."""
    found: FloatArray = np.nan_to_num(thumbnails(images, rows, side=32) - 0.5).astype(np.float64)
    return found


def vitals_table(vitals: Mapping[str, VitalColumn], train: IntArray) -> tuple[FloatArray, list[bool]]:
    """Return vitals as numbers, shape (n, number of vitals), NaN where missing, and which columns are categories.

    A category is coded by its rank of frequency in `train`; one that `train` does not know counts as missing.
    """
    columns = [_codes(column, train) if column.kind == "category" else column.values for column in vitals.values()]
    table = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    return table, [column.kind == "category" for column in vitals.values()]


def boosting(
    target: Target, table: FloatArray, *, rows: tuple[IntArray, IntArray], categorical: list[bool], seed: int
) -> Outcome:
    """Return what gradient boosted trees (100 of depth 3, no early stopping, missing values kept) say.

    Args:
        target: the coded target of the whole cohort.
        table: vitals of the whole cohort, see `vitals_table`.
        rows: rows to fit on, and rows to predict.
        categorical: which columns hold categories.
        seed: for the binning of large cohorts.
    """
    ensemble = require("sklearn.ensemble", extra="train", purpose="The vitals baseline")
    settings: dict[str, Any] = {"max_iter": 100, "max_depth": 3, "early_stopping": False, "random_state": seed}
    settings["categorical_features"] = categorical
    settings["min_samples_leaf"] = min(20, max(2, len(rows[0]) // 20))  # 20 records could never split a small cohort
    train, predicted = rows
    known = target.values[train]
    # scikit-learn cannot bin a column that is missing throughout; a constant one teaches it as little.
    table = np.where(np.isnan(table[train]).all(axis=0), 0.0, table)
    if target.kind == "number":
        model = ensemble.HistGradientBoostingRegressor(**settings).fit(table[train], known)
        return Outcome(output=model.predict(table[predicted]))
    if target.kind == "labels":
        columns = [
            _binary(ensemble.HistGradientBoostingClassifier(**settings), table[train], label, (table[predicted],))[0]
            for label in known.T
        ]
        return Outcome(output=np.column_stack(columns))
    if len(np.unique(known)) == 1:
        return majority(target, train, predicted)
    model = ensemble.HistGradientBoostingClassifier(**settings).fit(table[train], known)
    return Outcome(output=_all_classes(model, table[predicted], target))


def _logistic(known: IntArray, train: Any, asked: tuple[Any, ...], target: Target, strength: float) -> list[FloatArray]:
    linear_model = require("sklearn.linear_model", extra="train", purpose="The linear baseline")
    exceptions = require("sklearn.exceptions", extra="train", purpose="The linear baseline")
    with warnings.catch_warnings():
        # A fit cut off at max_iter is still a fair baseline: it was chosen by its loss on validation.
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        make = linear_model.LogisticRegression
        if target.kind == "labels":
            fits = [_binary(make(C=strength, max_iter=2000), train, label, asked) for label in known.T]
            return [np.column_stack(columns) for columns in zip(*fits, strict=True)]
        if len(np.unique(known)) == 1:
            return [np.eye(len(target.classes))[np.full(part.shape[0], known[0])] for part in asked]
        model = make(C=strength, max_iter=2000).fit(train, known)
    return [_all_classes(model, part, target) for part in asked]


def _ridge(known: FloatArray, train: Any, asked: tuple[Any, ...], target: Target, strength: float) -> list[FloatArray]:
    linear_model = require("sklearn.linear_model", extra="train", purpose="The linear baseline")
    model = linear_model.Ridge(alpha=1.0 / strength).fit(train, known)
    return [_predicted(model.predict, part) for part in asked]


def _predicted(predict: Any, part: Any) -> FloatArray:
    return np.asarray(predict(part), dtype=np.float64) if part.shape[0] else np.empty(0)


def _binary(model: Any, train: Any, label: IntArray, asked: tuple[Any, ...]) -> list[FloatArray]:
    """The label's probability for each part of `asked`; a label that never changes in train keeps its value."""
    if label.min() == label.max():
        return [np.full(part.shape[0], float(label[0])) for part in asked]
    model.fit(train, label)
    return [_predicted(lambda rows: model.predict_proba(rows)[:, 1], part) for part in asked]


def _all_classes(model: Any, part: Any, target: Target) -> FloatArray:
    output = np.zeros((part.shape[0], len(target.classes)))
    if part.shape[0]:
        output[:, model.classes_] = model.predict_proba(part)
    return output


def _codes(column: VitalColumn, train: IntArray) -> FloatArray:
    known = [value for value in column.values[train] if value is not None]
    names, counts = np.unique(np.asarray(known, dtype=str), return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")][:MOST_CATEGORIES]
    code = {name: float(rank) for rank, name in enumerate(frequent.tolist())}
    return np.array([np.nan if value is None else code.get(value, np.nan) for value in column.values])


def _loss(truth: npt.NDArray[Any], output: FloatArray, target: Target) -> float:
    if target.kind == "number":
        return float(np.mean((truth - output) ** 2))
    p = np.clip(output, 1e-15, 1 - 1e-15)
    if target.kind == "classes":
        return float(-np.log(p[np.arange(len(truth)), truth]).mean())
    return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean())
