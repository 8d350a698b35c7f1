"""Every method trains: it shrinks a planted gap, works for text, vitals and both, and resumes where it stopped."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open

from primum.cohort import Cohort, InputRoles, Records, Roles, SensitiveRole, Target, TargetRole, TextList, VitalColumn
from primum.errors import StudyError
from primum.model.backbones import locate_backbone
from primum.training.fairness import METHODS
from primum.training.fairness.method import check_fits
from primum.training.fit import fit
from primum.training.plan import FairnessPlan
from tests.training.fairness.planted import planted, request_of


def _gap(cohort, split, answers):
    """Largest difference between the sexes in true or false positive rate on the test split."""
    rows = split == "test"
    said, truth, male = (
        answers.argmax(1)[rows] == 1,
        cohort.target.values[rows] == 1,
        cohort.sensitive["sex"][rows] == "M",
    )
    return max(abs(said[t & male].mean() - said[t & ~male].mean()) for t in (truth, ~truth))


@pytest.fixture(scope="module")
def plain(biased, tmp_path_factory):
    cohort, split = biased
    fitted = fit(request_of(cohort, split, tmp_path_factory.mktemp("plain")))
    return fitted.predictor.predict_prepared(fitted.prepared)


@pytest.mark.parametrize(
    ("method", "strength", "left"),
    [
        ("reweighing", None, 0.5),
        ("balanced_sampling", None, 0.5),
        ("penalty", None, 0.5),
        ("adversarial", None, 0.6),
        ("counterfactual_augmentation", None, 0.5),
    ],
)
def test_a_planted_gap_shrinks(biased, plain, tmp_path, method, strength, left):
    cohort, split = biased
    fitted = fit(request_of(cohort, split, tmp_path, FairnessPlan(method=method, strength=strength)))
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    before, after = _gap(cohort, split, plain), _gap(cohort, split, answers)
    assert before > 0.3 and after < left * before
    assert len(answers) == len(cohort)
    assert fitted.history["fairness"]["method"] == method
    assert set(fitted.history["fairness"]["groups"]) == {"sex=F", "sex=M"}


def test_group_dro_helps_the_group_that_is_served_worst(tmp_path):
    """One in ten is a woman in whom the sign means the opposite; without help she is sacrificed to the others."""
    rng = np.random.default_rng(0)
    cohort, split = planted(4000)
    male = rng.random(4000) < 0.9
    ill = rng.random(4000) < 0.5
    sign = np.where(male, 1, -1) * (ill - 0.5) * 2 + rng.normal(0, 1, 4000)
    sex = np.where(male, "M", "F").astype(object)
    vitals = {"sign": VitalColumn(name="sign", kind="number", values=sign)}
    target = replace(cohort.target, values=ill.astype(np.int64))
    cohort = replace(cohort, records=Records(n=4000, vitals=vitals), target=target, sensitive={"sex": sex})
    losses = []
    for name, plan in (("plain", None), ("dro", FairnessPlan(method="group_dro", strength=0.2))):
        fitted = fit(request_of(cohort, split, tmp_path / name, plan))
        answers = fitted.predictor.predict_prepared(fitted.prepared)
        loss = -np.log(answers[np.arange(4000), cohort.target.values])
        losses.append(loss[(split == "test") & ~male].mean())
        assert "objective" in fitted.history["validation"][0] or plan is None
    assert losses[1] < 0.75 * losses[0]


@pytest.fixture(scope="session")
def reports(shared_data):
    """600 real reports with age, sex, and whether the event was serious."""
    with (shared_data / "vaers-reports" / "reports.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))[::12][:600]
    ids = np.array([row["vaers_id"] for row in rows], dtype=object)
    sex = np.array([row["sex"] for row in rows], dtype=object)
    age = VitalColumn(name="age", kind="number", values=np.array([float(row["age_years"]) for row in rows]))
    cohort = Cohort(
        roles=Roles(
            inputs=InputRoles(text=("text",)), target=TargetRole(column="y"), sensitive=(SensitiveRole(column="sex"),)
        ),
        records=Records(n=600, text=TextList([row["text"] for row in rows]), vitals={"age": age}),
        ids=ids,
        patients=ids,
        target=Target(
            kind="classes", classes=("no", "yes"), values=np.array([row["er_visit"] == "Y" for row in rows], np.int64)
        ),
        sensitive={"sex": sex},
    )
    split = np.array(["train", "train", "train", "validation", "test"] * 120, dtype=object)
    return cohort, split


@pytest.mark.parametrize("inputs", [("text",), ("text", "vitals")])
@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_trains_on_real_reports_through_a_frozen_backbone(
    reports, short_backbone, tmp_path, method, inputs
):
    cohort, split = reports
    request = request_of(
        cohort,
        split,
        tmp_path,
        FairnessPlan(method=method),
        input_names=inputs,
        backbone=short_backbone,
        adapt="head",
        epochs=2,
    )
    fitted = fit(request)
    assert fitted.history["checks"]["head_moved"] and fitted.history["checks"]["frozen_unchanged"]
    assert fitted.predictor.predict_prepared(fitted.prepared).shape == (600, 2)
    with safe_open(tmp_path / "model" / "model.safetensors", framework="np") as saved:
        assert not [name for name in saved.keys() if "objective" in name]  # noqa: SIM118 - it is no mapping


@pytest.mark.parametrize("method", ["group_dro", "penalty", "adversarial", "counterfactual_augmentation"])
def test_methods_that_may_take_labels_train_on_them(biased, tmp_path, method):
    cohort, split = biased
    ill = cohort.target.values
    several = Target(kind="labels", classes=("a", "b"), values=np.stack([ill, 1 - ill], axis=1))
    fitted = fit(request_of(replace(cohort, target=several), split, tmp_path, FairnessPlan(method=method), epochs=2))
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    assert ((answers[:, 0] >= 0.5) == ill)[split == "test"].mean() > 0.65


class _PowerCut(Exception):
    """What stops the training between two checkpoints."""


@pytest.mark.parametrize("method", ["reweighing", "balanced_sampling", "group_dro", "penalty", "adversarial"])
def test_a_stopped_training_ends_where_an_undisturbed_one_does(biased, tmp_path, method):
    cohort, split = biased
    plan = FairnessPlan(method=method, strength={"group_dro": 0.2}.get(method))

    def cut(epoch, figure):
        if epoch == 3:
            raise _PowerCut
        return False

    undisturbed = fit(request_of(cohort, split, tmp_path / "a", plan, epochs=4))
    with pytest.raises(_PowerCut):
        fit(request_of(cohort, split, tmp_path / "b", plan, epochs=4), report=cut)
    assert list((tmp_path / "b" / "checkpoints").glob("checkpoint-*"))
    resumed = fit(request_of(cohort, split, tmp_path / "b", plan, epochs=4))
    answers = [f.predictor.predict_prepared(f.prepared) for f in (undisturbed, resumed)]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize(
    ("plan", "kind", "inputs", "said"),
    [
        (FairnessPlan(method="reweighing"), "labels", ("text",), "does not work for a target of type labels"),
        (FairnessPlan(method="penalty"), "number", ("text",), "choose one of"),
        (FairnessPlan(method="text_augmentation"), "classes", ("vitals",), "needs a text input"),
        (FairnessPlan(method="reweighing", strength=2.0), "classes", ("text",), "takes 0 to 1, got 2"),
    ],
)
def test_a_method_that_does_not_fit_is_refused_in_one_sentence(plan, kind, inputs, said):
    with pytest.raises(StudyError, match=said):
        check_fits(plan, kind, inputs)


def test_back_translation_goes_through_the_models_of_the_folder(tmp_path, reports):
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    from primum.training.fairness.back_translation import LEGS, back_translated

    tokenizer = AutoTokenizer.from_pretrained(str(locate_backbone("minilm")))
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_ff=16, num_layers=1, num_heads=2, d_kv=8, decoder_start_token_id=0
    )
    for leg in LEGS:
        T5ForConditionalGeneration(config).save_pretrained(tmp_path / leg)
        tokenizer.save_pretrained(tmp_path / leg)
    texts = [None, "Patient had fever.", "Rash on both arms."]
    one, two = (back_translated(texts, tmp_path) for _ in "ab")
    assert one == two and one[0] is None and one[1] != texts[1]
    with pytest.raises(StudyError, match="no translation model"):
        back_translated(texts, tmp_path / "nowhere")
