"""Honest baselines: what a model must beat before anybody may say that fine-tuning bought something.

Each is fitted on the split train in seconds, tuned on validation where it has a knob, and predicts the records of
validation, test and external. None of them sees a backbone; the un-tuned backbone enters as ready-made features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.cohort.cohort import Cohort
from primum.cohort.records import ImageColumn
from primum.errors import SplitError
from primum.evidence.predictions import FloatArray, IntArray, Predictions, TextArray
from primum.evidence.split_names import measured_splits
from primum.extras import require
from primum.training import baseline_models as models

MOST_TRAINING_RECORDS = 50_000
"""More training records are sampled down to this many: a baseline takes seconds, not minutes."""


class Baselines(dict[str, Predictions]):
    """Predictions by baseline's name, with what a reader must know about each fit.

    Attributes:
        detail: baseline's name -> plain JSON: records trained on, of how many, sampled or not, what was chosen.
    """

    def __init__(self) -> None:
        """Begin with no baseline."""
        super().__init__()
        self.detail: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    train: IntArray
    """Rows to fit on, at most MOST_TRAINING_RECORDS."""
    validation: IntArray
    predicted: IntArray
    """Rows to predict, in file order."""
    n_train: int
    """Records in the split train."""


def fit_baselines(cohort: Cohort, split: TextArray, *, seed: int, n_jobs: int = 1) -> Baselines:
    """Return the predictions of every baseline that the cohort's inputs allow.

    Args:
        cohort: the records.
        split: each record's split name, shape (n,).
        seed: for sampling the training records and for gradient boosting.
        n_jobs: most threads to use.
    Returns:
        "majority" always; "tfidf_logistic_regression" with a text input; "gradient_boosting" with vitals;
        "pixel_logistic_regression" and "hog_logistic_regression" with images. Rows are the records of validation, test
        and external in file order. A class absent from train gets probability 0.
    Raises:
        SplitError: there is nothing to train on.
        ExtraMissingError: scikit-learn is not installed.
    """
    rows = _rows(cohort, split, seed=seed)
    fitted = Baselines()
    _add(fitted, "majority", cohort, split, rows, models.majority(cohort.target, _train_rows(split), rows.predicted))
    with _threads(n_jobs):
        if cohort.records.text is not None:
            outcome = _fit_text(cohort, rows)
            _add(fitted, "tfidf_logistic_regression", cohort, split, rows, outcome)
        if cohort.records.image is not None:
            for name, seen in (
                ("pixel_logistic_regression", models.raw_pixels),
                ("hog_logistic_regression", models.gradient_histograms),
            ):
                _add(fitted, name, cohort, split, rows, _fit_images(cohort, rows, cohort.records.image, seen))
        if cohort.records.vitals:
            outcome = _fit_vitals(cohort, rows, seed=seed)
            _add(fitted, "gradient_boosting", cohort, split, rows, outcome)
    return fitted


def linear_probe(features: FloatArray, cohort: Cohort, split: TextArray, *, seed: int) -> Predictions:
    """Return the predictions of a linear model on standardised features: what an un-tuned backbone knows already.

    Args:
        features: shape (n, d), one row a record of the cohort, finite.
        cohort: the records the features were made from.
        split: each record's split name, shape (n,).
        seed: for sampling the training records.
    Raises:
        SplitError: there is nothing to train on.
        ExtraMissingError: scikit-learn is not installed.
    """
    rows = _rows(cohort, split, seed=seed)
    preprocessing = require("sklearn.preprocessing", extra="train", purpose="The linear probe")
    scaler = preprocessing.StandardScaler().fit(features[rows.train])
    matrices = (scaler.transform(features[part]) for part in (rows.train, rows.validation, rows.predicted))
    outcome = models.linear(
        cohort.target, *matrices, rows=(rows.train, rows.validation), strengths=models.PROBE_STRENGTHS
    )
    return _predictions(cohort, split, rows.predicted, outcome.output)


def _fit_text(cohort: Cohort, rows: _Rows) -> models.Outcome:
    text = cohort.records.text
    assert text is not None
    parts = [[note or "" for note in text.take(part)] for part in (rows.train, rows.validation, rows.predicted)]
    train, validation, predicted, words = models.tfidf(*parts)
    outcome = models.linear(cohort.target, train, validation, predicted, rows=(rows.train, rows.validation))
    return models.Outcome(output=outcome.output, chosen={**outcome.chosen, **words})


def _fit_images(
    cohort: Cohort, rows: _Rows, images: ImageColumn, seen: Callable[[ImageColumn, IntArray], FloatArray]
) -> models.Outcome:
    train, validation, predicted = (seen(images, part) for part in (rows.train, rows.validation, rows.predicted))
    return models.linear(
        cohort.target,
        train,
        validation,
        predicted,
        rows=(rows.train, rows.validation),
        strengths=models.IMAGE_STRENGTHS,
    )


def _fit_vitals(cohort: Cohort, rows: _Rows, *, seed: int) -> models.Outcome:
    table, categorical = models.vitals_table(cohort.records.vitals, rows.train)
    return models.boosting(cohort.target, table, rows=(rows.train, rows.predicted), categorical=categorical, seed=seed)


def _rows(cohort: Cohort, split: TextArray, *, seed: int) -> _Rows:
    train = _train_rows(split)
    if len(train) == 0:
        raise SplitError("baselines: the split train holds no record; raise cohort.split.train.")
    return _Rows(
        train=_sampled(train, cohort, seed=seed),
        validation=np.flatnonzero(split == "validation"),
        predicted=np.flatnonzero(np.isin(split.astype(str), ["validation", *measured_splits(split)])),
        n_train=len(train),
    )


def _train_rows(split: TextArray) -> IntArray:
    return np.flatnonzero(split == "train")


def _sampled(rows: IntArray, cohort: Cohort, *, seed: int) -> IntArray:
    """At most MOST_TRAINING_RECORDS of `rows`, each class keeping its share and at least one record."""
    if len(rows) <= MOST_TRAINING_RECORDS:
        return rows
    shuffled = np.random.default_rng(seed).permutation(rows)
    if cohort.target.kind != "classes":
        return np.sort(shuffled[:MOST_TRAINING_RECORDS])
    codes = cohort.target.values[shuffled]
    # The i-th of a class's m records stands at (i + 1/2) / m; taking the smallest takes the same share of each class.
    place = np.empty(len(rows))
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
        place[members[0]] = 0.0
    return np.sort(shuffled[np.argsort(place, kind="stable")[:MOST_TRAINING_RECORDS]])


def _add(fitted: Baselines, name: str, cohort: Cohort, split: TextArray, rows: _Rows, outcome: models.Outcome) -> None:
    fitted[name] = _predictions(cohort, split, rows.predicted, outcome.output)
    used = rows.n_train if name == "majority" else len(rows.train)
    fitted.detail[name] = {
        "trained_on": used,
        "of": rows.n_train,
        "sampled": used < rows.n_train,
        **outcome.chosen,
    }


def _predictions(cohort: Cohort, split: TextArray, rows: IntArray, output: FloatArray) -> Predictions:
    target = cohort.target
    decide: Mapping[str, Callable[[FloatArray], IntArray | FloatArray]] = {
        "classes": lambda p: p.argmax(axis=1).astype(np.int64),
        "labels": lambda p: (p >= 0.5).astype(np.int64),
        "number": lambda value: value,
    }
    return Predictions(
        ids=cohort.ids[rows],
        split=split[rows],
        target_type=cohort.target.kind,
        classes=target.classes,
        target=target.values[rows],
        predicted=decide[target.kind](output),
        probabilities=None if target.kind == "number" else output,
        groups={name: values[rows] for name, values in cohort.sensitive.items()},
        site=None if cohort.site is None else cohort.site[rows],
        patient=None if cohort.roles.patient is None else cohort.patients[rows],
    )


def _threads(n_jobs: int) -> Any:
    return require("threadpoolctl", extra="train", purpose="Fitting baselines").threadpool_limits(limits=n_jobs)
