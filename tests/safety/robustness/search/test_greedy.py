"""The search against an exhaustive one, on models whose answer is known for every combination."""

from itertools import combinations, product

import numpy as np
import pytest

from primum.safety.robustness.search.greedy import Search, descend, leap, take_back

OPTIONS = (2, 3, 1, 2, 2)


def _every(most):
    for n in range(1, most + 1):
        for places in combinations(range(len(OPTIONS)), n):
            for chosen in product(*(range(OPTIONS[place]) for place in places)):
                yield dict(zip(places, chosen, strict=True))


class Additive:
    """Each option costs what it costs, whatever else is changed; records differ in their lead."""

    def __init__(self, rng, leads):
        self.costs = [rng.uniform(-0.1, 0.4, n) for n in OPTIONS]
        self.leads, self.calls, self.asked = leads, 0, 0

    def margin(self, record, changes):
        return self.leads[record] - sum(self.costs[place][option] for place, option in changes.items())

    def __call__(self, variants):
        self.calls += 1
        self.asked += len(variants)
        margins = np.array([self.margin(record, changes) for record, changes in variants])
        return margins, margins < 0


def _searches(ask, most):
    order = np.argsort([-costs.max() for costs in ask.costs]).tolist()
    return [
        Search(record=record, options=OPTIONS, order=order, most=most, margin=lead)
        for record, lead in enumerate(ask.leads)
    ]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_where_costs_add_up_it_finds_what_an_exhaustive_search_finds(rng, most):
    for _ in range(20):
        ask = Additive(rng, rng.uniform(0.05, 1.2, 8).tolist())
        searches = _searches(ask, most)
        descend(searches, ask)
        assert ask.calls <= len(OPTIONS)
        take_back(searches, ask)
        for one in searches:
            reached = {tuple(c.items()): ask.margin(one.record, c) for c in _every(most)}
            turnable = min(reached.values()) < 0
            assert one.turned == turnable
            assert len(one.changes) <= most
            if turnable:
                assert ask.margin(one.record, one.changes) < 0
                fewest = min(len(changes) for changes, margin in reached.items() if margin < 0)
                assert len(one.changes) == fewest
            else:
                assert one.margin == pytest.approx(min(ask.leads[one.record], min(reached.values())))


def test_a_leap_over_all_places_finds_it_in_two_questions(rng):
    for _ in range(20):
        ask = Additive(rng, rng.uniform(0.05, 1.2, 8).tolist())
        searches = _searches(ask, len(OPTIONS))
        leap(searches, ask)
        assert ask.calls <= 2
        for one in searches:
            worst = min(ask.margin(one.record, changes) for changes in _every(len(OPTIONS)))
            assert one.turned == (worst < 0)


def test_where_changes_help_each_other_it_never_claims_more_than_the_exhaustive_search(rng):
    for _ in range(30):
        table = {frozenset(c.items()): float(rng.normal(0.3, 0.3)) for c in _every(2)} | {frozenset(): 0.6}

        def ask(variants, table=table):
            margins = np.array([table[frozenset(changes.items())] for _, changes in variants])
            return margins, margins < 0

        [one] = found = [Search(record=0, options=OPTIONS, order=range(5), most=2, margin=0.6)]
        descend(found, ask)
        take_back(found, ask)
        assert table[frozenset(one.changes.items())] == one.margin
        assert one.turned == (one.margin < 0)
        assert one.margin >= min(table.values())


def test_blocks_ask_less_and_unnecessary_changes_are_taken_back():
    asked = []

    def ask(variants):
        asked.append(len(variants))
        margins = np.array([0.5 - (2 in changes) for _, changes in variants])
        return margins, margins < 0

    searches = [Search(record=0, options=(1,) * 6, order=range(6), most=3, margin=0.5, block=3)]
    descend(searches, ask)
    assert searches[0].turned and len(searches[0].changes) == 3 and asked == [1]
    take_back(searches, ask)
    assert searches[0].changes == {2: 0} and searches[0].turned
