"""Decoding without torch is what torch computes: resizing, peaks, and the marks of a random head."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from primum.cohort.images.reading import placed
from primum.evidence.marks import mask_of
from primum.model.regions.decoding import distances_of, marks_of, resized, sigmoid
from primum.model.regions.losses import distances
from primum.model.regions.spec import RegionSpec


@pytest.mark.parametrize("shape", [(64, 64), (16, 16), (7, 130), (200, 33), (1, 1)])
def test_resizing_is_bilinear_as_torch_has_it(shape, rng):
    maps = rng.normal(size=(3, 16, 16)).astype(np.float32)
    wanted = functional.interpolate(torch.from_numpy(maps)[None], size=shape, mode="bilinear", align_corners=False)[0]
    np.testing.assert_allclose(resized(maps, shape), wanted.numpy(), atol=2e-5)


def test_scores_and_distances_are_those_of_training(rng):
    raw = (rng.normal(size=(4, 9, 9)) * 8).astype(np.float32)
    raw[0, 0, 0] = -1e4
    np.testing.assert_allclose(sigmoid(raw), torch.sigmoid(torch.from_numpy(raw)).numpy(), atol=1e-7)
    np.testing.assert_allclose(distances_of(raw), distances(torch.from_numpy(raw)).numpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(64, 64), (90, 41)])
def test_masks_are_where_torch_has_more_than_half(shape, rng):
    spec = RegionSpec(kind="masks", labels=("a", "b"), size=64)
    outputs = functional.interpolate(torch.from_numpy(rng.normal(size=(1, 2, 4, 4))).float(), scale_factor=4.0)[0]
    top, left, high, wide = placed(*shape, 64)
    square = functional.interpolate(outputs[None], size=(64, 64), mode="bilinear", align_corners=False)
    inside = square[..., top : top + high, left : left + wide]
    wanted = functional.interpolate(inside, size=shape, mode="bilinear", align_corners=False)[0].numpy()
    found = marks_of(outputs.numpy(), shape, spec)
    assert found
    for place, label in enumerate("ab"):
        union = np.zeros(shape, bool)
        for mark in found:
            union |= mask_of(mark.runs, shape) if mark.label == label else False
        sure = np.abs(wanted[place]) > 1e-4
        small = max(int(1e-3 * shape[0] * shape[1]), 1)
        assert ((union != (wanted[place] > 0)) & sure).sum() < small * 4  # dust is left out


def test_boxes_stand_on_the_peaks_that_torch_finds(rng):
    spec = RegionSpec(kind="boxes", labels=("a",), size=64)
    outputs = rng.normal(size=(5, 16, 16)).astype(np.float32)
    outputs[1:] = -6.0  # so small that no two are one
    heat = torch.sigmoid(torch.from_numpy(outputs[:1]))
    peak = functional.max_pool2d(heat[None], 3, stride=1, padding=1)[0] == heat
    _, row, column = torch.nonzero(peak, as_tuple=True)
    wanted = sorted(((column + 0.5) * 4).tolist()), sorted(((row + 0.5) * 4).tolist())
    boxes = np.array([mark.box for mark in marks_of(outputs, (64, 64), spec)])
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert sorted(middle[:, 0]) == pytest.approx(wanted[0], abs=1e-4)
    assert sorted(middle[:, 1]) == pytest.approx(wanted[1], abs=1e-4)
