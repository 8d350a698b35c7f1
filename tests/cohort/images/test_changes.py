"""Changes to pictures: each registered one keeps shape and type; what each promises, by hand."""

import numpy as np
import pytest

from primum.cohort.images import IMAGE_CHANGES, MadeUpImages, thumbnails
from primum.cohort.images.changes import compressed, cropped, low_contrast, noisy, part_of, rotated, turned


@pytest.fixture
def picture(rng):
    base = np.tile(np.linspace(40, 210, 64), (64, 1))
    return np.clip(base + rng.normal(0, 5, base.shape), 0, 255).astype(np.uint8)[..., None]


@pytest.mark.parametrize("name", IMAGE_CHANGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_change_keeps_shape_and_the_given_picture_and_repeats_itself(name, channels, picture):
    given = np.repeat(picture, channels, axis=2)
    before = given.copy()
    change = IMAGE_CHANGES.get(name).change
    found, again = (change(given, np.random.default_rng(5)) for _ in range(2))
    assert found.shape == given.shape and found.dtype == np.uint8
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(found, again)
    assert not np.array_equal(found, given)


def test_noise_has_the_stated_deviation(rng):
    grey = np.full((200, 200, 1), 128, np.uint8)
    assert (noisy(grey, rng).astype(float) - 128).std() == pytest.approx(0.04 * 255, rel=0.03)


def test_contrast_draws_towards_the_mean(picture, rng):
    found = low_contrast(picture, rng).astype(float)
    assert found.mean() == pytest.approx(picture.mean(), abs=0.5)
    assert found.std() / picture.std() == pytest.approx(0.7, rel=0.01)


def test_compression_is_what_pillow_gives_back(picture, rng):
    found = compressed(picture, rng).astype(float)
    assert 0.5 < np.abs(found - picture).mean() < 10


def test_a_quarter_turn_is_numpys(picture):
    np.testing.assert_array_equal(turned(picture, 90.0), np.rot90(picture))


def test_a_turn_is_small_and_a_crop_keeps_the_middle(picture, rng):
    assert np.abs(rotated(picture, rng).astype(float) - picture)[24:40, 24:40].mean() < 12
    assert np.abs(cropped(picture, rng).astype(float) - picture)[24:40, 24:40].mean() < 12
    np.testing.assert_array_equal(part_of(picture, 1.0, rng), picture)


def test_thumbnails_are_means_over_cells(rng):
    class Column:
        size, channels, keys = 64, 1, np.array(["a", None, "b"], dtype=object)
        pixels = rng.integers(256, size=(3, 64, 64, 1), dtype=np.uint8)

        def take(self, rows):
            return self.pixels[np.asarray(rows)]

    found = thumbnails(Column(), np.array([2, 1, 0]), side=16)
    cells = Column.pixels[[2, 0], ..., 0].reshape(2, 16, 4, 16, 4).mean((2, 4)).reshape(2, 256) / 255
    assert np.abs(found[[0, 2]] - cells).max() <= 1.01 / 255 and np.isnan(found[1]).all()


def test_made_up_pictures_are_noise_and_repeat_themselves():
    class Like:
        size, channels = 16, 3

    images = MadeUpImages(Like(), 5, seed=1)
    assert images.take([3]).shape == (1, 16, 16, 3) and len(set(images.keys)) == 5
    np.testing.assert_array_equal(images.take([1, 3])[1], images.take([3])[0])
    assert images.take([]).shape == (0, 16, 16, 3)
