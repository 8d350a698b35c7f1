"""Training by shards: who is dealt where, what the mean answers, and unlearning that equals training without."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import chisquare

from primum.cohort import take
from primum.errors import InputError, SplitError, StudyError
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.gradients import Asked
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.training.fit import FitRequest, fit
from primum.training.names import SHARDS
from primum.training.plan import TrainingPlan
from primum.training.shards import load_heads, shard_of

PLAN = TrainingPlan(epochs=3, batch=8, head_lr=5e-3, precision="fp32", patience=2, shards=4)


@pytest.fixture(scope="module")
def shards_request(short_backbone):
    """Make the request of a small fit."""

    def made(data, folder, *, plan=PLAN, **options) -> FitRequest:
        cohort, split = data
        kind = cohort.target.kind
        head = HeadSpec(kind=kind, outputs=max(len(cohort.target.classes), 1), linear=options.pop("linear", False))
        return FitRequest(
            cohort=cohort,
            split=split,
            spec=NetSpec(head=head, adaptation=Adaptation(method="head"), width=16),
            plan=plan,
            backbone_folder=short_backbone,
            max_tokens=48,
            input_names=("text",),
            folder=folder,
            model_folder=folder / "model",
            **options,
        )

    return made


def without(data, patient):
    cohort, split = data
    stays = cohort.patients != patient
    return take(cohort, stays), split[stays]


def files_of(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def trained(symptoms, tmp_path_factory, shards_request):
    folder = tmp_path_factory.mktemp("shards")
    return folder, fit(shards_request(symptoms, folder))


def test_who_leaves_moves_nobody_and_shards_are_of_like_size():
    patients = np.array([f"p{i // 2}" for i in range(8000)], dtype=object)
    dealt = shard_of(patients, shards=10, seed=7)
    assert (dealt[::2] == dealt[1::2]).all()  # both records of a patient
    assert chisquare(np.bincount(dealt, minlength=10)).pvalue > 1e-3
    left = np.delete(np.arange(8000), [10, 11, 777])
    assert (shard_of(patients[left], shards=10, seed=7) == dealt[left]).all()
    assert (shard_of(patients[::-1], shards=10, seed=7) == dealt[::-1]).all()
    assert (shard_of(patients, shards=10, seed=8) != dealt).mean() > 0.8


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_unlearning_equals_training_without_the_patient_bit_for_bit(symptoms, trained, tmp_path, name, shards_request):
    folder, before = trained
    cohort, split = symptoms
    patient = str(cohort.patients[np.flatnonzero(split == name)[3]])
    left = without(symptoms, patient)
    unlearnt = fit(shards_request(left, tmp_path / "unlearnt", shards_from=folder / SHARDS))
    oracle = fit(shards_request(left, tmp_path / "oracle"))
    trained_anew = {"train": 1, "validation": 4, "test": 0}[name]  # the validation split chooses every head's epoch
    assert unlearnt.history["shards"]["trained"] == trained_anew and oracle.history["shards"]["trained"] == 4
    assert files_of(unlearnt.model_folder) == files_of(oracle.model_folder)
    assert files_of(tmp_path / "unlearnt" / SHARDS) == files_of(tmp_path / "oracle" / SHARDS)
    np.testing.assert_array_equal(
        unlearnt.predictor.predict_prepared(unlearnt.prepared), oracle.predictor.predict_prepared(oracle.prepared)
    )
    weights = [before.predictor.net.head.out.weight, unlearnt.predictor.net.head.out.weight]
    if name != "validation":  # there all heads learn again, but may well choose the same epochs
        assert weights[0].equal(weights[1]) == (name == "test")
    same = [
        one.weights["out.weight"].equal(two.weights["out.weight"])
        for one, two in zip(load_heads(folder / SHARDS), load_heads(tmp_path / "unlearnt" / SHARDS), strict=True)
    ]
    mine = int(shard_of([patient], shards=4, seed=PLAN.seed)[0])
    if name == "train":
        assert same == [shard != mine for shard in range(4)]


def test_the_answer_is_the_mean_of_the_shards_logits(symptoms, trained):
    folder, fitted = trained
    features = fitted.untuned_features
    logits = [
        features @ head.weights["out.weight"].double().numpy().T + head.weights["out.bias"].double().numpy()
        for head in load_heads(folder / SHARDS)
    ]
    wanted = softmax(np.mean(logits, axis=0), axis=1)
    np.testing.assert_allclose(fitted.predictor.predict_prepared(fitted.prepared), wanted, atol=1e-6)
    assert np.abs(np.diff(logits, axis=0)).max() > 0.01


def test_reasons_of_the_answer_are_the_mean_of_the_heads_reasons(symptoms, trained):
    folder, fitted = trained
    records = take(symptoms[0], np.arange(6)).records
    asked = Asked(about=np.array([0, 1, 2, 3, 0, 1]), against=np.array([1, 2, 3, 0, 2, 3]))

    def reasons(predictor):
        return np.concatenate(predictor.gradients(predictor.prepare(records), asked, kind="input").tokens)

    each = []
    for head in load_heads(folder / SHARDS):
        net = copy.deepcopy(fitted.predictor.net)
        net.head.load_state_dict(head.weights)
        each.append(reasons(replace(fitted.predictor, net=net)))
    ours = reasons(fitted.predictor)
    np.testing.assert_allclose(ours, np.mean(each, axis=0), atol=1e-5 * np.abs(ours).max())
    np.testing.assert_array_equal(reasons(Predictor.load(fitted.model_folder)), ours)


def test_a_shards_head_is_that_of_a_study_with_its_patients_alone(symptoms, trained, tmp_path, shards_request):
    folder, _ = trained
    cohort, split = symptoms
    mine = shard_of(cohort.patients, shards=4, seed=PLAN.seed) == 2
    alone = np.where((split == "train") & ~mine, "elsewhere", split).astype(object)
    fitted = fit(shards_request((cohort, alone), tmp_path, plan=replace(PLAN, shards=None)))
    ours = load_heads(folder / SHARDS)[2].weights["out.weight"].numpy()
    np.testing.assert_allclose(fitted.predictor.net.head.out.weight.detach().numpy(), ours, atol=1e-5)


def test_another_machine_setting_or_label_makes_a_head_another(symptoms, trained, tmp_path, shards_request):
    folder, _ = trained
    cohort, split = symptoms
    more = fit(shards_request(symptoms, tmp_path / "a", plan=replace(PLAN, head_lr=4e-3), shards_from=folder / SHARDS))
    assert more.history["shards"]["trained"] == 4
    values = cohort.target.values.copy()
    row = int(np.flatnonzero(split == "train")[0])
    values[row] = (values[row] + 1) % 4
    changed = replace(cohort, target=replace(cohort.target, values=values))
    other = fit(shards_request((changed, split), tmp_path / "b", shards_from=folder / SHARDS))
    assert other.history["shards"]["trained"] == 1


def test_a_number_is_the_mean_of_the_shards_numbers(symptoms, tmp_path, shards_request):
    cohort, split = symptoms
    values = 100.0 + 25.0 * cohort.target.values.astype(float)
    numbers = replace(cohort, target=replace(cohort.target, kind="number", classes=(), values=values))
    fitted = fit(shards_request((numbers, split), tmp_path, plan=replace(PLAN, metric="mae", epochs=10)))
    inside = values[split == "validation"]
    each = [
        fitted.untuned_features @ head.weights["out.weight"].double().numpy()[0]
        + float(head.weights["out.bias"].double())
        for head in load_heads(tmp_path / SHARDS)
    ]
    wanted = inside.mean() + inside.std() * np.mean(each, axis=0)
    np.testing.assert_allclose(fitted.predictor.predict_prepared(fitted.prepared), wanted, rtol=1e-5)


def test_a_shard_without_patients_and_a_study_without_validation_are_refused(symptoms, tmp_path, shards_request):
    cohort, split = symptoms
    with pytest.raises(SplitError, match="shard [0-9]+ of 80 has no patient to learn from; give fewer"):
        fit(shards_request(symptoms, tmp_path, plan=replace(PLAN, shards=80, epochs=1)))
    none = np.where(split == "validation", "test", split).astype(object)
    with pytest.raises(StudyError, match="by shards reads scales, and chooses epochs, by the validation split"):
        fit(shards_request((cohort, none), tmp_path))


def test_damaged_heads_are_named(trained, tmp_path):
    folder, _ = trained
    (tmp_path / "shards.json").write_bytes((folder / SHARDS / "shards.json").read_bytes())
    with pytest.raises(InputError, match="not shards that primum wrote; run the study again"):
        load_heads(tmp_path)
    assert load_heads(tmp_path / "none") == []
