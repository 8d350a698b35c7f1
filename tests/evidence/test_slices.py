"""Slices against pandas' groups."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from primum.evidence import Predictions
from primum.evidence.slices import coded, slices_of


def table_of(n: int, *, c_levels: int = 4) -> tuple[Predictions, pd.DataFrame]:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {name: [f"{name}{i}" for i in rng.integers(k, size=n)] for name, k in (("a", 2), ("b", 3), ("c", c_levels))}
    )
    frame["site"] = [f"h{i}" for i in rng.integers(3, size=n)]
    target = rng.integers(2, size=n)
    predictions = Predictions(
        ids=np.array([str(i) for i in range(n)], dtype=object),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=("no", "yes"),
        target=target,
        predicted=target,
        probabilities=None,
        groups={name: frame[name].to_numpy(dtype=object) for name in "abc"},
        site=frame["site"].to_numpy(dtype=object),
    )
    return predictions, frame


def test_every_slice_has_the_members_that_pandas_finds():
    predictions, frame = table_of(500)
    slices = slices_of(predictions)
    assert len(slices.axes) == 3 + 1 + 3 + 1  # attributes, site, pairs, the triple
    ones = slices.count(np.zeros(500, dtype=np.int64), 1)
    for axis in slices.axes:
        wanted = frame.groupby(list(axis.attributes)).size()
        assert len(axis) == len(wanted)
        found = axis.sums(ones)[:, 0]
        for index in range(len(axis)):
            place = tuple(axis.slice_of(index).values())
            assert found[index] == wanted[place if len(place) > 1 else place[0]]
    combos = {axis.attributes for axis in slices.axes if axis.depth > 1}
    assert combos == {c for d in (2, 3) for c in combinations(("a", "b", "c"), d)}


def test_an_attribute_of_one_group_makes_no_slice():
    predictions, _ = table_of(50, c_levels=1)
    assert not any("c" in axis.attributes for axis in slices_of(predictions).axes)


def test_codes_are_places_among_sorted_values(rng):
    values = np.array([f"v{i}" for i in rng.integers(30, size=200)], dtype=object)
    codes, names = coded(values)
    wanted, levels = pd.factorize(values, sort=True)
    assert codes.tolist() == wanted.tolist()
    assert list(names) == levels.tolist()


def same(a: str) -> str:
    return "".join(list(a))  # the same text as another object


@pytest.mark.parametrize(
    "column",
    [
        ["b", "a", "b"] * 3,
        ["a"] * 5000 + ["z"] + ["b"],  # objects that first come up late
        ["a", same("a"), same("b"), "b"] * 4,  # one text, several objects
        [f"level {i % 700}" for i in range(3000)],
        [],
    ],
    ids=["few", "late", "copies", "many", "none"],
)
def test_texts_are_coded_as_numpy_would(column):
    values = np.array(column, dtype=object)
    codes, levels = coded(values)
    expected, inverse = np.unique(values.astype(str), return_inverse=True)
    assert levels == tuple(expected.tolist())
    np.testing.assert_array_equal(codes, inverse)


def test_a_view_of_a_column_is_coded_like_its_copy():
    values = np.array(["a", "b", "c"] * 50, dtype=object)[::-2]
    np.testing.assert_array_equal(coded(values)[0], coded(values.copy())[0])
