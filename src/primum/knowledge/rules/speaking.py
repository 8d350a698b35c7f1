"""Clinical rules held against records and answers: which rule speaks of which record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from primum.knowledge.rules.concepts import Located, locate
from primum.knowledge.rules.conditions import (
    Answer,
    Condition,
    Number,
    OneOf,
    Probability,
    Says,
    as_asked,
    can_hold,
    holds,
    leaves,
)
from primum.knowledge.rules.facts import ConceptFacts, RecordFacts, is_named, search_texts
from primum.knowledge.rules.rule import ClinicalRule, Then
from primum.knowledge.rules.schema import Schema, check_own_rules
from primum.knowledge.rules.truth import BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Those rules that can be asked of a study's records and answers."""

    rules: tuple[ClinicalRule, ...]
    left_out: tuple[ClinicalRule, ...]
    """Built-in rules about what these records or answers have not."""
    located: Mapping[str, Located]
    """Where the concepts of the built-in rules are."""
    words: tuple[Says, ...]
    """What the rules look for in a text, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the rules say of n records."""

    rules: tuple[ClinicalRule, ...]
    yes: BoolArray
    """Which rule speaks of which record, shape (rules, n)."""
    known: BoolArray
    """Where it is known whether it does, shape (rules, n); elsewhere it is silent."""

    def any_of(self, then: Then) -> BoolArray:
        """Return the records that some rule of a kind speaks of, shape (n,)."""
        return np.asarray(self.yes[[rule.then == then for rule in self.rules]].any(0))

    def ids(self) -> list[str]:
        """Return, for each record, the ids of the rules that speak of it, joined by semicolons."""
        names = [rule.id for rule in self.rules]
        return [";".join(names[place] for place in np.flatnonzero(column)) for column in self.yes.T]


def rules_to_ask(rules: Sequence[ClinicalRule], schema: Schema) -> Asked:
    """Return which rules can be asked of a study.

    Raises:
        InputError: a rule of the study's own names a field or class that is not there.
    """
    check_own_rules(rules, schema)
    located = locate(schema)

    def asked(leaf: Condition) -> bool:
        return _askable(leaf, schema, located)

    apply = [rule.own or can_hold(rule.condition, asked) for rule in rules]
    chosen = [rule for rule, applies in zip(rules, apply, strict=True) if applies]
    kept = tuple(rule if rule.own else replace(rule, condition=as_asked(rule.condition, asked)) for rule in chosen)
    return Asked(
        rules=kept,
        left_out=tuple(rule for rule, applies in zip(rules, apply, strict=True) if not applies),
        located=located,
        words=_words_of(kept),
    )


def speak(asked: Asked, facts: RecordFacts) -> Spoken:
    """Return what the rules say of the records and the answers on them.

    Memory grows by two bytes a rule and record.

    Args:
        asked: the rules.
        facts: records, levels and answers.
    """
    rules, n = asked.rules, len(facts)
    if facts.records.text is not None:
        facts = replace(facts, said=search_texts(facts.records, asked.words))
    by_concept = ConceptFacts(facts, asked.located)
    found = [holds(rule.condition, facts if rule.own else by_concept) for rule in rules]
    yes = np.array([truth.yes for truth in found], dtype=bool).reshape(len(rules), n)
    no = np.array([truth.no for truth in found], dtype=bool).reshape(len(rules), n)
    return Spoken(rules=rules, yes=yes, known=yes | no)


def _words_of(rules: Iterable[ClinicalRule]) -> tuple[Says, ...]:
    found = (leaf for rule in rules for leaf in leaves(rule.condition))
    return tuple(dict.fromkeys(leaf for leaf in found if isinstance(leaf, Says)))


def _askable(leaf: Condition, schema: Schema, located: Mapping[str, Located]) -> bool:
    if isinstance(leaf, Says):
        return schema.text
    if isinstance(leaf, OneOf):
        return leaf.field.name in located
    if isinstance(leaf, Answer) and not leaf.bounds:
        return any(is_named(name, leaf) for name in schema.classes)
    if isinstance(leaf, Number):
        named = [leaf.field, *(bound.value for bound in leaf.bounds if not isinstance(bound.value, float))]
        return all(field.name in located for field in named)
    return isinstance(leaf, Answer | Probability) and (schema.target == "number") == isinstance(leaf, Answer)
