"""An outline, filled by the even-odd rule, is the mask itself: against rays cast through every pixel's centre."""

import re

import numpy as np
import pytest

from primum.serve.page.outlines import outline


def _filled(path, shape):
    """Count the vertical edges to the left of each pixel's centre."""
    crossed = np.zeros(shape, int)
    for loop in path.removesuffix("Z").split("Z") if path else []:
        (x, y), corners = map(int, re.match(r"M(\d+) (\d+)", loop).groups()), []
        corners.append((x, y))
        for kind, end in re.findall(r"([HV])(\d+)", loop):
            x, y = (int(end), y) if kind == "H" else (x, int(end))
            corners.append((x, y))
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            assert x0 == x1 or y0 == y1
            if x0 == x1:
                crossed[min(y0, y1) : max(y0, y1), x0:] += 1
    return crossed % 2 == 1


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 1.0])
def test_it_covers_the_mask_and_nothing_else(share, rng):
    for shape in ((1, 1), (9, 14), (30, 23)):
        mask = rng.random(shape) < share
        np.testing.assert_array_equal(_filled(outline(mask), shape), mask)


def test_corners_alone_are_named():
    mask = np.zeros((6, 8), bool)
    mask[1:4, 2:7] = True
    assert outline(mask) == "M2 1H7V4H2Z"
    assert outline(np.zeros((3, 3), bool)) == ""
