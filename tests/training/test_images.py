"""Training on pictures: what moves, what is kept, what private training allows; against the nets themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList
from primum.cohort.roles import ImageRole, InputRoles, Roles, TargetRole
from primum.errors import StudyError, TrainingFailedError
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.inputs import Augmentation, PreparedFeatures
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.model.vision import locate_image_backbone
from primum.training.fit import FitRequest, fit
from primum.training.plan import RobustnessPlan, TrainingPlan
from primum.training.private import PrivacyPlan

N = 96


class Pictures:
    """An ImageColumn in memory that counts what is read."""

    size, channels = 32, 1

    def __init__(self):
        rng = np.random.default_rng(4)
        self.pixels = rng.integers(40, 120, size=(N, 32, 32, 1)).astype(np.uint8)
        self.pixels[1::2, 4:20, 4:20] += 110  # a bright corner in every second one
        self.keys = np.array([f"k{i}" for i in range(N)], dtype=object)
        self.read = 0

    def __len__(self):
        return N

    def take(self, rows):
        self.read += len(rows)
        return self.pixels[np.asarray(rows)]


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("vit")
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    ViTModel(ViTConfig(**small, image_size=32, patch_size=8, num_channels=3)).save_pretrained(folder)
    return folder


def _cohort(images, text=None):
    ids = np.array([f"r{i}" for i in range(N)], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(image=ImageRole(column="x")), target=TargetRole(column="y")),
        records=Records(n=N, image=images, text=text),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=("a", "b"), values=np.arange(N) % 2),
    )


def _request(folder, tmp_path, *, images=None, method="head", **more):
    split = np.array((["train"] * 7 + ["validation"] * 3 + ["test"] * 2) * 8, dtype=object)
    plan = {"epochs": 4, "batch": 8, "lr": 1e-3, "patience": None, "precision": "fp32", **more.pop("plan", {})}
    given = {
        "cohort": _cohort(images or Pictures()),
        "split": split,
        "spec": NetSpec(
            head=HeadSpec(kind="classes", outputs=2),
            adaptation=Adaptation(method="head"),
            image=Adaptation(method=method, rank=4),
        ),
        "plan": TrainingPlan(**plan),
        "backbone_folder": None,
        "max_tokens": 32,
        "input_names": ("image",),
        "folder": tmp_path / "work",
        "model_folder": tmp_path / "model",
        "image_source": locate_image_backbone(str(folder)),
        "augmentation": Augmentation(),
    }
    return FitRequest(**{**given, **more})


@pytest.mark.parametrize("method", ["head", "full", "upper", "lora"])
def test_each_way_of_adapting_learns_what_pictures_show_and_loads_again(method, vit, tmp_path):
    still = Augmentation(degrees=0.0, crop=1.0, intensity=0.05)
    plan = {"epochs": 25, "head_lr": 3e-2, "lr": 3e-3}
    fitted = fit(_request(vit, tmp_path, method=method, plan=plan, augmentation=still))
    assert fitted.history["checks"]["frozen_unchanged"] and fitted.history["checks"]["reload_max_difference"] < 1e-5
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    assert (answers.argmax(1) == np.arange(N) % 2).mean() > 0.9
    again = Predictor.load(tmp_path / "model")
    np.testing.assert_allclose(again.predict(_cohort(Pictures()).records), answers, atol=1e-5)


def test_a_frozen_network_reads_each_picture_once_whatever_the_epochs(vit, tmp_path):
    images = Pictures()
    fitted = fit(_request(vit, tmp_path, images=images, plan={"epochs": 9}))
    assert isinstance(fitted.prepared["image"], PreparedFeatures)
    reloaded = 16
    assert images.read == N + reloaded
    more = _request(vit, tmp_path / "again", images=images, known=fitted.known(), probe=False)
    assert images.read == N + reloaded
    fit(more)
    assert images.read == N + 2 * reloaded


def test_upper_blocks_are_tuned_while_each_picture_and_its_copies_are_read_once(tmp_path):
    images, copies, epochs = Pictures(), 2, 6
    augmentation = Augmentation(degrees=0.0, crop=1.0, intensity=0.05, copies=copies)
    plan = {"epochs": epochs, "lr": 2e-4, "batch": 16, "precision": "auto"}
    request = _request("efficientnet-lite0", tmp_path, images=images, method="upper", plan=plan, probe=False)
    fitted = fit(replace(request, augmentation=augmentation))
    train = int((request.split == "train").sum())
    asked_for_the_shape, reloaded = 1, 16
    assert images.read == N + copies * train + asked_for_the_shape + reloaded
    checks = fitted.history["checks"]
    assert checks["frozen_unchanged"] and checks["moved"] == checks["trainable_tensors"]
    assert fitted.history["precision"] == "fp32"  # whatever the processor multiplies in
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    assert (answers.argmax(1) == np.arange(N) % 2).mean() > 0.9
    whole = fitted.predictor.predict(_cohort(Pictures()).records)  # pixels through every block
    np.testing.assert_allclose(whole, answers, atol=1e-5)
    again = replace(request, known=fitted.known(), folder=tmp_path / "again", model_folder=tmp_path / "again" / "model")
    read = images.read
    fit(replace(again, plan=replace(again.plan, epochs=1)))
    assert images.read == read + reloaded


def test_training_sees_changed_pictures_and_validation_never_does(vit, tmp_path, monkeypatch):
    seen = []
    plain = Augmentation.applied
    monkeypatch.setattr(
        Augmentation, "applied", lambda self, one, rng: seen.append(one[0, 0, 0]) or plain(self, one, rng)
    )
    images = Pictures()
    images.pixels[:, 0, 0, 0] = np.arange(N) + 1  # each names itself
    fit(_request(vit, tmp_path, images=images, method="full", plan={"epochs": 2}))
    train = {i + 1 for i in range(N) if i % 12 < 7}
    assert {int(one) for one in seen} == train and len(seen) == 2 * len(train)
    seen.clear()
    fit(_request(vit, tmp_path / "not", images=images, method="full", augmentation=None, plan={"epochs": 1}))
    assert seen == []


def test_texts_and_pictures_are_fused_and_either_may_be_missing(vit, tmp_path):
    from primum.model.backbones import locate_backbone

    images = Pictures()
    images.keys[:20] = None
    texts = TextList([None if i % 5 == 0 else ("fever", "well")[i % 2] for i in range(N)])
    request = _request(
        vit,
        tmp_path,
        cohort=_cohort(images, texts),
        input_names=("text", "image"),
        backbone_folder=locate_backbone("minilm"),
        plan={"epochs": 6, "head_lr": 5e-3},
    )
    fitted = fit(request)
    assert set(fitted.predictor.inputs) == {"text", "image"} and fitted.untuned_features.shape == (N, 384 + 32)
    known = np.array([i for i in range(N) if i >= 20 or i % 5])
    right = fitted.predictor.predict_prepared(fitted.prepared).argmax(1) == np.arange(N) % 2
    assert right[known].mean() > 0.9
    alone = Predictor.load(tmp_path / "model").predict(Records(n=2, text=TextList(["fever", "well"])))
    assert alone.argmax(1).tolist() == [0, 1]


@pytest.mark.parametrize("method", ["head", "lora"])
def test_private_training_works_where_records_can_be_told_apart(method, vit, tmp_path):
    plan = {"epochs": 2, "privacy": PrivacyPlan(epsilon=8.0, batch=32)}
    fitted = fit(_request(vit, tmp_path, method=method, plan=plan))
    [promise] = [f for f in fitted.findings if f.metric == "epsilon"]
    assert promise.value <= 8.0 and promise.detail["self_test"] < 1e-3


def test_the_built_in_network_is_private_under_a_head_and_with_its_last_block(tmp_path):
    plan = {"epochs": 1, "privacy": PrivacyPlan(epsilon=8.0, batch=32)}
    request = _request("efficientnet-lite0", tmp_path, plan=plan, probe=False)
    assert fit(request).history["privacy"]["epsilon"] <= 8.0
    upper = NetSpec(
        head=HeadSpec(kind="classes", outputs=2),
        adaptation=Adaptation(method="head"),
        image=Adaptation(method="full", freeze_layers=15),
    )
    fitted = fit(_request("efficientnet-lite0", tmp_path / "full", spec=upper, plan=plan, probe=False))
    [promise] = [f for f in fitted.findings if f.metric == "epsilon"]
    assert promise.value <= 8.0 and promise.detail["self_test"] < 1e-3
    trained = [name for name, p in fitted.predictor.net.encoders.named_parameters() if p.requires_grad]
    assert len(trained) == 8 and all("blocks.15." in name or "conv_head." in name for name in trained)
    [learnt] = [f for f in fitted.findings if f.metric == "learnt_log_loss_gain"]
    changed = learnt.detail["weights_changed"]
    assert set(changed) == {"head", "image"} and min(changed.values()) > 0


def test_private_training_of_a_network_that_keeps_no_records_apart_is_refused(vit, tmp_path):
    plan = {"epochs": 1, "privacy": PrivacyPlan(epsilon=8.0, batch=32)}
    with pytest.raises(StudyError, match="gradients cannot be told apart"):
        fit(_request(vit, tmp_path, method="full", plan=plan))


def test_an_encoder_that_was_to_move_and_did_not_is_no_training(vit, tmp_path):
    with pytest.raises(TrainingFailedError, match="no weight of the part image moved, so it did not train"):
        fit(_request(vit, tmp_path, method="full", plan={"epochs": 1, "lr": 0.0}))


def test_moved_pictures_are_read_at_every_step_and_answers_once(vit, tmp_path):
    images = Pictures()
    plan = {"epochs": 2, "robustness": RobustnessPlan(method="pgd", strength=1.0, levels=2.0, steps=1)}
    fitted = fit(_request(vit, tmp_path, images=images, method="head", plan=plan))
    train, validation, reloaded = 56, 24, 16
    assert images.read == N + 2 * (train + 2 * validation) + reloaded
    assert isinstance(fitted.prepared["image"], PreparedFeatures)
    assert fitted.history["robustness"] == {"method": "pgd", "strength": 1.0, "levels": 2.0, "steps": 1}


def test_pixels_are_moved_by_adversarial_training(vit, tmp_path):
    plan = {"epochs": 2, "robustness": RobustnessPlan(method="fgm", strength=0.1)}
    fitted = fit(_request(vit, tmp_path, method="full", plan=plan))
    assert fitted.history["robustness"]["method"] == "fgm" and fitted.history["checks"]["head_moved"]
