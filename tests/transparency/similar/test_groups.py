"""Groups of similar patients: sizes, sums and neighbours against another library and by hand; nobody is given away."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from sklearn.neighbors import NearestNeighbors
from statsmodels.stats.proportion import proportion_confint

from primum.cohort import Cohort, take
from primum.cohort.cohort import Target
from primum.cohort.records import Records
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.errors import InputError
from primum.transparency.grouping import grouped
from primum.transparency.similar import (
    Groups,
    TrainingRecords,
    fit_groups,
    group_findings,
    nearest_records,
    similar_patients,
)

N, WIDTH = 300, 6


def _cohort(values, *, kind="classes", classes=("a", "b", "c"), patients=None):
    n = len(values)
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(text=("t",)), target=TargetRole(column="y", kind=kind)),
        records=Records(n=n),
        ids=ids,
        patients=ids if patients is None else np.asarray(patients, dtype=object),
        target=Target(kind=kind, classes=classes, values=np.asarray(values)),
    )


@pytest.fixture
def made():
    generator = np.random.default_rng(12)
    features = generator.normal(size=(N, WIDTH)) * np.array([1, 5, 0.2, 1, 1, 3])
    codes = np.clip(np.rint(features[:, 0] + 1), 0, 2).astype(np.int64)
    split = np.array([("train", "train", "train", "validation", "test")[i % 5] for i in range(N)], dtype=object)
    return _cohort(codes), split, features


@settings(deadline=None, max_examples=60)
@given(n=st.integers(0, 120), width=st.integers(1, 4), fewest=st.integers(2, 10), seed=st.integers(0, 99))
def test_every_point_is_in_one_group_and_no_group_is_too_small_or_too_large(n, width, fewest, seed):
    points = np.round(np.random.default_rng(seed).normal(size=(n, width)), 1)
    groups = grouped(points, fewest=fewest)
    if n < fewest:
        assert groups == []
        return
    assert sorted(np.concatenate(groups).tolist()) == list(range(n))
    assert all(fewest <= len(own) < 2 * fewest for own in groups)


def test_groups_hold_neighbours():
    generator = np.random.default_rng(1)
    points = np.concatenate([generator.normal(10 * k, 0.1, size=(10, 2)) for k in range(6)])
    groups = grouped(points, fewest=10)
    assert sorted(sorted(own.tolist()) for own in groups) == [list(range(10 * k, 10 * k + 10)) for k in range(6)]


def test_what_is_kept_of_each_group_is_what_its_patients_sum_to(made):
    cohort, split, features = made
    groups = fit_groups(cohort, split, features, seed=7)
    train = np.flatnonzero(split == "train")
    assert groups.patients.sum() == len(train) and groups.patients.min() >= 10
    assert groups.outcomes.sum(0) == pytest.approx(np.bincount(cohort.target.values[train], minlength=3))
    assert groups.outcomes.sum(1) == pytest.approx(groups.patients)
    standard = (features[train] - groups.centre) / groups.scale
    told = sorted((tuple(m), *o) for m, o in zip(groups.means.tolist(), groups.outcomes.tolist(), strict=True))
    own = []
    for rows in grouped(standard, fewest=10):
        mean = np.rint(standard[rows].mean(0) / 0.5) * 0.5
        own.append((tuple(mean.tolist()), *np.bincount(cohort.target.values[train][rows], minlength=3).tolist()))
    assert told == sorted(own)


def test_answers_are_those_of_the_nearest_groups(made, tmp_path):
    cohort, split, features = made
    groups = fit_groups(cohort, split, features, seed=7)
    groups.save(tmp_path)
    test = features[split == "test"]
    found = similar_patients(tmp_path, test, patients=30)
    standard = (test - groups.centre) / groups.scale
    distances, order = NearestNeighbors(n_neighbors=len(groups.means)).fit(groups.means).kneighbors(standard)
    for row, one in enumerate(found):
        own, count = [], 0
        for place in order[row]:
            own.append(place)
            count += groups.patients[place]
            if count >= 30:
                break
        assert one.patients == count >= 30 and one.records == ()
        assert one.distance == pytest.approx(distances[row, 0])
        hits = groups.outcomes[own].sum(0)
        for k, outcome in enumerate(one.outcomes):
            assert outcome.name == cohort.target.classes[k] and outcome.value == pytest.approx(hits[k] / count)
            low, high = proportion_confint(hits[k], count, method="wilson")
            assert (outcome.low, outcome.high) == (pytest.approx(low), pytest.approx(high))


def test_exact_neighbours_are_those_of_another_library_and_need_somebodys_leave(made, tmp_path):
    cohort, split, features = made
    groups = fit_groups(cohort, split, features, seed=7)
    groups.save(tmp_path)
    train, test = features[split == "train"], features[split == "test"]
    rows, away = nearest_records(groups, test, train, count=7)
    library = NearestNeighbors(n_neighbors=7).fit((train - groups.centre) / groups.scale)
    distances, wanted = library.kneighbors((test - groups.centre) / groups.scale)
    assert away == pytest.approx(distances, abs=1e-6) and (rows == wanted).all()
    training = TrainingRecords(ids=cohort.ids[split == "train"], features=train)
    found = similar_patients(tmp_path, test, training=training, viewer_may_see_records=True)
    assert [one.id for one in found[0].records][:7] == cohort.ids[split == "train"][wanted[0]].tolist()
    for half in ({"training": training}, {"viewer_may_see_records": True}):
        with pytest.raises(InputError, match="viewer_may_see_records"):
            similar_patients(tmp_path, test, **half)


def test_many_records_of_one_patient_are_one_patient(made):
    cohort, split, features = made
    train = np.flatnonzero(split == "train")
    patients = cohort.ids.copy()
    patients[train[:40]] = "one"
    groups = fit_groups(replace(cohort, patients=patients), split, features, seed=7)
    assert groups.patients.sum() == len(train) - 39
    shares = np.bincount(cohort.target.values[train[:40]], minlength=3) / 40
    rest = np.bincount(cohort.target.values[train[40:]], minlength=3)
    assert groups.outcomes.sum(0) == pytest.approx(shares + rest, abs=1e-4)


def test_labels_and_numbers_have_shares_and_means(made):
    _, split, features = made
    train = split == "train"
    labels = (features[:, :2] > 0).astype(np.int64)
    groups = fit_groups(_cohort(labels, kind="labels", classes=("u", "v")), split, features, seed=7)
    assert groups.outcomes.sum(0) == pytest.approx(labels[train].sum(0))
    numbers = features[:, 0] * 3
    groups = fit_groups(_cohort(numbers, kind="number", classes=()), split, features, seed=7)
    assert groups.outcomes.sum(0) == pytest.approx([numbers[train].sum(), (numbers[train] ** 2).sum()], rel=1e-4)


def test_a_mean_has_students_interval(made, tmp_path):
    from scipy import stats

    _, split, features = made
    numbers = features[:, 0] * 3
    groups = fit_groups(_cohort(numbers, kind="number", classes=()), split, features, seed=7)
    groups.save(tmp_path)
    [one] = similar_patients(tmp_path, features[:1], patients=10_000)
    own = numbers[split == "train"]
    wanted = stats.t.interval(0.95, len(own) - 1, loc=own.mean(), scale=stats.sem(own))
    [outcome] = one.outcomes
    assert (outcome.low, outcome.high) == pytest.approx(wanted, rel=1e-3)


def test_no_patient_stands_in_the_files(made, tmp_path):
    cohort, split, features = made
    fit_groups(cohort, split, features, seed=7).save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["similar.json", "similar.safetensors"]
    arrays = load_file(tmp_path / "similar.safetensors")
    assert set(arrays) == {"centre", "scale", "means", "patients", "outcomes"}
    assert arrays["patients"].min() >= 10
    count = len(arrays["patients"])
    assert arrays["means"].dtype == np.int16 and arrays["means"].shape == (count, WIDTH)
    assert sum(a.size for a in arrays.values()) == 2 * WIDTH + count * (WIDTH + 1 + 3)
    described = json.loads((tmp_path / "similar.json").read_text(encoding="utf-8"))
    assert set(described) == {"format", "kind", "classes", "fewest", "step", "usual"} and len(described["usual"]) == 19
    arrays["patients"][0] = 4
    save_file(arrays, tmp_path / "similar.safetensors")
    with pytest.raises(InputError, match="groups of similar patients"):
        Groups.load(tmp_path)


def test_too_few_patients_or_foreign_features_are_refused(made, tmp_path):
    cohort, split, features = made
    few = np.flatnonzero(split == "train")[:19]
    assert fit_groups(take(cohort, few), split[few], features[few], seed=7) is None
    assert similar_patients(tmp_path, features) is None
    fit_groups(cohort, split, features, seed=7).save(tmp_path)
    with pytest.raises(InputError, match="patients: expected 5 or more, got 4"):
        similar_patients(tmp_path, features, patients=4)
    with pytest.raises(InputError, match=r"shape \(n, 6\)"):
        similar_patients(tmp_path, features[:, :5])
    assert similar_patients(tmp_path, features[:0]) == []


def test_who_is_far_from_all_is_called_far(made, tmp_path):
    cohort, split, features = made
    fit_groups(cohort, split, features, seed=7).save(tmp_path)
    usual, away = similar_patients(tmp_path, np.stack([features[split == "train"].mean(0), features[0] + 40]))
    assert away.far and not usual.far and away.distance > 10 * away.usual


def test_findings_are_what_exact_neighbours_and_ranks_say(made):
    from sklearn.metrics import roc_auc_score

    cohort, split, features = made
    groups = fit_groups(cohort, split, features, seed=7)
    found = {f.metric: f for f in group_findings(groups, cohort, split, features, seed=7)}
    assert found["similar_smallest_group"].value == groups.patients.min()
    train, test = split == "train", split == "test"
    standard = (features - groups.centre) / groups.scale
    near = NearestNeighbors(n_neighbors=1).fit(groups.means).kneighbors(standard)[0][:, 0]
    chosen = train | test
    assert found["similar_membership_auc"].value == pytest.approx(roc_auc_score(train[chosen], -near[chosen]))
    order = NearestNeighbors(n_neighbors=len(groups.means)).fit(groups.means).kneighbors(standard[test])[1]
    lost = []
    for row, places in enumerate(order):
        upto = int(np.searchsorted(np.cumsum(groups.patients[places]), 25)) + 1
        n = int(groups.patients[places[:upto]].sum())
        exact = NearestNeighbors(n_neighbors=n).fit(standard[train]).kneighbors(standard[test][[row]])[1][0]
        counts = np.bincount(cohort.target.values[train][exact], minlength=3)
        lost.append(np.abs(groups.outcomes[places[:upto]].sum(0) - counts).sum() / 2 / n)
    loss = found["similar_loss"]
    assert loss.value == pytest.approx(np.mean(lost)) and loss.low < loss.value < loss.high
    assert loss.n == test.sum()


def test_an_erased_patient_is_in_no_group(made):
    cohort, split, features = made
    gone = np.flatnonzero(split == "train")[3]
    left = np.arange(N) != gone
    before = fit_groups(cohort, split, features, seed=7)
    after = fit_groups(take(cohort, np.flatnonzero(left)), split[left], features[left], seed=7)
    assert after.patients.sum() == before.patients.sum() - 1
    difference = before.outcomes.sum(0) - after.outcomes.sum(0)
    assert difference == pytest.approx(np.eye(3)[cohort.target.values[gone]])
