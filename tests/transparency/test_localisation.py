"""The pointing game and energy inside: cases solved by hand, stored pixels on the square, and chance that is chance."""

import numpy as np
import pytest

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.evidence.regions import Region
from primum.transparency.localisation import SIDE, localisation_findings, placed, pointed


def _box(x0, y0, x1, y1, **more):
    return Region(label="lesion", box=(x0, y0, x1, y1), **more)


def test_a_box_of_a_wide_image_is_scaled_and_stands_below_the_black_band():
    # 448 wide and 224 high: half the size, 56 black rows above and below
    marked = placed([_box(100, 20, 200, 120)], (224, 448))
    rows, columns = np.nonzero(marked)
    assert (rows.min(), rows.max() + 1) == (56 + 10, 56 + 60)
    assert (columns.min(), columns.max() + 1) == (50, 100)
    assert marked.sum() == 50 * 50


def test_a_mask_marks_its_own_pixels_and_no_more_than_its_box():
    mask = np.zeros((112, 112), dtype=bool)
    mask[10:20, 30:40] = True
    mask[12, 33] = False
    marked = placed([_box(30, 10, 40, 20, mask=mask)], (112, 112))
    assert marked.sum() == 4 * (100 - 1)
    assert not marked[25, 67] and marked[20, 60]


def test_hits_chance_and_energy_by_hand():
    marked = placed([_box(0, 0, 64, 32)], (SIDE, SIDE))  # the first two cells of the first row, exactly
    cells = np.zeros((7, 7))
    cells[0, 1], cells[3, 3], cells[6, 6] = 3.0, 1.0, -5.0
    found = pointed([cells], [marked])
    assert found.hit.tolist() == [1.0]
    assert found.inside[0] == pytest.approx(3 / 4) and found.area[0] == pytest.approx(2 / 49)
    # The middles of cells lie 16 pixels from their edges: nothing but the two cells is within 15 of the box.
    assert found.chance[0] == pytest.approx(2 / 49)
    cells[0, 1], cells[4, 4] = 0.5, 9.0
    assert pointed([cells], [marked]).hit.tolist() == [0.0]


def test_a_near_miss_counts_and_a_far_one_does_not():
    cells = np.zeros((7, 7))
    cells[3, 3] = 1.0  # its middle is at 112, 112
    for left, hit in ((112 + 14, 1.0), (112 + 17, 0.0)):
        assert pointed([cells], [placed([_box(left, 100, left + 30, 125)], (SIDE, SIDE))]).hit.tolist() == [hit]


def test_reasons_at_random_hit_as_often_as_chance_says(rng):
    marked = placed([_box(30, 60, 150, 140)], (SIDE, SIDE))
    found = pointed([rng.normal(size=(7, 7)) for _ in range(2000)], [marked] * 2000)
    assert found.hit.mean() == pytest.approx(found.chance[0], abs=0.04)
    assert found.inside.mean() == pytest.approx(found.area[0], abs=0.01)


class Spot:
    """A model that answers class 1 by how many of the cells of its rule are left."""

    classes = ("well", "ill")

    def __init__(self, cells):
        self.cells = cells

    def prepare(self, records):
        return np.ones((len(records), 49), dtype=bool)

    def predict_prepared(self, prepared):
        p = 0.05 + 0.9 * prepared[:, self.cells].mean(1)
        return np.column_stack([1 - p, p])

    def token_places(self, records):
        from primum.model.inputs.text import TokenPlaces

        return [TokenPlaces(text="", spans=np.empty((0, 2), np.int64), special=np.empty(0, bool))] * len(records)

    def vital_names(self):
        return ()

    def vitals_there(self, prepared):
        return np.zeros((len(prepared), 0), dtype=bool)

    def cells_there(self, prepared):
        return np.ones((len(prepared), 49), dtype=bool)

    def thinned(self, prepared, rows, tokens, vitals, cells=None):
        return prepared[rows] if cells is None else cells


def _cohort(n):
    names = np.array([str(i) for i in range(n)], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=Records(n=n),
        ids=names,
        patients=names,
        target=Target(kind="classes", classes=("well", "ill"), values=np.ones(n, np.int64)),
    )


def _findings(split, marked):
    n = len(split)
    regions = [[_box(*marked)] if i % 2 else [] for i in range(n)]
    shapes = np.full((n, 2), SIDE)
    found = localisation_findings(Spot([24]), _cohort(n), np.array(split, dtype=object), regions, shapes=shapes)
    return {f.metric: f for f in found}


def test_a_model_that_looks_at_the_marked_place_scores_full_marks_on_test():
    found = _findings(["test"] * 60 + ["train"] * 20, (97, 97, 127, 127))
    pointing = found["pointing_accuracy"]
    assert (pointing.value, pointing.n, pointing.split, pointing.enough) == (1.0, 30, "test", True)
    assert pointing.low == pytest.approx(30 / (30 + 1.959964**2)) and pointing.detail["chance"] == pytest.approx(1 / 49)
    assert found["pointing_excess"].value == pytest.approx(1 - 1 / 49)
    assert found["energy_inside"].value == pytest.approx(30 * 30 / 32**2)


def test_a_model_that_looks_elsewhere_scores_none():
    assert _findings(["test"] * 60, (0, 0, 60, 60))["pointing_accuracy"].value == 0.0


def test_few_marked_test_records_are_joined_by_others_that_were_not_trained_on():
    found = _findings(["test"] * 10 + ["validation"] * 20 + ["train"] * 40, (97, 97, 127, 127))["pointing_accuracy"]
    assert (found.n, found.split) == (15, None)
    assert _findings(["train"] * 20, (97, 97, 127, 127)) == {}
