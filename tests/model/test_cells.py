"""Cells of pictures: taken away, summed up, and spread from maps of any size; against loops over single pixels."""

import numpy as np
import pytest
import torch

from primum.model import asked
from primum.model.inputs.cells import CELLS, GRID, band_of_pixel, spread_by_cell, summed_by_cell, without_cells


@pytest.mark.parametrize("side", [16, 33, 64, 224])
def test_every_cell_has_its_share_of_the_pixels(side):
    counts = np.bincount(band_of_pixel(side), minlength=GRID)
    assert counts.sum() == side and counts.max() - counts.min() <= 1


def test_a_hidden_cell_shows_the_picture_s_mean_and_the_others_stay(rng):
    pixels = torch.from_numpy(rng.normal(size=(2, 3, 28, 28)))
    kept = torch.from_numpy(rng.random((2, CELLS)) < 0.5)
    found = without_cells(pixels, kept)
    for b in range(2):
        for y in range(28):
            for x in range(28):
                stays = bool(kept[b, (y // 4) * GRID + x // 4])
                wanted = pixels[b, :, y, x] if stays else pixels[b].mean((1, 2))
                torch.testing.assert_close(found[b, :, y, x], wanted)


def test_pixels_sum_to_their_cell(rng):
    values = torch.from_numpy(rng.normal(size=(2, 28, 28)))
    wanted = values.reshape(2, GRID, 4, GRID, 4).sum((2, 4)).flatten(1)
    torch.testing.assert_close(summed_by_cell(values), wanted)


@pytest.mark.parametrize("shape", [(7, 7), (14, 14), (2, 2), (3, 5), (10, 10)])
def test_a_map_keeps_its_sum_and_its_places(rng, shape):
    values = torch.from_numpy(rng.random((3, *shape)))
    found = spread_by_cell(values)
    torch.testing.assert_close(found.sum(1), values.sum((1, 2)))
    fine = values.repeat_interleave(GRID, 1).repeat_interleave(GRID, 2) / GRID**2  # whole pieces on both grids
    rows, columns = shape
    wanted = fine.reshape(3, GRID, rows, GRID, columns).sum((2, 4)).flatten(1)
    torch.testing.assert_close(found, wanted)


def test_thinned_pictures_are_other_pictures_and_one_without_cells_is_none(pictures):
    prepared = pictures
    rows = np.array([0, 0, 0, 1])
    cells = np.ones((4, CELLS), dtype=bool)
    cells[1, 3] = False
    cells[2] = False
    whole = {"image": prepared}
    nothing = np.zeros((4, 0), dtype=bool)
    left = asked.thinned(whole, rows, [], nothing, cells)["image"]
    assert left.present.tolist() == [True, True, False, True]
    first, equal = left.distinct()
    assert len(first) == 4 and len(set(equal.tolist())) == 4
    batch = left.collate([0, 1])["pixels"]
    torch.testing.assert_close(batch[0], prepared.collate([0])["pixels"][0])
    torch.testing.assert_close(batch[1:], without_cells(prepared.collate([0])["pixels"], torch.tensor(cells[1:2])))
    assert asked.cells_there(whole).shape == (3, CELLS) and asked.cells_there(whole)[0].all()
    again = left.chosen(np.array([1]))
    torch.testing.assert_close(again.collate([0])["pixels"], batch[1:])


@pytest.fixture
def pictures(rng):
    from primum.cohort.records import Records
    from primum.model.inputs import ImageInput, PixelForm

    class Column:
        size, channels = 28, 1
        keys = np.array(["a", "b", "c"], dtype=object)
        pixels = rng.integers(256, size=(3, 28, 28, 1), dtype=np.uint8)

        def __len__(self):
            return 3

        def take(self, rows):
            return self.pixels[np.asarray(rows)]

    return ImageInput(PixelForm(architecture="x"), colour=False).prepare(Records(n=3, image=Column()))
