"""Pictures as pixels of a network: against arithmetic by hand and torch; and augmentation in training alone."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from primum.cohort.records import Records
from primum.errors import CohortError
from primum.model import asked
from primum.model.inputs import Augmentation, ImageInput, PixelForm, PreparedImage
from primum.model.inputs.image import tokens_of


class Pictures:
    """An ImageColumn in memory."""

    def __init__(self, pixels, absent=()):
        self.pixels = pixels
        self.size, self.channels = pixels.shape[1], pixels.shape[3]
        self.keys = np.array([None if i in absent else f"k{i}" for i in range(len(pixels))], dtype=object)
        self.taken = []

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        self.taken.append(len(rows))
        return self.pixels[np.asarray(rows)]


@pytest.fixture
def pictures(rng):
    return Pictures(rng.integers(256, size=(6, 32, 32, 1), dtype=np.uint8), absent=(2,))


def _prepared(pictures, **form):
    given = ImageInput(PixelForm(architecture="x", **form), colour=pictures.channels == 3)
    return given.prepare(Records(n=len(pictures), image=pictures))


def test_pixels_are_shares_of_white_less_mean_over_deviation(pictures):
    batch = _prepared(pictures, mean=(0.5, 0.4, 0.3), scale=(0.2, 0.3, 0.4)).collate([4, 2])
    assert batch["pixels"].shape == (2, 3, 32, 32) and batch["pixels"].is_contiguous()
    assert batch["present"].tolist() == [True, False]
    for c, (mean, scale) in enumerate(((0.5, 0.2), (0.4, 0.3), (0.3, 0.4))):
        wanted = (pictures.pixels[4, ..., 0] / 255 - mean) / scale
        np.testing.assert_allclose(batch["pixels"][0, c].numpy(), wanted, atol=1e-5)


def test_a_network_of_another_side_gets_that_side(pictures):
    batch = _prepared(pictures, side=16, mean=(0, 0, 0), scale=(1, 1, 1)).collate([0])
    plain = torch.from_numpy(pictures.pixels[0]).permute(2, 0, 1)[None].float() / 255
    wanted = functional.interpolate(plain, size=(16, 16), mode="bilinear", antialias=True)
    torch.testing.assert_close(batch["pixels"], wanted.expand(1, 3, 16, 16))


def test_pictures_are_read_only_for_the_batch_that_asks(pictures):
    prepared = _prepared(pictures)
    assert pictures.taken == []
    prepared.collate([1, 3])
    assert pictures.taken == [2]


def test_records_without_images_have_none_present():
    prepared = ImageInput(PixelForm(architecture="x", side=32), colour=False).prepare(Records(n=3))
    batch = prepared.collate([0, 2])
    assert batch["pixels"].shape == (2, 3, 32, 32) and not batch["present"].any()


def test_colour_is_refused_by_a_model_of_grey_and_grey_taken_by_one_of_colour(rng):
    colour = Pictures(rng.integers(256, size=(2, 16, 16, 3), dtype=np.uint8))
    grey = Pictures(rng.integers(256, size=(2, 16, 16, 1), dtype=np.uint8))
    with pytest.raises(CohortError, match="in colour, and the model was tuned on grey"):
        ImageInput(PixelForm(architecture="x"), colour=False).prepare(Records(n=2, image=colour))
    batch = ImageInput(PixelForm(architecture="x"), colour=True).prepare(Records(n=2, image=grey)).collate([0])
    assert batch["pixels"].shape == (1, 3, 16, 16)


def test_the_state_builds_the_same_input():
    form = PixelForm(architecture="folder", side=96, mean=(0.1, 0.2, 0.3), scale=(0.5, 0.6, 0.7))
    again = ImageInput.from_state(ImageInput(form, colour=True).state())
    assert again.form == form and again.colour


def test_the_cost_of_a_picture_grows_with_its_area():
    assert [tokens_of(side) for side in (8, 16, 224, 448)] == [1, 1, 196, 784]


def test_augmented_pictures_differ_each_time_and_repeat_with_the_generator(pictures):
    plain = _prepared(pictures)
    moved = plain.augmented(Augmentation())
    torch.manual_seed(3)
    first, second = moved.collate([1])["pixels"], moved.collate([1])["pixels"]
    torch.manual_seed(3)
    torch.testing.assert_close(moved.collate([1])["pixels"], first)
    assert not torch.equal(first, second) and not torch.equal(first, plain.collate([1])["pixels"])
    torch.testing.assert_close(plain.collate([1])["pixels"], plain.collate([1])["pixels"])


def test_nothing_asked_changes_nothing(pictures, rng):
    still = Augmentation(degrees=0, crop=1, intensity=0, noise=0)
    np.testing.assert_array_equal(still.applied(pictures.pixels[0], rng), pictures.pixels[0])


def test_left_and_right_stay_apart_unless_flips_are_allowed():
    half = np.zeros((64, 64, 1), np.uint8)
    half[:, :32] = 255  # white on the left
    sides = {allowed: set() for allowed in (False, True)}
    for allowed in sides:
        for seed in range(40):
            found = Augmentation(allow_flips=allowed).applied(half, np.random.default_rng(seed))
            sides[allowed].add(bool(found[:, :20].mean() > found[:, -20:].mean()))
    assert sides == {False: {True}, True: {True, False}}


def test_joined_pictures_follow_one_another(pictures, rng):
    more = Pictures(rng.integers(256, size=(2, 32, 32, 1), dtype=np.uint8))
    form = PixelForm(architecture="x")
    joined = PreparedImage(pictures, form, 6).joined(PreparedImage(more, form, 2))
    np.testing.assert_allclose(
        joined.collate([7])["pixels"].numpy(), PreparedImage(more, form, 2).collate([1])["pixels"].numpy()
    )
    assert len(joined.lengths) == 8 and joined.present.tolist() == [True, True, False, True, True, True, True, True]


def test_chosen_pictures_are_those_of_their_records_and_repeat_as_often_as_asked(pictures):
    prepared = _prepared(pictures)
    some = prepared.chosen(np.array([4, 2, 4]))
    torch.testing.assert_close(some.collate([0, 2])["pixels"], prepared.collate([4, 4])["pixels"])
    assert some.present.tolist() == [True, False, True] and some.distinct()[1].tolist() == [0, 1, 0]


def test_a_picture_stays_whole_where_only_a_part_of_a_record_is_left(pictures):
    prepared = _prepared(pictures)
    rows, none = np.array([5, 5, 0]), np.zeros((3, 0), dtype=bool)
    left = asked.thinned({"image": prepared}, rows, [none[0]] * 3, none)["image"]
    torch.testing.assert_close(left.collate([0, 1, 2])["pixels"], prepared.collate([5, 5, 0])["pixels"])
    assert len(left.distinct()[0]) == 2  # equal pictures are known for equal, and read once
