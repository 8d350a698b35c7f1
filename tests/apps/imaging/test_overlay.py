"""What is drawn stands where it was marked, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from primum.apps.imaging import Marks, open_source, overlay, png_of, unfitted
from primum.apps.imaging.overlay import COLOURS, heated
from primum.cohort.images import read_picture
from primum.cohort.roles import ImageRole
from primum.evidence.regions import Region

Image = pytest.importorskip("PIL.Image")


def test_a_box_is_drawn_on_its_own_outermost_pixels():
    picture = np.full((64, 80), 100, np.uint8)
    drawn = overlay(picture, Marks(regions=(Region(label="x", box=(30, 40, 50, 60)),)), notice=False)
    changed = (drawn != 100).any(axis=2)
    inside = np.zeros_like(changed)
    inside[40:60, 30:50] = True
    inside[41:59, 31:49] = False
    for y, x in np.argwhere(inside):
        assert tuple(drawn[y, x]) == COLOURS[0] or y < 41  # the words stand above, on the first row at most
    below = changed[42:]
    assert (below == inside[42:]).all()


def test_a_mask_is_outlined_and_not_filled():
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    drawn = overlay(
        np.zeros((64, 64), np.uint8), Marks(regions=(Region(label="x", box=(0, 50, 60, 64), mask=mask),)), notice=False
    )
    part = (drawn[18:42, 18:42] != 0).any(axis=2)
    assert part.sum() == 4 * 19 and not part[4:-4, 4:-4].any()


def test_no_heat_covers_nothing_and_full_heat_covers_by_its_opacity():
    picture = np.full((4, 4, 3), 200, np.uint8)
    np.testing.assert_array_equal(heated(picture, np.zeros((4, 4)), opacity=1.0), picture)
    np.testing.assert_array_equal(heated(picture, np.ones((4, 4)), opacity=1.0)[0, 0], [252, 255, 165])
    np.testing.assert_array_equal(heated(picture, np.ones((4, 4)), opacity=0.5)[0, 0], [226, 228, 182])


def test_heat_grows_lighter_throughout():
    ladder = heated(np.zeros((1, 256, 3), np.uint8), np.linspace(0, 1, 256)[None], opacity=1.0)[0].astype(float)
    lightness = ladder @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) >= -1e-9).all()


@pytest.mark.parametrize("shape", [(100, 60), (60, 100), (64, 64), (31, 200)])
def test_heat_over_the_models_square_lies_back_where_the_picture_has_it(shape, tmp_path):
    """A bright spot goes through the model's own fitting and comes back to where it was."""
    height, width = shape
    picture = np.zeros(shape, np.uint8)
    y, x = height // 3, 2 * width // 3
    picture[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5] = 255
    Image.fromarray(picture).save(tmp_path / "p.png")
    square = read_picture((tmp_path / "p.png").read_bytes(), ImageRole(column="image", size=48)) / 255.0
    back = unfitted(square, height, width)
    assert back.shape == shape
    rows, columns = np.indices(shape)
    centre = (back * rows).sum() / back.sum(), (back * columns).sum() / back.sum()
    cell = max(shape) / 48
    assert centre == pytest.approx((y, x), abs=cell)


def test_the_png_holds_the_pixels_and_nothing_else(tmp_path):
    picture = np.random.default_rng(0).integers(256, size=(20, 30, 3), dtype=np.uint8)
    (tmp_path / "o.png").write_bytes(png_of(picture))
    with Image.open(tmp_path / "o.png") as opened:
        assert opened.info == {}
    np.testing.assert_array_equal(open_source(tmp_path / "o.png").picture, picture)
