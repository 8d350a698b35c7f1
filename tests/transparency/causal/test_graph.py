"""What has to be adjusted for, on textbook graphs and beside brute force over every set."""

from __future__ import annotations

from itertools import chain, combinations

import networkx as nx
import numpy as np
import pytest

from primum.transparency.causal.graph import ANSWER, CausalGraph, find_cycle, identify, mediators


def _graph(effects, hidden=()):
    plain = CausalGraph(effects={cause: tuple(one) for cause, one in effects.items()})
    return CausalGraph(effects=plain.effects, measured=plain.nodes() - set(hidden))


@pytest.mark.parametrize(
    ("effects", "hidden", "adjust_for", "because"),
    [
        ({"x": ["y"]}, (), (), ""),  # nothing confounds
        ({"z": ["x", "y"], "x": ["y"]}, (), ("z",), ""),  # a fork
        ({"z": ["x", "y"], "x": ["y"]}, ("z",), (), "confounded"),
        ({"x": ["m"], "m": ["y"]}, (), (), ""),  # a mediator is left alone
        ({"x": ["c", "y"], "y": ["c"]}, (), (), ""),  # a collider is left alone
        ({"u": ["a", "y"], "a": ["x"], "x": ["y"]}, ("u",), ("a",), ""),  # the way from u is blocked at a
        ({"u": ["x", "m"], "v": ["y", "m"], "x": ["y"]}, ("u", "v"), (), ""),  # M-bias: adjusting for m would bias
        ({"y": ["x"]}, (), (), "no_path"),
    ],
)
def test_textbook_graphs(effects, hidden, adjust_for, because):
    found = identify(_graph(effects, hidden), "x", "y")
    assert (found.adjust_for, found.because) == (adjust_for, because)
    assert found.common_causes == (tuple(hidden) if because == "confounded" else ())


def _valid(graph, cause, outcome, chosen):
    """The backdoor criterion, by its words: nothing that x acts on, and every path into x is blocked."""
    drawn = nx.DiGraph([(a, b) for a, effects in graph.effects.items() for b in effects])
    if chosen & nx.descendants(drawn, cause):
        return False
    backdoor = drawn.copy()
    backdoor.remove_edges_from(list(drawn.out_edges(cause)))
    for path in nx.all_simple_paths(backdoor.to_undirected(), cause, outcome):
        blocked = False
        for before, node, after in zip(path, path[1:], path[2:], strict=False):
            collider = backdoor.has_edge(before, node) and backdoor.has_edge(after, node)
            opened = bool(({node} | nx.descendants(backdoor, node)) & chosen)
            blocked |= (not opened) if collider else node in chosen
        if not blocked:
            return False
    return True


def test_beside_every_set_of_random_graphs():
    told = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        names = [f"v{i}" for i in range(7)]
        effects = {a: tuple(b for b in names[i + 1 :] if rng.random() < 0.35) for i, a in enumerate(names)}
        graph = _graph(effects, [name for name in names if rng.random() < 0.3 and name not in ("v2", "v6")])
        drawn = nx.DiGraph([(a, b) for a, found in effects.items() for b in found])
        if not ({"v2", "v6"} <= set(drawn) and nx.has_path(drawn, "v2", "v6")):
            continue
        free = sorted((graph.measured & set(drawn)) - {"v2", "v6"})
        sets = chain.from_iterable(combinations(free, k) for k in range(len(free) + 1))
        valid = [set(chosen) for chosen in sets if _valid(graph, "v2", "v6", set(chosen))]
        found = identify(graph, "v2", "v6")
        assert bool(valid) == (not found.because), seed
        if valid:
            told += 1
            assert set(found.adjust_for) in valid
            assert not any(one < set(found.adjust_for) for one in valid)  # no smaller one within it will do
    assert told > 30


def test_the_answer_hangs_on_every_input_of_the_graph():
    graph = _graph({"sex": ["chol", "note"], "chol": ["outcome"]}, ["note"]).with_answer(
        ["sex", "chol", "note", "other"]
    )
    assert mediators(graph, "sex", ANSWER) == ("chol", "note")
    assert identify(graph, "sex", ANSWER).adjust_for == ()


def test_a_circle_is_found():
    circle = find_cycle({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})
    assert circle[0] == circle[-1] and set(circle) == {"a", "b", "c"}
    assert find_cycle({"a": ["b", "c"], "b": ["c"]}) == ()
