"""What of an image decides: planted rules at the rim and in the middle, against scikit-learn's AUROC; views by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from primum.cohort.cohort import Cohort, Target
from primum.cohort.images import views_of
from primum.cohort.records import Records
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.safety.robustness import image_part_findings

N, SIDE, WIDE = 120, 42, 6


class Films:
    size, channels = SIDE, 1

    def __init__(self, pixels):
        self.pixels = pixels
        self.keys = np.array([f"f{i}" for i in range(len(pixels))], dtype=object)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


@pytest.fixture
def films(rng):
    return Films(rng.integers(60, 190, size=(N, SIDE, SIDE, 1)).astype(np.uint8))


def test_views_leave_what_they_say_and_fill_the_rest_with_its_mean(films):
    views = {name: view.take([3])[0] for name, view in views_of(films).items()}
    own = films.pixels[3]
    rim = np.ones((SIDE, SIDE), dtype=bool)
    rim[WIDE:-WIDE, WIDE:-WIDE] = False
    corners = np.zeros((SIDE, SIDE), dtype=bool)
    for y in (slice(0, 2 * WIDE), slice(SIDE - 2 * WIDE, SIDE)):
        for x in (slice(0, 2 * WIDE), slice(SIDE - 2 * WIDE, SIDE)):
            corners[y, x] = True
    for name, kept in (("rim_alone", rim), ("centre_alone", ~rim), ("without_corners", ~corners)):
        np.testing.assert_array_equal(views[name][kept], own[kept])
        assert (views[name][~kept] == np.rint(own[kept].mean())).all()


class Looks:
    """A model that answers by how much brighter one place is than the picture."""

    def __init__(self, place):
        self.place = place

    def predict(self, records):
        pixels = records.image.take(np.arange(len(records)))[..., 0].astype(float)
        z = (pixels[(slice(None), *self.place)].mean((1, 2)) - pixels.mean((1, 2))) / 4
        p = 1 / (1 + np.exp(-z))
        return np.column_stack([1 - p, p])


def _cohort(films, truth, patients=None):
    names = np.array([str(i) for i in range(N)], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=Records(n=N, image=films),
        ids=names,
        patients=names if patients is None else patients,
        target=Target(kind="classes", classes=("well", "ill"), values=truth),
    )


@pytest.mark.parametrize(
    ("place", "deaf"),
    [((slice(0, 5), slice(0, 5)), "centre_alone"), ((slice(18, 24), slice(18, 24)), "rim_alone")],
)
def test_a_model_that_looks_at_one_place_cannot_rank_without_it(films, rng, place, deaf):
    truth = rng.integers(2, size=N)
    films.pixels[truth == 1, place[0], place[1]] = np.clip(
        films.pixels[truth == 1, place[0], place[1]] + 30.0, 0, 255
    ).astype(np.uint8)
    model = Looks(place)
    found = image_part_findings(model, _cohort(films, truth), np.full(N, "test", dtype=object))
    areas = {f.versus["left"]: f for f in found if f.metric == "image_part_auroc"}
    assert set(areas) == {"rim_alone", "centre_alone", "without_corners"}
    for name, view in views_of(films).items():
        answers = model.predict(Records(n=N, image=view))[:, 1]
        assert areas[name].value == pytest.approx(roc_auc_score(truth, answers))
        assert areas[name].low <= areas[name].value <= areas[name].high and areas[name].enough
        assert areas[name].detail["whole"] == pytest.approx(
            roc_auc_score(truth, model.predict(Records(n=N, image=films))[:, 1])
        )
    other = {"centre_alone": "rim_alone", "rim_alone": "centre_alone"}[deaf]
    assert areas[other].value > 0.9 and areas[deaf].low < 0.55
    moved = {f.versus["left"]: f for f in found if f.metric == "image_part_change"}
    assert moved[deaf].value > 0.2


def test_one_record_a_patient_is_asked_about(films, rng):
    patients = np.array([f"p{i % 50}" for i in range(N)], dtype=object)
    model = Looks((slice(0, 5), slice(0, 5)))
    found = image_part_findings(model, _cohort(films, rng.integers(2, size=N), patients), np.full(N, "test", object))
    assert {f.n for f in found} == {50}
