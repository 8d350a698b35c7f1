"""Models whose rule is known: reasons name the rule first; a model that knows nothing has its reasons withheld."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import InputRoles, Roles, TargetRole, VitalRole
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import TrainingPlan
from primum.transparency import explain
from primum.transparency.explaining import subject_of
from primum.transparency.methods import METHODS
from primum.transparency.trust import faithfulness

PLANTED, N, TESTED = "zebra", 340, 140


@pytest.fixture(scope="module")
def texts(shared_data) -> list[str]:
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        rows = [row["text"] for row in csv.DictReader(stream)]
    return [rows[i] for i in np.random.default_rng(3).choice(len(rows), N, replace=False)]


def _cohort(texts, rate, classes) -> tuple[Cohort, np.ndarray]:
    ids = np.array([str(i) for i in range(N)], dtype=object)
    roles = Roles(inputs=InputRoles(text=("t",), vitals=(VitalRole(column="rate"),)), target=TargetRole(column="y"))
    vitals = {
        "rate": VitalColumn(name="rate", kind="number", values=rate),
        "noise": VitalColumn(name="noise", kind="number", values=np.random.default_rng(5).normal(size=N)),
    }
    split = np.full(N, "train", dtype=object)
    split[:TESTED], split[TESTED : TESTED + 30] = "test", "validation"
    cohort = Cohort(
        roles=roles,
        records=Records(n=N, text=TextList(texts), vitals=vitals),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=("no", "yes"), values=classes.astype(np.int64)),
    )
    return cohort, split


def _fitted(cohort, split, folder, names, backbone):
    request = FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method="head"), width=16),
        plan=TrainingPlan(epochs=25, batch=16, head_lr=1e-2, precision="fp32"),
        backbone_folder=backbone,
        max_tokens=48,
        input_names=names,
        folder=folder,
        model_folder=folder / "model",
        probe=False,
    )
    return fit(request).predictor


@pytest.fixture(scope="module")
def planted(texts, tmp_path_factory):
    """A model of text that learnt one word, and the test records that have it."""
    rng = np.random.default_rng(1)
    has = rng.random(N) < 0.5
    marked = []
    for text, yes in zip(texts, has, strict=True):
        words = text.split()
        if yes:
            words.insert(int(rng.integers(len(words))), PLANTED)
        marked.append(" ".join(words))
    cohort, split = _cohort(marked, rng.normal(size=N), has)
    predictor = _fitted(cohort, split, tmp_path_factory.mktemp("planted"), ("text",), locate_backbone("minilm"))
    rows = np.flatnonzero(has[:TESTED])
    return predictor, Records(n=len(rows), text=TextList([marked[i] for i in rows]))


@pytest.mark.parametrize(
    "method", ["attention_gradient", "occlusion", "integrated_gradients", "integrated_gradients_bf16"]
)
def test_a_planted_word_comes_first(planted, method):
    predictor, records = planted
    subject = subject_of(predictor, records, about="yes")
    # A long note loses its end, and with it sometimes the word: of that the model knows nothing.
    rows = np.array([i for i, p in enumerate(subject.parts) if PLANTED in [word.text for word in p.words]])
    assert len(rows) >= 60
    subject = subject.chosen(rows)
    assert (subject.answers.argmax(1) == 1).mean() > 0.9  # it learnt the rule
    found = METHODS.get(method)(subject, 7).parts
    first = [parts.words[int(values.argmax())].text for parts, values in zip(subject.parts, found, strict=True)]
    assert np.mean([word == PLANTED for word in first]) >= 0.95


@pytest.fixture(scope="module")
def threshold(texts, tmp_path_factory, short_backbone):
    """A model that learnt one threshold of a vital, and the test records."""
    rng = np.random.default_rng(2)
    rate = rng.normal(80, 15, N)
    sick = rate > 80
    rate[TESTED:][rng.random(N - TESTED) < 0.2] = np.nan  # so that the model learns what to make of none
    cohort, split = _cohort(texts, rate, sick)
    predictor = _fitted(cohort, split, tmp_path_factory.mktemp("threshold"), ("text", "vitals"), short_backbone)
    values = {name: replace(v, values=v.values[:TESTED]) for name, v in cohort.records.vitals.items()}
    records = Records(n=TESTED, text=TextList(texts[:TESTED]), vitals=values)
    return predictor, records


@pytest.mark.parametrize("method", ["attention_gradient", "occlusion", "integrated_gradients"])
def test_a_threshold_of_a_vital_comes_first(threshold, method):
    predictor, records = threshold
    assert len(records) >= 60
    subject = subject_of(predictor, records)
    found = METHODS.get(method)(subject, 7).parts
    first = [p.names[int(v[len(p.words) :].argmax())] for p, v in zip(subject.parts, found, strict=True)]
    assert np.mean([name == "rate" for name in first]) >= 0.95


def test_reasons_of_a_random_model_are_no_better_than_chance_and_withheld(planted):
    predictor, records = planted
    records = Records(n=40, text=TextList(records.text.take(np.arange(40))))
    before = explain(predictor, records)
    kept = {name: tensor.clone() for name, tensor in predictor.net.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in predictor.net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.02)
    try:
        after = explain(predictor, records)
    finally:
        predictor.net.load_state_dict(kept)
    assert before.holds().mean() >= 0.9
    faithful = after.faithful
    assert abs(float((faithful.comprehensiveness - faithful.random_comprehensiveness).mean())) < 0.02
    assert (~after.holds()).mean() >= 0.95
    assert all("chance" in why for why, holds in zip(after.withheld, after.holds(), strict=True) if not holds)


def test_a_reason_taken_from_another_model_is_no_better_than_chance(planted):
    predictor, records = planted
    subject = subject_of(predictor, records, about="yes")
    generator = np.random.default_rng(4)
    nonsense = [generator.normal(size=len(parts)) for parts in subject.parts]
    faithful = faithfulness(subject, nonsense, draws=10)
    excess = faithful.comprehensiveness - faithful.random_comprehensiveness
    assert abs(excess.mean()) < 3 * excess.std(ddof=1) / len(excess) ** 0.5 + 1e-6
    assert 0.3 < faithful.beaten.mean() < 0.7
