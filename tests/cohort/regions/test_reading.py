"""Boxes and masks of a study: what is read, and the one sentence for what cannot be."""

import csv

import numpy as np
import pytest
from PIL import Image

from primum.cohort import read_cohort, take
from primum.cohort.roles import BoxesRole, ImageRole, InputRoles, MasksRole, Roles, TargetRole
from primum.errors import CohortError
from primum.evidence.marks import mask_of


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        Image.fromarray(np.full((40, 60), 100 + i, np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


def _records(folder, rows):
    with (folder / "records.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "records.csv"


def _roles(target, **more):
    inputs = InputRoles(image=ImageRole(column="film", size=32))
    return Roles(inputs=inputs, target=target, id="id", **more)


def _boxes(folder, text, **names):
    (folder / "boxes.csv").write_text(text, encoding="utf-8")
    rows = [{"id": f"r{i}", "film": f"{i}.png"} for i in range(3)]
    role = BoxesRole(file=folder / "boxes.csv", **names)
    target = TargetRole(column="boxes.csv", kind="regions", regions=role)
    return read_cohort(_records(folder, rows), _roles(target))


def _masks(folder, mask, **named):
    rows = [{"id": f"r{i}", "film": f"{i}.png", "mask": mask if i == 1 else ""} for i in range(3)]
    target = TargetRole(column="mask", kind="regions", regions=MasksRole(**named))
    return read_cohort(_records(folder, rows), _roles(target))


def test_boxes_go_to_their_pictures_and_one_without_area_is_counted(folder):
    cohort = _boxes(folder, "film,label,xmin,ymin,xmax,ymax\n1.png,b,1,2,30,20\n1.png,a,0,0,60,40\n2.png,a,5,5,5,9\n")
    assert cohort.regions.labels == ("a", "b")
    assert [len(of) for of in cohort.regions.marks] == [0, 2, 0]
    assert cohort.regions.marks[1][0].box == (1.0, 2.0, 30.0, 20.0)
    assert cohort.regions.shapes.tolist() == [[40, 60]] * 3
    assert cohort.source["boxes_without_area"] == 1
    assert cohort.target.values.tolist() == [0.0, 2.0, 0.0]
    assert take(cohort, np.array([1])).regions.marks == (cohort.regions.marks[1],)


def test_boxes_may_name_ids_and_give_sizes(folder):
    cohort = _boxes(folder, "id,x,y,w,h\nr2,10,10,20,5\n")
    assert cohort.regions.marks[2][0].box == (10.0, 10.0, 30.0, 15.0)
    assert cohort.regions.labels == ("region",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("film,xmin,ymin,xmax,ymax\n1.png,0,0,61.5,40\n", "row 1 ends outside their picture"),
        (
            "film,xmin,ymin,xmax,ymax\n1.png,0,0,9,9\n9.png,0,0,9,9\n",
            "row 2 names a picture that is not among the 3 records",
        ),
        ("film,xmin,ymin,xmax,ymax\n1.png,0,oak,9,9\n", "row 1 holds something else than numbers"),
        ("film,left,top\n1.png,0,0\n", "expected the columns xmin, ymin, xmax, ymax"),
        ("name,xmin,ymin,xmax,ymax\n1.png,0,0,9,9\n", "no column says whose picture a box is on"),
        ("film,xmin,ymin,xmax,ymax\nx.png,0,0,9,9\n", "none of its values is in the records' column"),
    ],
)
def test_wrong_boxes_are_told_in_a_sentence(folder, text, says):
    with pytest.raises(CohortError, match=says) as told:
        _boxes(folder, text)
    assert str(told.value).count(". ") == 0


def test_a_mask_is_read_piece_by_piece(folder):
    mask = np.zeros((40, 60), np.uint8)
    mask[5:10, 5:20], mask[30:35, 40:50] = 255, 255
    Image.fromarray(mask).convert("1").save(folder / "mask.png")
    cohort = _masks(folder, "mask.png", label="lesion")
    pieces = cohort.regions.marks[1]
    assert [mark.box for mark in pieces] == [(5.0, 5.0, 20.0, 10.0), (40.0, 30.0, 50.0, 35.0)]
    assert np.array_equal(sum(mask_of(m.runs, (40, 60)) for m in pieces), mask > 0)
    assert cohort.target.values[1] == pytest.approx(125 / 2400)


def test_values_of_a_mask_are_labels(folder):
    mask = np.zeros((40, 60), np.uint8)
    mask[:5], mask[10:15], mask[20:25] = 1, 2, 3
    Image.fromarray(mask).save(folder / "mask.png")
    cohort = _masks(folder, "mask.png", label="", values={1: "edema", 3: "tumour"})
    assert [mark.label for mark in cohort.regions.marks[1]] == ["edema", "tumour"]


def test_a_volume_is_read_as_its_image_is(folder):
    nibabel = pytest.importorskip("nibabel")
    volume = np.zeros((60, 40, 1), np.uint8)
    volume[10:20, 5:9] = 1
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-1.0, -1.0, 1.0, 1.0])), folder / "mask.nii.gz")
    cohort = _masks(folder, "mask.nii.gz")
    assert cohort.regions.marks[1][0].box == (10.0, 5.0, 20.0, 9.0)


def test_wrong_masks_are_told_in_a_sentence(folder):
    with pytest.raises(CohortError, match="row 2 names a mask file that is not there"):
        _masks(folder, "none.png")
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(folder / "small.png")
    with pytest.raises(CohortError, match="row 2 names a mask of another size than their image"):
        _masks(folder, "small.png")
    (folder / "text.png").write_text("no picture")
    with pytest.raises(CohortError, match="row 2 names a mask file that is none of PNG"):
        _masks(folder, "text.png")
    Image.fromarray(np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)).save(folder / "colour.png")
    with pytest.raises(CohortError, match="row 2 names a mask in colour"):
        _masks(folder, "colour.png")
