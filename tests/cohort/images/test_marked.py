"""Boxes in a table and masks in files, as the places that reasons are held against; wrong ones are named by row."""

import csv

import numpy as np
import pytest
from PIL import Image

from primum.cohort import read_cohort
from primum.cohort.images.marked import read_marked
from primum.cohort.roles import ImageRole, InputRoles, Roles, TargetRole
from primum.errors import ColumnError

ROLES = Roles(inputs=InputRoles(image=ImageRole(column="film", size=32)), target=TargetRole(column="dx"), id="id")


def _write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        Image.fromarray(np.full((40, 60), 50 + i, np.uint8)).save(tmp_path / f"{i}.png")
    mask = np.zeros((40, 60), np.uint8)
    mask[5:15, 20:50] = 255
    Image.fromarray(mask).save(tmp_path / "m1.png")
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "m2.png")
    rows = [
        {"id": f"r{i}", "film": f"{i}.png", "mask": ("", "m1.png", "m2.png", "")[i], "dx": ("a", "b")[i % 2]}
        for i in range(4)
    ]
    _write(tmp_path / "records.csv", rows)
    return tmp_path


def _read(folder, **options):
    cohort = read_cohort(folder / "records.csv", ROLES)
    return read_marked(folder / "records.csv", cohort, **{"boxes": None, "masks": None, **options})


@pytest.mark.parametrize(
    ("keys", "corners"),
    [
        (("film", ["3.png", "1.png", "3.png"]), {"x": [1, 2, 3], "y": [4, 5, 6], "w": [10, 10, 10], "h": [5, 6, 7]}),
        (
            ("id", ["r3", "r1", "r3"]),
            {"xmin": [1, 2, 3], "ymin": [4, 5, 6], "xmax": [11, 12, 13], "ymax": [9, 11, 13]},
        ),
    ],
)
def test_boxes_are_read_in_either_form_by_image_or_id(folder, keys, corners):
    name, given = keys
    rows = [{name: given[i], "finding": "Mass", **{c: v[i] for c, v in corners.items()}} for i in range(3)]
    _write(folder / "boxes.csv", rows)
    marked = _read(folder, boxes=folder / "boxes.csv")
    assert [[r.box for r in own] for own in marked.regions] == [
        [],
        [(2.0, 5.0, 12.0, 11.0)],
        [],
        [(1.0, 4.0, 11.0, 9.0), (3.0, 6.0, 13.0, 13.0)],
    ]
    assert {r.label for own in marked.regions for r in own} == {"Mass"}
    assert marked.shapes.tolist() == [[0, 0], [40, 60], [0, 0], [40, 60]]


def test_masks_are_read_and_an_empty_one_marks_nothing(folder):
    marked = _read(folder, masks="mask")
    assert [len(own) for own in marked.regions] == [0, 1, 0, 0]
    region = marked.regions[1][0]
    assert region.box == (20.0, 5.0, 50.0, 15.0) and region.mask.sum() == 300


def test_what_is_no_box_or_mask_is_named_by_row_alone(folder):
    _write(folder / "boxes.csv", [{"film": "1.png", "x": 1, "y": 1, "w": 5, "h": "qz-secret"}])
    with pytest.raises(ColumnError, match=r"boxes.csv: row 1 holds no box .*mend") as caught:
        _read(folder, boxes=folder / "boxes.csv")
    assert "qz-secret" not in str(caught.value)
    _write(folder / "boxes.csv", [{"film": "qz-secret.png", "x": 1, "y": 1, "w": 5, "h": 5}])
    with pytest.raises(ColumnError, match="no box is of a record's image") as caught:
        _read(folder, boxes=folder / "boxes.csv")
    assert "qz-secret" not in str(caught.value)
    _write(folder / "boxes.csv", [{"film": "1.png", "left": 1}])
    with pytest.raises(ColumnError, match="expected a column 'film', and xmin, ymin, xmax, ymax, or x, y, w, h"):
        _read(folder, boxes=folder / "boxes.csv")
    (folder / "m1.png").write_bytes(b"no picture")
    with pytest.raises(ColumnError, match="column 'mask': row 2 names no mask that can be read"):
        _read(folder, masks="mask")
