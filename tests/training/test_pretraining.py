"""Pretraining without labels: its loss by brute force, planted structure that a probe finds, and who is left out."""

import csv
import math

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records
from primum.cohort.roles import ImageRole, InputRoles, Roles, TargetRole
from primum.cohort.unlabelled import read_unlabelled
from primum.errors import ColumnError, StudyError, TrainingFailedError
from primum.model.adapters import Adaptation
from primum.model.encoders import ImageEncoder
from primum.model.inputs import PixelForm, PreparedImage
from primum.model.vision import build_image_net, locate_image_backbone
from primum.progress import Silent
from primum.training import pretraining
from primum.training.plan import PretrainPlan
from primum.training.pretraining import contrastive_losses, effective_rank, pretrain


def test_the_loss_is_what_two_loops_over_all_views_make():
    generator = torch.Generator().manual_seed(8)
    one, other = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    views = np.concatenate([one.numpy(), other.numpy()])
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    wanted = []
    for i in range(5):
        both = []
        for here, partner in ((i, i + 5), (i + 5, i)):
            others = sum(math.exp(views[here] @ views[k] / 0.3) for k in range(10) if k != here)
            both.append(-math.log(math.exp(views[here] @ views[partner] / 0.3) / others))
        wanted.append(np.mean(both))
    np.testing.assert_allclose(contrastive_losses(one, other, 0.3).numpy(), wanted, rtol=1e-12)


def test_the_rank_counts_equally_strong_directions_and_one_for_a_line():
    square = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    assert effective_rank(square + 7) == pytest.approx(3.0)
    assert effective_rank(torch.outer(torch.arange(6.0), torch.ones(3))) == pytest.approx(1.0, abs=1e-6)


class Stripes:
    """Pictures that are stripes in one of several directions, under noise; keys tell them apart."""

    size, channels = 32, 1

    def __init__(self, n=48):
        rng = np.random.default_rng(2)
        self.kinds = np.arange(n) % 4
        y, x = np.mgrid[:32, :32]
        angle = self.kinds * np.pi / 4
        waves = np.sin((np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y) * 1.2)
        noisy = 128 + 12 * waves + rng.normal(0, 25, size=(n, 32, 32))
        self.pixels = np.clip(noisy, 0, 255).astype(np.uint8)[..., None]
        self.keys = np.array([f"k{i}" for i in range(n)], dtype=object)

    def __len__(self):
        return len(self.keys)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


def _encoder():
    torch.manual_seed(0)
    net, width = build_image_net(
        locate_image_backbone("efficientnet-lite0"), Adaptation(method="head"), pretrained=True
    )
    return ImageEncoder(net, width).eval()


def _image(stripes):
    return PreparedImage(stripes, PixelForm(architecture="efficientnet-lite0"), len(stripes))


def _probed(encoder, stripes):
    with torch.no_grad():
        features = encoder(_image(stripes).collate(range(len(stripes)))).numpy()
    half = len(features) // 2
    scaled = (features - features[:half].mean(0)) / (features[:half].std(0) + 1e-6)
    probe = LogisticRegression(C=1e-3).fit(scaled[:half], stripes.kinds[:half])
    return -np.log(probe.predict_proba(scaled[half:])[np.arange(half), stripes.kinds[half:]]).mean()


@pytest.fixture(scope="module")
def done():
    stripes, encoder = Stripes(), _encoder()
    first, weights = _probed(encoder, stripes), {n: p.clone() for n, p in encoder.named_parameters()}
    plan = PretrainPlan(epochs=6, batch=24)
    found = pretrain(encoder, _image(stripes), stripes.keys, plan, seed=3, progress=Silent())
    return {"before": first, "after": _probed(encoder, stripes), "found": found, "encoder": encoder, "was": weights}


def test_a_probe_finds_planted_structure_better_afterwards(done):
    assert done["after"] < done["before"]
    gain, rank = done["found"].findings
    assert gain.metric == "pretraining_loss_gain" and gain.low > 0 and gain.n == 48
    assert 2 < rank.value <= 48 and rank.detail["before"] > 2 and len(done["found"].losses) == 6


def test_the_upper_half_alone_moves_and_what_is_tuned_later_stays_as_it_was_set(done):
    moved = {n for n, p in done["encoder"].named_parameters() if not torch.equal(p, done["was"][n])}
    lower = tuple(f"backbone.blocks.{i}." for i in range(8))
    assert moved == {n for n in done["was"] if not n.startswith((*lower, "backbone.conv_stem"))}
    assert not any(p.requires_grad for p in done["encoder"].parameters())


def test_equal_seeds_make_equal_networks_whatever_was_drawn_before():
    found = []
    for drawn in (1, 5):
        encoder = _encoder()
        torch.randn(drawn)
        pretrain(encoder, _image(Stripes(12)), Stripes(12).keys, PretrainPlan(epochs=1), seed=4, progress=Silent())
        found.append(encoder.state_dict())
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_what_taught_nothing_or_collapsed_fails_and_several_processes_are_refused(monkeypatch):
    def tried(**plan):
        stripes = Stripes(12)
        return pretrain(_encoder(), _image(stripes), stripes.keys, PretrainPlan(**plan), seed=1, progress=Silent())

    with pytest.raises(TrainingFailedError, match="training.pretrain: the loss did not fall"):
        tried(epochs=1, lr=1e-12)
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "_COLLAPSED", 13.0)
        with pytest.raises(TrainingFailedError, match="features have collapsed to"):
            tried(epochs=6, lr=1e-4)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(StudyError, match="runs in one process, and 2 were started"):
        tried(epochs=1)


def test_too_few_different_pictures_are_refused():
    stripes = Stripes(12)
    stripes.keys[:] = "same"
    with pytest.raises(StudyError, match="1 different pictures are too few"):
        pretrain(_encoder(), _image(stripes), stripes.keys, PretrainPlan(), seed=1, progress=Silent())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Six pictures on the disk, and a cohort of three of them: trained on, tested on, tested on."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(3).integers(0, 256, size=(6, 16, 16)).astype(np.uint8)
    pixels[4] = pixels[1]
    for i, one in enumerate(pixels):
        Image.fromarray(one).save(folder / f"{i}.png")
    return folder


def _cohort(folder, patient="who"):
    from primum.cohort.faults import Faults
    from primum.cohort.images import read_images

    role = ImageRole(column="file", size=32)
    names = np.array(["0.png", "1.png", "2.png"], dtype=object)
    images = read_images(names, np.arange(1, 4), role, folder=folder, faults=Faults())
    patients = np.array(["p0", "p1", "p2"], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(image=role), target=TargetRole(column="y"), patient=patient),
        records=Records(n=3, image=images),
        ids=patients,
        patients=patients,
        target=Target(kind="classes", classes=("a", "b"), values=np.array([0, 1, 0])),
    )


def _table(folder, rows):
    place = folder / "more.csv"
    with place.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("path", "person"), *rows])
    return place


SPLIT = np.array(["train", "test", "validation"], dtype=object)


def test_pictures_of_patients_that_are_judged_by_and_equal_ones_are_left_out_and_counted(shelf):
    rows = [("3.png", "p2"), ("4.png", "new"), ("5.png", "new"), ("0.png", "p0"), ("", "p0"), ("2.png", "p1")]
    found = read_unlabelled(_table(shelf, rows), column="path", patient="person", cohort=_cohort(shelf), split=SPLIT)
    assert (found.of_patients, found.equal) == (2, 1)
    kept = _cohort(shelf).records.image.take([0])[0]
    assert len(found.images) == 2 and np.array_equal(found.images.take([1])[0], kept)


def test_a_table_that_does_not_say_whose_pictures_they_are_is_refused_where_patients_are_known(shelf):
    place = _table(shelf, [("3.png", "x")])
    with pytest.raises(ColumnError, match="training.pretrain.unlabelled.patient: name the column of patients"):
        read_unlabelled(place, column="path", patient=None, cohort=_cohort(shelf), split=SPLIT)
    cohort = _cohort(shelf, patient=None)
    assert len(read_unlabelled(place, column="path", patient=None, cohort=cohort, split=SPLIT).images) == 1
