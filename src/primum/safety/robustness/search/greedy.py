"""A greedy search for the few allowed changes that turn a decision, of many records at once.

What a change is, a word or a measurement, is the caller's business: a record has places, each with some options.

Source: Jin et al. 2020, AAAI (TextFooler), section 3: places in the order of their importance, at each the option that
costs the right answer most. We differ in that neighbouring places may be tried as a block, so that long notes cost no
more questions than short ones, and in that changes which turn out to be unnecessary are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Changes = Mapping[int, int]
"""Place -> which of its options stands there; other places are as they were."""
Ask = Callable[[Sequence[tuple[int, Changes]]], tuple[FloatArray, BoolArray]]
"""(record, its changes) of many variants -> by how much the right answer still leads, and whether it has lost."""


@dataclass(slots=True, kw_only=True)
class Search:
    """The search on one record, as far as it has come."""

    record: int
    options: Sequence[int]
    """How many options each place has."""
    order: Sequence[int]
    """Places to try, the most promising first; one that comes again may be changed anew."""
    most: int
    """Places that may be changed at once."""
    margin: float
    """By how much the right answer leads."""
    block: int = 1
    """Neighbours in the order that are tried together."""
    changes: dict[int, int] = field(default_factory=dict)
    """The best found so far."""
    turned: bool = False
    """Whether the decision is wrong after these changes."""

    def rounds(self) -> int:
        """Return how many blocks the order has."""
        return -(-len(self.order) // self.block)


def descend(searches: Sequence[Search], ask: Ask) -> None:
    """Search every record, all in step: one question of many variants a round."""
    for number in range(max((one.rounds() for one in searches), default=0)):
        asked = [(one, tried) for one in searches if not one.turned for tried in _proposals(one, number)]
        if not asked:
            continue
        _keep_best(asked, *ask([(one.record, tried) for one, tried in asked]))


def leap(searches: Sequence[Search], ask: Ask) -> None:
    """Try every place alone, then the best options together, the most effective first; two questions for all records.

    For places that are cheap to ask about and few, such as the numbers of a record, where each may be changed.
    """
    live = [one for one in searches if not one.turned]
    alone = [
        (one, {**one.changes, place: option})
        for one in live
        for place in one.order
        for option in range(one.options[place])
        if one.changes.get(place) != option
    ]
    if not alone:
        return
    begun = {one.record: (dict(one.changes), one.margin) for one in live}
    margins, lost = ask([(one.record, tried) for one, tried in alone])
    helping: dict[int, dict[int, tuple[float, int]]] = {one.record: {} for one in live}
    for (one, tried), margin in zip(alone, margins.tolist(), strict=True):
        [place] = (at for at in tried if begun[one.record][0].get(at) != tried[at])
        best = helping[one.record].get(place, (begun[one.record][1], -1))
        if margin < best[0]:
            helping[one.record][place] = (margin, tried[place])
    _keep_best(alone, margins, lost)
    joined = [
        (one, tried)
        for one in live
        if not one.turned
        for tried in _prefixes(begun[one.record][0], helping[one.record], one.most)
    ]
    if joined:
        _keep_best(joined, *ask([(one.record, tried) for one, tried in joined]))


def _prefixes(changes: Mapping[int, int], helping: Mapping[int, tuple[float, int]], most: int) -> list[dict[int, int]]:
    """Return the changes with the two, three, ... most helpful places changed as well."""
    order = sorted(helping, key=lambda place: helping[place][0])
    found = [{**changes, **{place: helping[place][1] for place in order[:n]}} for n in range(2, len(order) + 1)]
    return [tried for tried in found if len(tried) <= most]


def _keep_best(asked: Sequence[tuple[Search, dict[int, int]]], margins: FloatArray, lost: BoolArray) -> None:
    for (one, tried), margin, is_lost in zip(asked, margins.tolist(), lost.tolist(), strict=True):
        if (is_lost, -margin) > (one.turned, -one.margin):
            one.changes, one.margin, one.turned = tried, margin, is_lost


def take_back(searches: Sequence[Search], ask: Ask) -> None:
    """Take back, one at a time, changes without which the decision stays turned."""
    open_ = [one for one in searches if one.turned and len(one.changes) > 1]
    while open_:
        asked = [(one, _without(one.changes, place)) for one in open_ for place in one.changes]
        margins, lost = ask([(one.record, tried) for one, tried in asked])
        best: dict[int, tuple[Search, dict[int, int], float]] = {}
        for (one, tried), margin, is_lost in zip(asked, margins.tolist(), lost.tolist(), strict=True):
            if is_lost and (one.record not in best or margin < best[one.record][2]):
                best[one.record] = (one, tried, margin)
        for one, tried, margin in best.values():
            one.changes, one.margin = tried, margin
        open_ = [one for one, tried, _ in best.values() if len(tried) > 1]


def _proposals(search: Search, number: int) -> list[dict[int, int]]:
    block = search.order[number * search.block : (number + 1) * search.block]
    room = search.most - sum(place not in block for place in search.changes)
    places = block[: max(room, 0)]
    kept = {place: option for place, option in search.changes.items() if place not in block}
    found = []
    for option in range(max((search.options[place] for place in places), default=0)):
        tried = kept | {place: min(option, search.options[place] - 1) for place in places}
        if tried != search.changes and tried not in found:
            found.append(tried)
    return found


def _without(changes: Mapping[int, int], place: int) -> dict[int, int]:
    return {other: option for other, option in changes.items() if other != place}
