"""Marks in files: read as they are, or refused with the line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from primum.apps.imaging import read_heat, read_regions
from primum.errors import InputError

Image = pytest.importorskip("PIL.Image")


def test_regions_come_with_masks_beside_the_file(tmp_path):
    mask = np.random.default_rng(1).random((20, 30)) < 0.5
    Image.fromarray((mask * 255).astype(np.uint8)).save(tmp_path / "m.png")
    lines = [
        {"label": "WBC", "box": [1, 2, 3.5, 4], "score": 0.5, "mask": "m.png"},
        {"label": "RBC", "box": [0, 0, 1, 1]},
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    first, second = read_regions(tmp_path / "r.jsonl")
    assert (first.label, first.box, first.score) == ("WBC", (1.0, 2.0, 3.5, 4.0), 0.5)
    np.testing.assert_array_equal(first.mask, mask)
    assert (second.label, second.score, second.mask) == ("RBC", None, None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "line 2 is no region"),
        ('{"label": "a"}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3]}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, NaN]}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, true]}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, 4], "score": "high"}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, 4], "colour": 1}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, 4], "mask": 7}', "line 2 is no region"),
        ('{"label": "a", "box": [1, 2, 3, 4], "mask": "../m.png"}', "line 2: the mask is not named by a file beside"),
        ('{"label": "a", "box": [1, 2, 3, 4], "mask": "none.png"}', "none.png: it cannot be opened"),
    ],
)
def test_a_line_that_is_no_region_is_named(line, says, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"label": "a", "box": [1, 2, 3, 4]}\n' + line, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_regions(tmp_path / "r.jsonl")


def test_heat_is_read_from_numbers_and_from_grey(tmp_path):
    heat = np.random.default_rng(2).random((20, 30))
    np.save(tmp_path / "h.npy", heat)
    np.testing.assert_array_equal(read_heat(tmp_path / "h.npy", height=20, width=30), heat)
    grey = np.rint(heat * 255).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "h.png")
    np.testing.assert_allclose(read_heat(tmp_path / "h.png", height=20, width=30), grey / 255.0)
    np.save(tmp_path / "square.npy", np.full((8, 8), 0.25))
    np.testing.assert_allclose(read_heat(tmp_path / "square.npy", height=20, width=30), 0.25)


def test_heat_that_is_none_is_refused(tmp_path):
    np.save(tmp_path / "h.npy", np.zeros((5, 7)))
    with pytest.raises(InputError, match=r"its shape is \(5, 7\); a heat map has the picture's \(20, 30\)"):
        read_heat(tmp_path / "h.npy", height=20, width=30)
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="it holds no array of numbers"):
        read_heat(tmp_path / "o.npy", height=20, width=30)
    (tmp_path / "t.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="t.png: it is a file that is none of PNG"):
        read_heat(tmp_path / "t.png", height=20, width=30)
