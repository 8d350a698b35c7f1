"""The search for the smallest plausible change of vitals, of many records at once.

First every vital alone, over a grid of its values; then two together, three together, as long as fewer cannot do, with
the most promising combinations where all are too many. What is found is then drawn back towards the record, vital by
vital, as far as the answer stays another one. The model is asked about all records' variants of a step in one call, so
that its number of calls does not grow with the records.

Where `budget` has room for every combination of grid values, the nearest counterfactual of the grid is found for sure:
one with fewer changes is always nearer, and all with as few are asked about.

Source: Wachter, Mittelstadt & Russell 2018, Harv. J. Law Technol. 31(2) (nearest counterfactuals); Mothilal, Sharma &
Tan 2020, FAT* (diverse ones); Poyiadzi et al. 2020, AIES (plausible ones). Here the distance counts changes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.transparency.counterfactual.asking import Asker, Told
from primum.transparency.counterfactual.found import Counterfactual, VitalChange, diverse
from primum.transparency.counterfactual.terrain import Limits, Terrain, on_step
from primum.transparency.grouping import BoolArray

Node = tuple[tuple[str, Any], ...]
"""A combination of changes: vital and value, by the vitals' order."""
GRID = 9
"""Values over the range of a number; where it has no more than WHOLE they are all of them."""
WHOLE = 12
_NEAR = (0.25, 0.5, 1.0, 2.0)
"""Standard deviations from the record's own value that are tried besides."""
_INTERIOR = 15
"""Values tried at once between the record's own and one that changes the answer."""
_DRAWN_BACK = 6
"""Combinations of a record that are drawn back, the nearest."""


def search_vitals(
    asker: Asker, terrain: Terrain, *, most: int, most_changes: int, budget: int
) -> list[tuple[Counterfactual, ...]]:
    """Return up to `most` diverse counterfactuals of each record, nearest first; none where none was found.

    Args:
        asker: model and records.
        terrain: what may change, and what is plausible.
        most: counterfactuals of a record.
        most_changes: vitals that change at once.
        budget: variants of a record that the model is asked about for each number of changes, beyond the first.
    """
    search = _Search(asker, terrain)
    open_ = list(range(len(asker.records)))
    frontier: dict[int, list[Node]] = {row: [()] for row in open_}
    for size in range(1, most_changes + 1):
        frontier = search.widen(frontier, budget)
        done = {row for row in open_ if search.nearest(row) <= size + 1}
        frontier = {row: nodes for row, nodes in frontier.items() if row not in done and nodes}
        if not frontier:
            break
    search.draw_back()
    return [diverse(search.counterfactuals(row), most) for row in open_]


@dataclass(slots=True, kw_only=True)
class _Span:
    """A node whose number is being drawn back."""

    row: int
    node: Node
    near: float
    """Steps from the record's own number that are not enough."""
    far: float
    """Steps that are."""


class _Search:
    """What is known so far of every record."""

    def __init__(self, asker: Asker, terrain: Terrain) -> None:
        self.asker = asker
        self.limits = {one.name: one for one in terrain.limits if one.movable and one.name in asker.records.vitals}
        self.terrain = terrain
        self.values = {name: asker.records.vitals[name].values for name in self.limits}
        self.options = [
            {name: options_of(limits, self.values[name][row]) for name, limits in self.limits.items()}
            for row in range(len(asker.records))
        ]
        self.found: list[dict[Node, tuple[Any, Any]]] = [{} for _ in self.options]
        """By record and node: the answer, and what is decided."""

    def widen(self, frontier: Mapping[int, Sequence[Node]], budget: int) -> dict[int, list[Node]]:
        """Ask about every node with one change more; return, of each record, the nodes to go on from, best first."""
        made = [(row, node) for row, nodes in frontier.items() for node in self._children(row, nodes)]
        if not made:
            return {}
        told, valid = self._ask(made)
        left: dict[int, list[tuple[float, Node]]] = {row: [] for row in frontier}
        for place, (row, node) in enumerate(made):
            if valid[place]:
                self._keep(row, node, told, place)
            else:
                left[row].append((float(told.lead[place]), node))
        return {row: self._promising(row, nodes, budget) for row, nodes in left.items()}

    def nearest(self, row: int) -> float:
        """Return the distance of the nearest node found, infinite where there is none."""
        return min((self._distance(row, node) for node in self.found[row]), default=np.inf)

    def draw_back(self) -> None:
        """Draw the nearest nodes of each record back towards it, each of their numbers in turn."""
        work = [(row, node) for row in range(len(self.found)) for node in self._shortest(row)]
        turns = max((len(node) for _, node in work), default=0)
        for turn in range(turns):
            work = self._drawn_back(work, turn)

    def counterfactuals(self, row: int) -> list[Counterfactual]:
        """Return what was found of a record."""
        return [
            Counterfactual(
                changes=tuple(self._change(row, name, value) for name, value in node), answer=answer, decided=decided
            )
            for node, (answer, decided) in self.found[row].items()
        ]

    def _children(self, row: int, nodes: Sequence[Node]) -> list[Node]:
        order = {name: place for place, name in enumerate(self.limits)}
        made: dict[Node, None] = {}
        for node in nodes:
            has = {name for name, _ in node}
            for name, options in self.options[row].items():
                if name not in has:
                    for value in options:
                        child = tuple(sorted((*node, (name, value)), key=lambda pair: order[pair[0]]))
                        made[child] = None
        return list(made)

    def _promising(self, row: int, nodes: list[tuple[float, Node]], budget: int) -> list[Node]:
        """Return all nodes where their children fit the budget, else the most promising of each set of vitals."""
        each = max(sum(len(options) for options in self.options[row].values()), 1)
        room = max(budget // each, 1)
        if len(nodes) <= room:
            return [node for _, node in nodes]
        first: list[Node] = []
        second: list[Node] = []
        sets: dict[frozenset[str], int] = {}
        for _, node in sorted(nodes, key=lambda pair: (pair[0], repr(pair[1]))):
            names = frozenset(name for name, _ in node)
            sets[names] = sets.get(names, 0) + 1
            (first if sets[names] <= 2 else second).append(node)
        return [*first, *second][:room]

    def _ask(self, made: Sequence[tuple[int, Node]]) -> tuple[Told, BoolArray]:
        rows = np.array([row for row, _ in made], dtype=np.int64)
        changed = {name for _, node in made for name, _ in node}
        columns = {name: self.values[name][rows].copy() for name in self.limits if name in changed}
        for place, (_, node) in enumerate(made):
            for name, value in node:
                columns[name][place] = value
        told, records = self.asker.ask(rows.tolist(), vitals=columns)
        return told, told.changed & self.terrain.plausible(records)

    def _keep(self, row: int, node: Node, told: Told, place: int) -> None:
        answer = told.answers[place]
        self.found[row][node] = (answer, self.asker.decision(answer, row))

    def _shortest(self, row: int) -> list[Node]:
        """Return the shortest node of each set of vitals and directions, the nearest of these."""
        best: dict[tuple[tuple[str, object], ...], Node] = {}
        for node in sorted(self.found[row], key=lambda one: self._distance(row, one)):
            best.setdefault(tuple((name, self._way(row, name, value)) for name, value in node), node)
        return list(best.values())[:_DRAWN_BACK]

    def _way(self, row: int, name: str, value: Any) -> object:
        return bool(value > self.values[name][row]) if self.limits[name].kind == "number" else value

    def _drawn_back(self, work: list[tuple[int, Node]], turn: int) -> list[tuple[int, Node]]:
        """Return the nodes with their number at `turn` as near to the record as it can be without losing the change."""
        spans = [self._span(row, node, turn) for row, node in work]
        while wide := [span for span in spans if span.far - span.near > 1 + 1e-6]:
            made = [(span, steps, node) for span in wide for steps, node in self._tries(span, turn)]
            if not made:
                break
            told, valid = self._ask([(span.row, node) for span, _, node in made])
            for span in wide:
                self._narrow(span, [(at, one[1], one[2]) for at, one in enumerate(made) if one[0] is span], told, valid)
        return [(span.row, span.node) for span in spans]

    def _span(self, row: int, node: Node, turn: int) -> _Span:
        steps = 0.0
        if turn < len(node) and self.limits[node[turn][0]].kind == "number":
            name, value = node[turn]
            steps = abs(float(value) - float(self.values[name][row])) / self.limits[name].step
        return _Span(row=row, node=node, near=0.0, far=steps)

    def _tries(self, span: _Span, turn: int) -> list[tuple[float, Node]]:
        """Return what lies between a number that changes the answer and one that does not, the nearest first."""
        name, value = span.node[turn]
        before, limits = float(self.values[name][span.row]), self.limits[name]
        found = []
        for steps in _between(span.near, span.far):
            moved = on_step(before + np.sign(float(value) - before) * steps * limits.step, limits.step)
            if moved != before and not limits.breaches(before, moved):
                found.append((steps, (*span.node[:turn], (name, moved), *span.node[turn + 1 :])))
        return found

    def _narrow(self, span: _Span, tried: list[tuple[int, float, Node]], told: Told, valid: BoolArray) -> None:
        enough = next((one for one in tried if valid[one[0]]), None)
        if enough is not None:
            place, span.far, span.node = enough
            self._keep(span.row, span.node, told, place)
        # Where nothing could be tried there is nothing nearer.
        span.near = max((steps for _, steps, _ in tried if steps < span.far), default=span.near) if tried else span.far

    def _change(self, row: int, name: str, value: Any) -> VitalChange:
        before = self.values[name][row]
        if self.limits[name].kind == "category":
            return VitalChange(vital=name, before=str(before), after=str(value), size=1.0)
        size = abs(float(value) - float(before)) / self.limits[name].scale
        return VitalChange(vital=name, before=float(before), after=float(value), size=size)

    def _distance(self, row: int, node: Node) -> float:
        return len(node) + sum(self._change(row, name, value).size for name, value in node)


def options_of(limits: Limits, own: Any) -> list[Any]:
    """Return the values that a vital of a record may take instead of its own; none where it was not measured."""
    if limits.kind == "category":
        return [level for level in limits.levels if level != str(own)] if own is not None else []
    before = float(own)
    if not np.isfinite(before):
        return []
    count = round((limits.high - limits.low) / limits.step) + 1
    grid = np.linspace(limits.low, limits.high, count if count <= WHOLE else GRID)
    if count > WHOLE:
        near = [before + sign * far * limits.scale for far in _NEAR for sign in (-1, 1)]
        grid = np.concatenate([grid, near])
    values = sorted({on_step(value, limits.step) for value in grid.tolist()})
    return [value for value in values if value != before and not limits.breaches(before, value)]


def _between(near: float, far: float) -> list[float]:
    """Return up to _INTERIOR numbers of steps between two, the nearest first."""
    if far - near <= _INTERIOR + 1:
        first = np.floor(near + 1e-6) + 1
        return [float(steps) for steps in np.arange(first, far - 1e-6)]
    inner = np.unique(np.rint(np.linspace(near, far, _INTERIOR + 2)[1:-1]))
    return [float(steps) for steps in inner if near < steps < far]
