"""Baselines against answers known by hand and scikit-learn pipelines built independently."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.errors import SplitError
from primum.training import baselines
from primum.training.baseline_models import PROBE_STRENGTHS, TEXT_STRENGTHS, chinese_share
from primum.training.baselines import fit_baselines, linear_probe

pytest.importorskip("sklearn")


def cohort_of(values, *, kind="classes", classes=(), texts=None, vitals=None):
    n = len(values)
    ids = np.arange(n).astype(str).astype(object)
    return Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y", kind=kind)),
        records=Records(n=n, text=None if texts is None else TextList(texts), vitals=vitals or {}),
        ids=ids,
        patients=ids,
        target=Target(kind=kind, classes=classes, values=np.asarray(values)),
        sensitive={"sex": np.array(["F", "M"] * n, dtype=object)[:n]},
        site=np.array(["A"] * n, dtype=object),
    )


def split_of(n, *, train=0.6):
    names = np.array(["test"] * n, dtype=object)
    names[: int(n * train)] = "train"
    names[int(n * train) : int(n * (train + 0.2))] = "validation"
    return names


def test_majority_gives_everybody_the_training_shares_in_file_order():
    split = np.array(["external", "train", "calibration", "train", "test", "train", "validation"], dtype=object)
    cohort = cohort_of([0, 1, 0, 1, 2, 0, 1], classes=("a", "b", "c"))
    fitted = fit_baselines(cohort, split, seed=1)
    said = fitted["majority"]
    assert list(fitted) == ["majority"]
    assert said.ids.tolist() == ["0", "4", "6"]
    assert said.split.tolist() == ["external", "test", "validation"]
    assert said.probabilities == pytest.approx(np.tile([1 / 3, 2 / 3, 0.0], (3, 1)))  # c is absent from train
    assert said.predicted.tolist() == [1, 1, 1]
    assert said.target.tolist() == [0, 2, 1]
    assert said.groups["sex"].tolist() == ["F", "F", "F"]
    assert said.site.tolist() == ["A"] * 3
    assert fitted.detail["majority"] == {"trained_on": 3, "of": 3, "sampled": False}


def test_majority_of_labels_and_of_a_number():
    split = np.array(["train", "train", "train", "test"], dtype=object)
    labels = cohort_of([[1, 0], [1, 0], [0, 0], [0, 1]], kind="labels", classes=("p", "q"))
    said = fit_baselines(labels, split, seed=1)["majority"]
    assert said.probabilities == pytest.approx(np.array([[2 / 3, 0.0]]))
    assert said.predicted.tolist() == [[1, 0]]
    number = cohort_of([1.0, 2.0, 6.0, 9.0], kind="number")
    said = fit_baselines(number, split, seed=1)["majority"]
    assert said.probabilities is None
    assert said.predicted.tolist() == [3.0]


def test_text_agrees_with_a_pipeline_that_scikit_learn_builds(rng):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.pipeline import make_pipeline

    words = np.array("cough fever rash itch pain swelling the a of since".split())
    codes = rng.integers(0, 3, 200)
    texts = [" ".join([*rng.choice(words, 6), *rng.choice(words[2 * c : 2 * c + 2], 2)]) for c in codes]
    cohort, split = cohort_of(codes, classes=("x", "y", "z"), texts=texts), split_of(200)
    said = fit_baselines(cohort, split, seed=1)
    array = np.array(texts)

    def fitted(strength):
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        model = make_pipeline(vectorizer, LogisticRegression(C=strength, max_iter=5000))
        return model.fit(array[split == "train"], codes[split == "train"])

    losses = {
        s: log_loss(codes[split == "validation"], fitted(s).predict_proba(array[split == "validation"]))
        for s in TEXT_STRENGTHS
    }
    best = min(losses, key=losses.get)
    assert said.detail["tfidf_logistic_regression"]["strength"] == best
    oracle = fitted(best).predict_proba(array[split != "train"])
    assert said["tfidf_logistic_regression"].probabilities == pytest.approx(oracle, abs=0.02)
    assert said["tfidf_logistic_regression"].predicted.tolist() == oracle.argmax(axis=1).tolist()


def test_chinese_texts_are_cut_into_characters():
    texts = ["头痛发热三天", "皮肤瘙痒红疹"] * 20
    cohort = cohort_of([0, 1] * 20, classes=("神经科", "皮肤科"), texts=texts)
    fitted = fit_baselines(cohort, split_of(40), seed=1)
    said = fitted["tfidf_logistic_regression"]
    assert fitted.detail["tfidf_logistic_regression"]["terms"] == "characters 1-3"
    assert said.predicted.tolist() == said.target.tolist()
    assert chinese_share(["头痛 ab"]) == 0.5
    assert chinese_share(["", "12 !"]) == 0.0


def test_missing_texts_and_texts_without_a_word_fall_back_to_the_shares():
    cohort = cohort_of([0, 0, 0, 1] * 10, classes=("a", "b"), texts=[None, "", "?", None] * 10)
    said = fit_baselines(cohort, split_of(40), seed=1)["tfidf_logistic_regression"]
    assert said.probabilities[:, 0] == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("name", ["tfidf_logistic_regression", "gradient_boosting"])
def test_a_class_absent_from_train_has_probability_zero(name):
    texts = ["alpha", "gamma"] * 60
    vitals = {"v": VitalColumn(name="v", kind="number", values=np.array([0.0, 1.0] * 60))}
    codes = np.array([0, 2] * 60)
    codes[-1] = 1
    said = fit_baselines(cohort_of(codes, classes=("a", "b", "c"), texts=texts, vitals=vitals), split_of(120), seed=1)
    assert (said[name].probabilities[:, 1] == 0).all()
    assert said[name].probabilities.sum(axis=1) == pytest.approx(1.0)
    assert said[name].predicted[:-1].tolist() == codes[72:-1].tolist()


def test_labels_are_fitted_one_by_one_and_a_constant_one_keeps_its_value():
    texts = ["alpha beta", "alpha", "beta", "none"] * 60
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]] * 60)
    vitals = {"v": VitalColumn(name="v", kind="number", values=np.array([3.0, 2.0, 1.0, 0.0] * 60))}
    cohort = cohort_of(labels, kind="labels", classes=("p", "q", "r"), texts=texts, vitals=vitals)
    fitted = fit_baselines(cohort, split_of(240), seed=1)
    for name in ("tfidf_logistic_regression", "gradient_boosting"):
        assert fitted[name].predicted.tolist() == labels[144:].tolist()
        assert (fitted[name].probabilities[:, 2] == 0).all()


def test_vitals_use_categories_and_missingness(rng):
    ward = np.array(["c", "a", "b", None] * 60, dtype=object)
    number = np.where(np.arange(240) % 8 < 4, np.nan, rng.normal(size=240))
    empty = np.full(240, np.nan)
    # Not "either, but not both": trees split greedily, and neither column alone tells anything about that.
    codes = np.array(
        [(w in ("a", None)) and bool(np.isnan(x)) for w, x in zip(ward, number, strict=True)], dtype=np.int64
    )
    vitals = {
        "ward": VitalColumn(name="ward", kind="category", values=ward),
        "number": VitalColumn(name="number", kind="number", values=number),
        "empty": VitalColumn(name="empty", kind="number", values=empty),
    }
    said = fit_baselines(cohort_of(codes, classes=("n", "y"), vitals=vitals), split_of(240), seed=1)
    assert said["gradient_boosting"].predicted.tolist() == codes[144:].tolist()


def test_a_number_from_vitals_and_text_beats_the_mean(rng):
    values = rng.uniform(0, 10, 300)
    texts = ["high" if value > 5 else "low" for value in values]
    vitals = {"v": VitalColumn(name="v", kind="number", values=values**2)}
    fitted = fit_baselines(cohort_of(values, kind="number", texts=texts, vitals=vitals), split_of(300), seed=1)
    error = {name: np.abs(said.predicted - said.target).mean() for name, said in fitted.items()}
    assert error["gradient_boosting"] < 0.3
    assert 1.0 < error["tfidf_logistic_regression"] < 1.6 < error["majority"]


def test_linear_probe_agrees_with_a_pipeline_that_scikit_learn_builds(rng):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = rng.normal(3.0, 5.0, (300, 6))
    codes = (features[:, 0] + features[:, 1] + rng.normal(0, 5, 300) > 6).astype(np.int64)
    cohort, split = cohort_of(codes, classes=("n", "y")), split_of(300)
    said = linear_probe(features, cohort, split, seed=1)
    models = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000)) for c in PROBE_STRENGTHS]
    models = [model.fit(features[split == "train"], codes[split == "train"]) for model in models]
    judged = split == "validation"
    best = min(models, key=lambda model: log_loss(codes[judged], model.predict_proba(features[judged])))
    assert said.probabilities == pytest.approx(best.predict_proba(features[split != "train"]), abs=5e-3)


def test_many_records_are_sampled_by_class_and_the_detail_says_so(monkeypatch):
    monkeypatch.setattr(baselines, "MOST_TRAINING_RECORDS", 100)
    codes = np.array([0] * 899 + [1] * 100 + [2])
    cohort = cohort_of(codes, classes=("a", "b", "c"), texts=["t"] * 1000)
    split = np.array(["train"] * 1000, dtype=object)
    rows = baselines._rows(cohort, split, seed=3).train
    assert len(rows) == len(set(rows.tolist())) == 100
    assert np.abs(np.bincount(codes[rows]) - [89, 10, 1]).max() <= 1
    assert (baselines._rows(cohort, split, seed=3).train == rows).all()
    assert (baselines._rows(cohort, split, seed=4).train != rows).any()
    split[-1] = "test"
    detail = fit_baselines(cohort, split, seed=3).detail
    assert detail["tfidf_logistic_regression"]["sampled"] is True
    assert (detail["tfidf_logistic_regression"]["trained_on"], detail["majority"]["trained_on"]) == (100, 999)


def test_nothing_to_train_on_is_an_error():
    cohort = cohort_of([0, 1], classes=("a", "b"))
    with pytest.raises(SplitError, match="the split train holds no record"):
        fit_baselines(cohort, np.array(["test", "test"], dtype=object), seed=1)


def test_the_same_seed_gives_the_same_predictions(rng):
    vitals = {"v": VitalColumn(name="v", kind="number", values=rng.normal(size=100))}
    cohort = cohort_of(rng.integers(0, 2, 100), classes=("a", "b"), vitals=vitals)
    first, second = (fit_baselines(cohort, split_of(100), seed=5)["gradient_boosting"] for _ in range(2))
    assert (first.probabilities == second.probabilities).all()
