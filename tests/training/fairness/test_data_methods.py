"""Reweighing, balanced sampling and the augmentations: what they make of the training records."""

from dataclasses import replace

import numpy as np
import pytest

from primum.cohort import Records, TextList
from primum.errors import StudyError
from primum.model.batching import LengthBatches
from primum.training.fairness.balanced_sampling import cell_chances
from primum.training.fairness.counterfactual_augmentation import swapped_copies
from primum.training.fairness.method import METHODS
from primum.training.fairness.reweighing import cell_weights, record_weights
from primum.training.fairness.text_augmentation import MOST_COPIES, rows_to_copy
from tests.training.fairness.planted import setting_of


def test_weights_are_those_of_kamiran_and_calders_by_hand():
    # their running example: 10 applicants, 5 women of whom 2 hired, 5 men of whom 4 hired
    groups = np.array([0] * 5 + [1] * 5)
    classes = np.array([0, 0, 0, 1, 1] + [0, 1, 1, 1, 1])
    expected = [[0.5 * 0.4 / 0.3, 0.5 * 0.6 / 0.2], [0.5 * 0.4 / 0.1, 0.5 * 0.6 / 0.4]]
    np.testing.assert_allclose(cell_weights(groups, classes), expected)


def test_weighted_groups_and_classes_are_independent_and_strength_0_changes_nothing(biased):
    cohort, split = biased
    rows = np.flatnonzero(split == "train")
    weights = record_weights(setting_of(cohort, rows))
    male, ill = (cohort.sensitive["sex"] == "M")[rows], cohort.target.values[rows]
    rates = [np.average(ill[male == sex], weights=weights[rows][male == sex]) for sex in (True, False)]
    assert rates[0] == pytest.approx(rates[1]) and rates[0] == pytest.approx(ill.mean())
    assert weights[rows].mean() == pytest.approx(1)
    np.testing.assert_allclose(record_weights(setting_of(cohort, rows, strength=0.0)), 1.0)


def test_every_cell_is_drawn_equally_often(biased):
    cohort, split = biased
    rows = np.flatnonzero(split == "train")
    chances = cell_chances(setting_of(cohort, rows))[rows]
    batches = LengthBatches(np.ones(len(rows), np.int64), records=32, seed=1, chances=chances / chances.sum())
    drawn = rows[np.concatenate([np.array(batch) for batch in batches])]
    cells = cohort.target.values[drawn] * 2 + (cohort.sensitive["sex"][drawn] == "M")
    counts = np.bincount(cells)
    assert len(drawn) == len(rows) and counts.max() - counts.min() <= 4
    batches.set_epoch(1)
    assert not np.array_equal(np.concatenate([np.array(batch) for batch in batches]), drawn)


def test_a_record_is_drawn_as_often_as_its_chance_says():
    chances = np.array([0.5, 0.3, 0.2])
    drawn = [LengthBatches(np.ones(3, np.int64), records=3, seed=s, chances=chances)._cut(0) for s in range(2000)]
    counts = np.bincount(np.concatenate([np.concatenate(one) for one in drawn]))
    np.testing.assert_allclose(counts / 6000, chances, atol=0.01)


def test_copies_are_of_the_other_sex_and_keep_their_target(biased):
    cohort, split = biased
    rows = np.flatnonzero(split == "train")
    copies = swapped_copies(setting_of(cohort, rows, strength=0.5))
    assert len(copies.rows) == round(0.5 * len(rows)) and set(copies.rows) <= set(rows)
    before, after = cohort.records.vitals, copies.records.vitals
    assert (after["sex"].values != before["sex"].values[copies.rows]).all()
    np.testing.assert_array_equal(after["sign"].values, before["sign"].values[copies.rows])


def test_nothing_to_swap_is_said(biased):
    cohort, split = biased
    silent = replace(cohort, records=replace(cohort.records, vitals={"sign": cohort.records.vitals["sign"]}))
    with pytest.raises(StudyError, match="neither texts nor vitals speak of sex"):
        swapped_copies(setting_of(silent, np.flatnonzero(split == "train")))


def test_text_copies_bring_every_group_to_the_largest_of_its_class(biased):
    cohort, split = biased
    rows = np.flatnonzero(split == "train")
    drawn = np.concatenate([rows, rows_to_copy(setting_of(cohort, rows))])
    cells = cohort.target.values[drawn] * 2 + (cohort.sensitive["sex"][drawn] == "M")
    counts = np.bincount(cells)
    assert counts[0] == counts[1] and counts[2] == counts[3]
    assert np.bincount(rows_to_copy(setting_of(cohort, rows))).max() <= MOST_COPIES


def test_reworded_copies_differ_and_are_the_same_again_for_the_same_seed(biased):
    cohort, split = biased
    texts = ["Patient has high blood pressure. He is short of breath. No fever was seen."] * len(cohort)
    worded = replace(cohort, records=Records(n=len(cohort), text=TextList(texts)))
    made = [METHODS.get("text_augmentation").apply(setting_of(worded, np.flatnonzero(split == "train"))) for _ in "ab"]
    one, two = (m.copies.records.text.take(np.arange(len(m.copies.rows))) for m in made)
    assert one == two and len(set(one)) > 3 and texts[0] not in one
