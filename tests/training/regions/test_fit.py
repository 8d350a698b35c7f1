"""Learning drawn discs: better than a threshold, the same when read back, mirrored together with what is marked."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from primum.cohort import read_cohort
from primum.cohort.roles import BoxesRole, ImageRole, InputRoles, MasksRole, Roles, TargetRole
from primum.evidence.marks import Mark, compare, components, point_figures
from primum.model.regions import RegionSpec
from primum.model.regions.net import build_region_net
from primum.model.regions.predictor import RegionPredictor, _encoder
from primum.model.regions.targets import box_target, mask_target
from primum.training.plan import TrainingPlan
from primum.training.regions import RegionFitRequest, fit_regions, threshold_marks
from primum.training.regions.augmenting import MIRRORED, JointAugmentation, mirrored_labels

N, SIDE = 48, 64


def draw(folder):
    """Draw pictures in which a grey disc is what is looked for, and a brighter square of its size is not."""
    folder.mkdir(exist_ok=True)
    rows, boxes = [], []
    for i in range(N):
        generator = np.random.default_rng(i)
        picture = generator.integers(60, 90, (SIDE, SIDE)).astype(np.float32)
        y, x = generator.integers(14, SIDE - 14, 2)
        down, across = np.mgrid[:SIDE, :SIDE]
        disc = (down - y) ** 2 + (across - x) ** 2 <= 100
        top, left = generator.integers(0, SIDE - 18, 2)
        picture[top : top + 18, left : left + 18] = 240
        picture[disc] = 150
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{i}.png")
        Image.fromarray(disc).save(folder / f"{i}-mask.png")
        rows.append({"id": f"r{i}", "film": f"{i}.png", "mask": f"{i}-mask.png"})
        boxes.append(
            {"film": f"{i}.png", "label": "ring", "xmin": x - 10, "ymin": y - 10, "xmax": x + 11, "ymax": y + 11}
        )
    for name, table in (("records", rows), ("boxes", boxes)):
        with (folder / f"{name}.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, fieldnames=list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    return folder


def _cohort(folder, kind):
    regions = MasksRole(label="ring") if kind == "masks" else BoxesRole(file=folder / "boxes.csv")
    target = TargetRole(column="mask" if kind == "masks" else "boxes.csv", kind="regions", regions=regions)
    inputs = InputRoles(image=ImageRole(column="film", size=SIDE))
    return read_cohort(folder / "records.csv", Roles(inputs=inputs, target=target, id="id"))


def _request(tmp_path, cohort, *, epochs=14, frozen=None, augmentation=None):
    split = np.array((["train"] * 4 + ["validation", "test"]) * 8, dtype=object)
    return RegionFitRequest(
        cohort=cohort,
        split=split,
        spec=RegionSpec(kind=cohort.regions.kind, labels=cohort.regions.labels, size=SIDE, width=16, frozen=frozen),
        plan=TrainingPlan(epochs=epochs, batch=4, head_lr=5e-3, patience=None),
        folder=tmp_path / "work",
        model_folder=tmp_path / "model",
        augmentation=augmentation,
        served=False,
    )


@pytest.mark.parametrize("kind", ["masks", "boxes"])
def test_it_learns_what_a_threshold_does_not_see(tmp_path, kind):
    cohort = _cohort(draw(tmp_path / "films"), kind)
    request = _request(tmp_path, cohort, epochs=10, augmentation=JointAugmentation(allow_flips=True))
    fitted = fit_regions(request)
    test = request.split == "test"
    truth, metric = cohort.regions.take(test), ("dice" if kind == "masks" else "map50", None)
    shown = fitted.predictor.spec.threshold
    ours = point_figures(compare(truth, fitted.marking.take(test)), kind, threshold=shown)[metric]
    baseline = threshold_marks(cohort, request.split)
    theirs = point_figures(compare(truth, baseline.take(test)), kind, threshold=0.0)[metric]
    assert ours > 0.6 and ours > theirs + 0.1
    assert fitted.findings[0].value > 0
    back = RegionPredictor.load(request.model_folder)
    again, inside = back.read(back.prepare(cohort.records), cohort.regions.shapes)
    for one, other in zip(again.marks, fitted.marking.marks, strict=True):
        assert [m.label for m in one] == [m.label for m in other]
        for a, b in zip(one, other, strict=True):  # maps were kept at half precision while it was tuned
            assert a.box == pytest.approx(b.box, abs=1.0)
    assert inside.features.shape == (N, 320)
    regions = back.regions(cohort.records, cohort.regions.shapes)
    assert all(r.score >= shown for of in regions for r in of)
    assert kind == "boxes" or all(r.mask.shape == (SIDE, SIDE) for of in regions for r in of)


def test_a_tuned_encoder_moves_and_its_first_blocks_do_not(tmp_path):
    cohort = _cohort(draw(tmp_path / "films"), "masks")
    request = _request(tmp_path, cohort, epochs=1, frozen=11, augmentation=JointAugmentation(allow_flips=True))
    fitted = fit_regions(request)
    checks = fitted.history["checks"]
    assert checks["frozen_unchanged"] and checks["moved"] == checks["trainable_tensors"]
    before = RegionPredictor.untrained(request.spec, colour=False).net.state_dict()
    after = fitted.predictor.net.state_dict()
    stem, last = "encoders.image.backbone.conv_stem.weight", "encoders.image.backbone.blocks.15.project_conv.weight"
    assert torch.equal(before[stem], after[stem]) and not torch.equal(before[last], after[last])


def test_equal_seeds_learn_equal_marks(tmp_path):
    cohort = _cohort(draw(tmp_path / "films"), "boxes")
    first, second = (fit_regions(_request(tmp_path / name, cohort, epochs=1)) for name in "ab")
    assert first.marking.marks == second.marking.marks


def test_a_finished_training_is_not_repeated(tmp_path):
    cohort = _cohort(draw(tmp_path / "films"), "boxes")
    first, again = (fit_regions(_request(tmp_path, cohort, epochs=1)) for _ in range(2))
    assert again.marking.marks == first.marking.marks
    assert again.history["train"] == first.history["train"]


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_mirrored_answers_are_those_of_a_mirrored_picture(kind):
    spec = RegionSpec(kind=kind, labels=("a",), size=64)
    mask = np.zeros((64, 64), bool)
    mask[4:26, 10:44] = True
    make = mask_target if kind == "masks" else box_target
    for number, axes in enumerate(MIRRORED):
        turned = np.flip(mask, [axis - 2 for axis in axes])
        one, other = (components(m, "a") for m in (mask, turned))
        if kind == "boxes":
            one, other = ([replace(mark, runs=None) for mark in marks] for marks in (one, other))
        labels = torch.from_numpy(make(one, (64, 64), spec))[None]
        found = mirrored_labels(labels, torch.tensor([number]), spec)[0]
        assert np.allclose(found.numpy(), make(other, (64, 64), spec), atol=1e-5), axes


def test_maps_halve_and_agree_with_the_network_that_classifies():
    net = _encoder(pretrained=True)
    pixels = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        maps = net.maps(pixels)
        pooled = torch.nn.functional.relu6(net.conv_head(maps[-1])).mean((2, 3))
        assert [tuple(m.shape[1:]) for m in maps] == [(24, 16, 16), (40, 8, 8), (112, 4, 4), (320, 2, 2)]
        assert torch.allclose(pooled, net(pixels), atol=1e-5)


def test_a_picture_without_an_image_has_no_marks():
    spec = RegionSpec(kind="boxes", labels=("a",), size=64)
    net = build_region_net(spec, _encoder(pretrained=False))
    assert net.head.spec is spec
    assert box_target([Mark(label="a", box=(0, 0, 9, 9))], (0, 0), spec).sum() == 0
