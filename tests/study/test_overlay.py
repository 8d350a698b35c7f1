"""Pictures of reasons: the box round the strongest place by hand, colour where the answer was moved, words below."""

import io

import numpy as np
import pytest
from PIL import Image

from primum.study.overlay import SIDE, cells_of, overlay, strongest


def test_the_box_is_round_the_strongest_cell_and_its_strong_neighbours():
    cells = np.zeros((7, 7))
    cells[2, 3], cells[2, 4], cells[3, 4], cells[6, 6] = 2.0, 1.0, 0.9, 1.9  # half of the strongest is 1
    found = strongest(cells, label="ill", side=70)
    assert found is not None and (found.label, found.box) == ("ill", (30.0, 20.0, 50.0, 30.0))
    assert strongest(-np.abs(cells), label="ill", side=70) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_colour_is_where_the_answer_was_moved_and_grey_elsewhere(lang):
    cells = np.zeros((7, 7))
    cells[1, 1], cells[5, 5] = 1.0, -1.0
    picture = np.full((32, 32, 3), (90, 120, 150), np.uint8)
    with Image.open(io.BytesIO(overlay(picture, cells, lang=lang))) as opened:
        drawn = np.asarray(opened).astype(int)
    assert drawn.shape[1] == SIDE and drawn.shape[0] > SIDE
    cell = SIDE // 7

    def of(row, column):
        return drawn[row * cell + 8 : (row + 1) * cell - 8, column * cell + 8 : (column + 1) * cell - 8]

    assert (of(1, 1)[..., 0] > of(1, 1)[..., 2]).all() and (of(5, 5)[..., 2] > of(5, 5)[..., 0]).all()
    assert (of(3, 3) == 120).all()
    words = drawn[SIDE:]
    assert (words.max(), words.min()) == (255, 0) and (words.sum(2) < 200).mean() > 0.005
    other = overlay(picture, cells, lang="zh" if lang == "en" else "en")
    with Image.open(io.BytesIO(other)) as opened:
        assert not np.array_equal(np.asarray(opened)[SIDE:], words)


def test_cells_come_back_from_what_is_told():
    told = {"grid": 2, "cells": [{"row": 0, "column": 1, "adds": 2.0}, {"row": 1, "column": 0, "adds": -1.0}]}
    assert cells_of(told).tolist() == [[0.0, 2.0], [-1.0, 0.0]]
    assert cells_of({"words": []}) is None
