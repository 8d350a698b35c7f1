"""What a network is to answer, and what its answers mean: there and back again."""

import numpy as np
import pytest
import torch

from primum.evidence.marks import Mark, Marking, compare, components, mask_of, point_figures
from primum.model.regions.decoding import marks_of
from primum.model.regions.losses import box_losses, mask_losses
from primum.model.regions.spec import RegionSpec
from primum.model.regions.targets import box_target, mask_target

SHAPES = [(64, 64), (96, 64), (50, 130)]


def _spec(kind, labels=("a", "b")):
    return RegionSpec(kind=kind, labels=labels, size=64)


def _perfect(target, spec):
    """Return the outputs of a head that has learnt a target by heart."""
    k = len(spec.labels)
    heat = torch.logit(torch.from_numpy(target[:k]).clamp(1e-4, 1 - 1e-4))
    if spec.kind == "masks":
        return heat
    sides = torch.log(torch.from_numpy(target[k : k + 4]).clamp(min=1e-3) / 2)
    return torch.cat([heat, sides])


@pytest.mark.parametrize("shape", SHAPES)
def test_boxes_come_back_in_stored_pixels(shape):
    spec = _spec("boxes")
    height, width = shape
    boxes = [(2.0, 3.0, width / 2, height / 2), (width / 2, height / 2, width - 1.0, height - 2.0)]
    marks = [Mark(label=name, box=box) for name, box in zip("ab", boxes, strict=True)]
    said = marks_of(_perfect(box_target(marks, shape, spec), spec).numpy(), shape, spec)
    found = {mark.label: mark for mark in said if mark.score > 0.9}
    for mark in marks:
        assert found[mark.label].box == pytest.approx(mark.box, abs=0.05)


@pytest.mark.parametrize("shape", SHAPES)
def test_masks_come_back_in_stored_pixels(shape):
    spec = _spec("masks", ("a",))
    height, width = shape
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (min(shape) / 3) ** 2
    truth = Marking(kind="masks", labels=("a",), shapes=np.array([shape]), marks=(tuple(components(disc, "a")),))
    outputs = _perfect(mask_target(truth.marks[0], shape, spec), spec)
    found = Marking(kind="masks", labels=("a",), shapes=truth.shapes, marks=(marks_of(outputs.numpy(), shape, spec),))
    assert point_figures(compare(truth, found), "masks", threshold=0.0)["dice", None] > 0.93
    assert mask_of(found.marks[0][0].runs, shape).shape == shape


def test_beside_the_picture_nothing_is_asked():
    spec = _spec("masks", ("a",))
    target = mask_target([], (32, 64), spec)  # a quarter of the square is above, and a quarter below
    assert (target[:, :4] == -1).all() and (target[:, 12:] == -1).all() and (target[:, 4:12] == 0).all()
    outputs, anything = torch.zeros(2, 1, 16, 16), torch.from_numpy(np.stack([target, target]))
    outputs[1, :, :4] = 50.0
    losses = mask_losses(outputs, anything, 1)
    assert losses[0].item() == pytest.approx(losses[1].item())


def test_a_small_box_counts_as_much_as_a_large_one():
    spec = _spec("boxes")
    marks = [Mark(label="a", box=(0, 0, 60, 60)), Mark(label="b", box=(50, 50, 58, 58))]
    weight = box_target(marks, (64, 64), spec)[-1]
    assert weight.sum() == pytest.approx(2.0, abs=1e-5)
    assert weight[13, 13] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_the_loss_is_least_for_what_is_right(kind):
    spec = _spec(kind, ("a",))
    mask = np.zeros((64, 64), bool)
    mask[8:40, 16:48] = True
    marks = components(mask, "a") if kind == "masks" else [Mark(label="a", box=(16, 8, 48, 40))]
    make, losses = (mask_target, mask_losses) if kind == "masks" else (box_target, box_losses)
    target = make(marks, (64, 64), spec)
    right = _perfect(target, spec)
    shifted = torch.roll(right, 3, dims=2)
    told = losses(torch.stack([right, shifted]), torch.from_numpy(np.stack([target, target])), 1)
    assert told.shape == (2,) and told[0] < 0.3 * told[1]


def test_pictures_without_boxes_have_a_loss_and_a_gradient():
    spec = _spec("boxes", ("a",))
    target = torch.from_numpy(np.stack([box_target([], (64, 64), spec)] * 2))
    outputs = torch.zeros(2, 5, 16, 16, requires_grad=True)
    losses = box_losses(outputs, target, 1)
    losses.sum().backward()
    assert losses.shape == (2,) and torch.isfinite(losses).all() and outputs.grad[:, 0].abs().sum() > 0


def test_of_two_boxes_of_a_label_over_each_other_the_better_stays():
    spec = _spec("boxes", ("a", "b"))
    marks = [Mark(label="a", box=(8, 8, 40, 40)), Mark(label="b", box=(10, 10, 42, 42))]
    outputs = _perfect(box_target(marks, (64, 64), spec), spec)
    found = [mark for mark in marks_of(outputs.numpy(), (64, 64), spec) if mark.score > 0.5]
    assert sorted(mark.label for mark in found) == ["a", "b"]  # of two labels both stay
    outputs[0] = torch.maximum(outputs[0], outputs[1] - 1.0)
    again = [mark.label for mark in marks_of(outputs.numpy(), (64, 64), spec) if mark.score > 0.5]
    assert again.count("a") == 1
