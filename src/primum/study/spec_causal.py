"""The keys of the study file that state a causal graph and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field, model_validator

from primum.errors import nearest
from primum.study.spec_base import BaseSpec, Columns
from primum.transparency.causal import CausalGraph, find_cycle


class CausalSpec(BaseSpec):
    """What acts on what, and which effects are to be told."""

    graph: Mapping[str, Columns] = Field(
        description="Cause: [what it acts on], a line a cause; columns of the study, and what is under `unmeasured`."
    )
    unmeasured: Columns = Field((), description="Names in the graph that are no column: causes that nobody recorded.")
    treatment: str | None = Field(None, description="The column whose effect on the outcome is asked first.")
    modifiable: Columns = Field((), description="Further columns that somebody could change, whose effects are told.")
    outcome: str | None = Field(None, description="The column that they act on; left out: the target.")

    def asked(self) -> tuple[str, ...]:
        """Return the causes whose effects are told, each once."""
        return tuple(dict.fromkeys([*([self.treatment] if self.treatment else []), *self.modifiable]))

    def stated(self, texts: Sequence[str]) -> CausalGraph:
        """Return the graph as plain values; texts and what is unmeasured cannot be adjusted for."""
        plain = CausalGraph(effects=dict(self.graph))
        measured = plain.nodes() - set(self.unmeasured) - set(texts)
        return CausalGraph(effects=plain.effects, measured=measured)

    @model_validator(mode="after")
    def _something(self) -> CausalSpec:
        if not any(self.graph.values()):
            raise ValueError("graph: name at least one cause and what it acts on, e.g. age: [blood_pressure]")
        circle = find_cycle(self.graph)
        if circle:
            raise ValueError(f"graph: {' → '.join(circle)} is a circle; nothing can be its own cause")
        return self


def wrong_names(causal: CausalSpec, *, columns: Sequence[str], texts: Sequence[str], target: str) -> list[str]:
    """Return what is wrong with the names, a sentence each, with the key they stand under.

    Args:
        causal: the keys.
        columns: vitals, sensitive attributes, hospital and target.
        texts: the columns of the text.
        target: the outcome where none is named.
    """
    wrong = []
    nodes = CausalGraph(effects=dict(causal.graph)).nodes()
    known = list(dict.fromkeys([*columns, *texts, *causal.unmeasured]))
    for name in sorted(nodes - set(known)):
        wrong.append(
            f"graph: {name!r} is no vital, text, sensitive attribute, hospital or target of the study"
            f"{nearest(name, known)}; list it under unmeasured if nobody recorded it"
        )
    both = sorted(set(causal.unmeasured) & {*columns, *texts})
    wrong += [f"unmeasured: {name!r} is a column of the study" for name in both]
    told = [(key, name) for key, names in (("treatment", [causal.treatment] if causal.treatment else []),
                                           ("modifiable", causal.modifiable),
                                           ("outcome", [causal.outcome] if causal.outcome else []))
            for name in names]  # fmt: skip
    for key, name in told:
        if name not in nodes or name not in columns:
            usable = sorted(nodes & set(columns))
            wrong.append(f"{key}: {name!r} is no measured column of the graph{nearest(name, usable)}")
    outcome = causal.outcome or target
    wrong += [f"{key}: {name!r} is the outcome itself" for key, name in told if key != "outcome" and name == outcome]
    return wrong
