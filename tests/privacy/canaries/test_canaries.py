"""Canaries: exposure by brute force, no alarm where nothing is remembered, and one where everything is."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort
from primum.errors import StudyError
from primum.privacy.canaries import canary_findings, draw_canaries, exposures

N = 300


@pytest.fixture(scope="module")
def cohort():
    roles = Roles(inputs=InputRoles(text=("note",), vitals=(VitalRole(column="x"),)), target=TargetRole(column="y"))
    table = {
        "note": [f"note of {i}" for i in range(N)],
        "x": [str(i % 13) for i in range(N)],
        "y": [("a", "a", "a", "b")[i % 4] for i in range(N)],
    }
    return read_cohort(table, roles)


@pytest.fixture(scope="module")
def split():
    return np.array(["train", "train", "test"] * (N // 3), dtype=object)


class Answers:
    """A model that answers at random, but for the records that it was told to remember."""

    def __init__(self, rng, known=()):
        self.rng, self.known = rng, dict(known)

    def predict(self, records):
        first = self.rng.uniform(size=records.n)
        for place, text in enumerate(records.text.take(range(records.n))):
            first[place] = {None: first[place], 0: 1 - 1e-9, 1: 1e-9}[self.known.get(text)]
        return np.column_stack([first, 1 - first])


def test_exposure_is_the_rank_counted_by_hand(rng):
    planted, others = rng.integers(0, 9, size=40) / 9, rng.integers(0, 9, size=77) / 9
    wanted = [
        np.log2(78 / (1 + sum(other < one for other in others) + sum(other == one for other in others) / 2))
        for one in planted
    ]
    np.testing.assert_allclose(exposures(planted, others), wanted)


def test_drawn_twice_they_are_the_same_and_none_repeats(cohort, split):
    first, second = (draw_canaries(cohort, split, 50, seed=7) for _ in range(2))
    texts = [*first.planted.text.take(range(50)), *first.references.text.take(range(1000))]
    assert len(set(texts)) == 1050 and texts[:50] == list(second.planted.text.take(range(50)))
    np.testing.assert_array_equal(first.rows, second.rows)
    assert set(split[first.rows]) | set(split[first.reference_rows]) == {"train"}
    labels = cohort.target.values[np.concatenate([first.rows, first.reference_rows])]
    assert abs(labels.mean() - 0.5) < 0.06  # drawn evenly, though three records in four are of class a
    assert first.planted.vitals["x"].values.shape == (50,)


def test_who_remembers_nothing_is_not_accused(cohort, split):
    """The mean is 0 and one interval in forty lies above: 200 models that answer at random."""
    canaries = draw_canaries(cohort, split, 50, seed=7)
    found = [canary_findings(Answers(np.random.default_rng(s)), canaries, cohort.target.values)[0] for s in range(200)]
    values = np.array([f.value for f in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(200)
    assert sum(f.low > 0 for f in found) <= 12  # binomial(200, 0.025) exceeds it once in 500


def test_who_remembers_everything_is_measured_so(cohort, split, rng):
    canaries = draw_canaries(cohort, split, 50, seed=7)
    labels = cohort.target.values[canaries.rows]
    known = zip(canaries.planted.text.take(range(50)), labels, strict=True)
    (found,) = canary_findings(Answers(rng, known), canaries, cohort.target.values)
    assert found.value == pytest.approx(found.detail["most"]) and found.low > 8
    assert found.enough and found.n == 50 and found.detail["references"] == 1000


def test_few_canaries_are_too_few_to_tell(cohort, split, rng):
    canaries = draw_canaries(cohort, split, 19, seed=7)
    assert not canary_findings(Answers(rng), canaries, cohort.target.values)[0].enough


def test_a_number_has_no_canaries(split):
    roles = Roles(inputs=InputRoles(vitals=(VitalRole(column="x"),)), target=TargetRole(column="y", kind="number"))
    numbers = read_cohort({"x": list(range(N)), "y": list(range(N))}, roles)
    with pytest.raises(StudyError, match="a target of type number has no canaries"):
        draw_canaries(numbers, split, 5, seed=7)
