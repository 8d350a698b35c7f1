"""What may change and what is plausible: told by five patients and more, kept as statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from primum.cohort.records import VitalColumn
from primum.errors import InputError
from primum.transparency.counterfactual import Terrain, fit_terrain
from primum.transparency.counterfactual.nearby import Nearby, neighbour_distances
from primum.transparency.grouping import distances_without_self, grouped


def _ids(n):
    return np.arange(n).astype(str)


def test_ends_and_levels_are_those_of_five_patients(table):
    training = table(
        x=[-900.0, *range(100), 900.0], w=["rare"] * 4 + ["often"] * 50 + ["usual"] * 48, y=[0.5] * 51 + [1.25] * 51
    )
    terrain = fit_terrain(training.vitals, _ids(102), directions={})
    assert (terrain.of("x").low, terrain.of("x").high, terrain.of("x").step) == (3.0, 96.0, 1.0)
    assert terrain.of("w").levels == ("often", "usual")
    assert terrain.of("y").step == 0.01


def test_many_records_of_one_patient_are_one_patient(table):
    training = table(x=[*range(40), *[999.0] * 10], w=["a"] * 20 + ["b"] * 20 + ["c"] * 10)
    patients = np.array([*map(str, range(40)), *["one"] * 10])
    terrain = fit_terrain(training.vitals, patients, directions={})
    assert terrain.of("x").high == 36.0
    assert terrain.of("w").levels == ("a", "b")


def test_the_studys_range_is_kept_to_where_it_is_narrower(table):
    vitals = table(x=list(range(100))).vitals
    vitals = {"x": replace(vitals["x"], range=(20.5, 400.0))}
    limits = fit_terrain(vitals, _ids(100), directions={}).of("x")
    assert (limits.low, limits.high) == (21.0, 95.0)


def test_wrong_directions_are_named(table):
    vitals = table(rate=[1.0] * 20, ward=["A"] * 20).vitals
    with pytest.raises(InputError, match="'rat'.*rate"):
        fit_terrain(vitals, _ids(20), directions={"rat": "never"})
    with pytest.raises(InputError, match="ward is a category"):
        fit_terrain(vitals, _ids(20), directions={"ward": "up"})
    with pytest.raises(InputError, match="sideways"):
        fit_terrain(vitals, _ids(20), directions={"rate": "sideways"})


def test_neighbours_are_those_of_another_library():
    points = np.random.default_rng(3).normal(size=(80, 4))
    wanted = NearestNeighbors(n_neighbors=6).fit(points).kneighbors(points)[0][:, 5]
    assert neighbour_distances(points, points, k=5, same=True) == pytest.approx(wanted, abs=1e-6)
    others = np.random.default_rng(4).normal(size=(30, 4))
    wanted = NearestNeighbors(n_neighbors=5).fit(points).kneighbors(others)[0][:, 4]
    assert neighbour_distances(others, points, k=5) == pytest.approx(wanted, abs=1e-6)


def test_training_patients_are_measured_without_themselves():
    points = np.random.default_rng(5).normal(size=(43, 3))
    groups = grouped(points)
    for place, found in enumerate(distances_without_self(points, groups)):
        means = [points[[i for i in own if i != place]].mean(0) for own in groups]
        assert found == pytest.approx(min(np.linalg.norm(points[place] - mean) for mean in means))


def test_what_is_unlike_training_is_not_plausible(table):
    generator = np.random.default_rng(6)
    x = generator.normal(0, 1, 300)
    training = table(x=x.tolist(), y=(x + generator.normal(0, 0.1, 300)).tolist())
    terrain = fit_terrain(training.vitals, _ids(300), directions={})
    # Each value alone is usual; the two together are not.
    assert terrain.plausible(table(x=[1.5, 1.5, -1.0], y=[1.5, -1.5, 1.0])).tolist() == [True, False, False]
    assert terrain.plausible(training).mean() >= 0.9


def test_too_few_patients_say_nothing_of_what_is_near():
    points = np.random.default_rng(7).normal(size=(9, 2))
    assert Nearby.fit(points, np.arange(9)) is None


def test_a_saved_terrain_answers_as_before_and_tells_of_no_patient(table, tmp_path):
    generator = np.random.default_rng(8)
    x = generator.normal(0, 1, 60)
    x[7] = 71.731
    training = table(x=x.tolist(), w=["a"] * 30 + ["b"] * 29 + ["planted"])
    terrain = fit_terrain(training.vitals, _ids(60), directions={"x": "up"})
    terrain.save(tmp_path)
    again = Terrain.load(tmp_path)
    assert again is not None and again.limits == terrain.limits
    assert (again.plausible(training) == terrain.plausible(training)).all()
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    assert "planted" not in written and "71.731" not in written
    (tmp_path / "counterfactual.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="limits of counterfactuals"):
        Terrain.load(tmp_path)
    assert Terrain.load(tmp_path / "nowhere") is None


def test_a_vital_that_is_never_there_cannot_move():
    column = VitalColumn(name="x", kind="number", values=np.full(30, np.nan))
    terrain = fit_terrain({"x": column}, _ids(30), directions={})
    assert not terrain.of("x").movable
