"""A stated causal graph, and what has to be adjusted for so that a difference is an effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from primum.extras import require

ANSWER = "(the model's answer)"
"""The node that stands for what the model says; no column can be called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalGraph:
    """What acts on what, as somebody who knows the matter says it."""

    effects: Mapping[str, tuple[str, ...]]
    """Cause -> what it acts on."""
    measured: frozenset[str] = field(default_factory=frozenset)
    """The columns among the nodes that can be adjusted for: no texts, nothing that was never recorded."""

    def nodes(self) -> frozenset[str]:
        """Return every cause and every effect."""
        return frozenset(self.effects) | {one for effects in self.effects.values() for one in effects}

    def with_answer(self, inputs: Iterable[str]) -> CausalGraph:
        """Return the graph with the model's answer as a node on which every input that is in the graph acts."""
        effects = {**self.effects}
        for name in self.nodes() & set(inputs):
            effects[name] = (*effects.get(name, ()), ANSWER)
        return CausalGraph(effects=effects, measured=self.measured | {ANSWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Whether an effect can be told from the measured columns, and how."""

    adjust_for: tuple[str, ...] = ()
    because: str = ""
    """Why it cannot be told: "confounded" or "no_path" (the graph says that there is none); empty where it can."""
    common_causes: tuple[str, ...] = ()
    """The causes of both that were not measured, where it is confounded."""


def find_cycle(effects: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return nodes that act on one another in a circle, or none."""
    try:
        tuple(TopologicalSorter({cause: tuple(one) for cause, one in effects.items()}).static_order())
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def identify(graph: CausalGraph, cause: str, outcome: str) -> Identified:
    """Return what to adjust for, by the backdoor criterion: a smallest set of measured columns that blocks every
    path into the cause and holds nothing that the cause acts on.

    Source: Pearl 1995, Biometrika 82(4), theorem 1; van der Zander & Liśkiewicz 2020, UAI (smallest sets), by networkx.
    """
    networks = require("networkx", extra="causal", purpose="Causal effects")
    drawn = _drawn(networks, graph)
    if outcome not in drawn or cause not in drawn or not networks.has_path(drawn, cause, outcome):
        return Identified(because="no_path")
    after = networks.descendants(drawn, cause)
    backdoor = drawn.copy()
    backdoor.remove_edges_from(list(drawn.out_edges(cause)))
    allowed = (graph.measured & set(drawn)) - after - {cause, outcome}
    found = networks.find_minimal_d_separator(backdoor, {cause}, {outcome}, restricted=allowed)
    if found is not None:
        return Identified(adjust_for=tuple(sorted(found)))
    above = networks.ancestors(backdoor, cause) & networks.ancestors(backdoor, outcome)
    return Identified(because="confounded", common_causes=tuple(sorted(above - graph.measured)))


def mediators(graph: CausalGraph, cause: str, outcome: str) -> tuple[str, ...]:
    """Return what lies on a directed path from cause to outcome."""
    networks = require("networkx", extra="causal", purpose="Causal effects")
    drawn = _drawn(networks, graph)
    if cause not in drawn or outcome not in drawn:
        return ()
    return tuple(sorted(networks.descendants(drawn, cause) & networks.ancestors(drawn, outcome)))


def _drawn(networks: Any, graph: CausalGraph) -> Any:
    edges = [(cause, effect) for cause, effects in sorted(graph.effects.items()) for effect in effects]
    return networks.DiGraph(edges)
