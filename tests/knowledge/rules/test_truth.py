"""Three-valued logic against every assignment that what is not known may have."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from primum.knowledge.rules.conditions import Bound, Every, Field, Number, Opposite, Some, as_asked, can_hold, holds
from primum.knowledge.rules.truth import Truth

NAMES = ("a", "b", "c")
LEAVES = {name: Number(Field(name), (Bound("above", 0.0),)) for name in NAMES}
trees = st.recursive(
    st.sampled_from(list(LEAVES.values())),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda p: Every(tuple(p)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda p: Some(tuple(p)))
        | inner.map(Opposite)
    ),
    max_leaves=6,
)


class _Facts:
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return 1

    def number(self, name):
        value = self.values[name]
        return None if value is None else (np.array([value]), np.array([value]))


def _plain(tree, values):
    if isinstance(tree, Every):
        return all(_plain(part, values) for part in tree.parts)
    if isinstance(tree, Some):
        return any(_plain(part, values) for part in tree.parts)
    return not _plain(tree.part, values) if isinstance(tree, Opposite) else values[tree.field.name] > 0


def _of(truth: Truth):
    return True if truth.yes[0] else False if truth.no[0] else None


@given(trees, st.tuples(*[st.sampled_from([1.0, -1.0, None, np.nan])] * 3))
def test_what_is_known_holds_whatever_the_unknown_is(tree, given_values):
    values = dict(zip(NAMES, given_values, strict=True))
    open_ = [name for name, value in values.items() if value is None or np.isnan(value)]
    answers = {
        _plain(tree, {**values, **dict(zip(open_, filled, strict=True))})
        for filled in itertools.product([1.0, -1.0], repeat=len(open_))
    }
    found = _of(holds(tree, _Facts(values)))
    assert found is None or answers == {found}
    if not open_:
        assert {found} == answers


@given(trees, st.sets(st.sampled_from(NAMES)))
def test_a_condition_can_hold_if_some_record_makes_it(tree, absent):
    def asked(leaf):
        return leaf.field.name not in absent

    def over(one):
        every = itertools.product([1.0, -1.0], repeat=3)
        return [
            _of(holds(one, _Facts({n: None if n in absent else v for n, v in zip(NAMES, e, strict=True)})))
            for e in every
        ]

    possible = can_hold(tree, asked)
    assert possible or True not in over(tree)
    if possible:
        left = as_asked(tree, asked)
        assert all(a is True for a, b in zip(over(left), over(tree), strict=True) if b is True)


def test_bands_are_compared_only_where_every_age_in_them_agrees():
    class Bands(_Facts):
        def number(self, name):
            return np.array([45.0]), np.array([65.0])

    for comparison, value, wanted in (
        ("above", 40, True), ("above", 50, None), ("above", 65, False), ("at_least", 45, True), ("below", 45, False),
        ("below", 50, None), ("at_most", 65, True), ("equals", 50, None), ("equals", 80, False),
    ):  # fmt: skip
        truth = holds(Number(Field("age"), (Bound(comparison, float(value)),)), Bands({}))
        assert _of(truth) is wanted, (comparison, value)
