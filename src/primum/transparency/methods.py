"""The methods of attribution behind one registry: each gives every part of every record its share of the score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.errors import InputError
from primum.registry import Registry
from primum.transparency.asking import Subject
from primum.transparency.parts import FloatArray, IntArray, inputs_of, players_of
from primum.transparency.shapley import bounds, coalitions, shapley_values

NODES = 16
"""Nodes of the path; the gap was 0.2 to 3 % of the difference on two models of notes (benchmarks/explain.py)."""
MOST_PLAYERS = 24
PAIRS = 8
"""Orders drawn, each with its reverse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """What a method says of some records."""

    parts: Sequence[FloatArray]
    """One array a record: what each of its parts adds to the score."""
    gap: FloatArray
    """How far the parts miss the difference that they should sum to, in the score's unit; NaN: they promise no sum."""


Method = Callable[[Subject, int], Attributed]
METHODS: Registry[Method] = Registry("explanation method")


@METHODS.register("attention_gradient")
def attention_gradient(subject: Subject, seed: int) -> Attributed:
    """Attention times its gradient for words; for vitals how much the score falls when one is missing.

    A gradient at the record itself says nothing of a vital beyond a threshold, and leaving vitals out one by one costs
    little, since each text is read once.
    Source: Hao et al. 2021, AAAI ("Self-Attention Attribution"), at a single node; Chefer et al. 2021, ICCV.
    """
    of_words = _summed(subject, _gradients(subject, kind="attention"))
    found = [
        np.concatenate([values[: len(parts.words)], falls])
        for parts, values, falls in zip(subject.parts, of_words, vital_falls(subject), strict=True)
    ]
    return Attributed(parts=found, gap=np.full(len(subject.parts), np.nan))


@METHODS.register("gradient_input")
def gradient_input(subject: Subject, seed: int) -> Attributed:
    """Gradient times embedding. Source: Shrikumar et al. 2016, arXiv:1605.01713."""
    found = _gradients(subject, kind="input")
    return Attributed(parts=_summed(subject, found), gap=np.full(len(subject.parts), np.nan))


@METHODS.register("integrated_gradients")
def integrated_gradients(subject: Subject, seed: int) -> Attributed:
    """Gradients along the straight way from a blank record, by Gauss-Legendre quadrature, at the embeddings.

    The nodes lie closer together near the blank record, where the layer norm after the embeddings makes the score bend
    most: the place is the square of the quadrature's variable, which changes no value, only the error.
    Source: Sundararajan et al. 2017, ICML, equation 1 and section 5.
    """
    nodes, weights = path_nodes(NODES)
    found = _gradients(subject, kind="path", nodes=nodes, weights=weights)
    parts = _summed(subject, found)
    # What falls to tokens in no word, such as a comma after the last, is in no part and so in the gap.
    gap = np.array([part.sum() for part in parts]) - (found.end - found.start)
    return Attributed(parts=parts, gap=np.abs(gap))


def path_nodes(count: int) -> tuple[FloatArray, FloatArray]:
    """Return places in (0, 1) and their weights, which sum to 1, each of shape (count,)."""
    place, weight = np.polynomial.legendre.leggauss(count)
    variable = (place + 1) / 2
    return variable**2, weight * variable


@METHODS.register("occlusion")
def occlusion(subject: Subject, seed: int) -> Attributed:
    """How much the score falls when one part alone is taken away.

    Source: Li, Monroe & Jurafsky 2016, arXiv:1612.08220.
    """
    rows = np.concatenate([np.full(len(p), i) for i, p in enumerate(subject.parts)]).astype(np.int64)
    kept = [keep for p in subject.parts for keep in ~np.eye(len(p), dtype=bool)]
    whole = subject.question.score(subject.answers)
    fall = whole[rows] - subject.scores(rows, kept) if len(rows) else np.zeros(0)
    parts = [fall[a:b] for a, b in bounds(np.array([len(p) for p in subject.parts]))]
    return Attributed(parts=parts, gap=np.full(len(parts), np.nan))


@METHODS.register("shapley")
def shapley(subject: Subject, seed: int) -> Attributed:
    """Shapley values of groups of neighbouring words and of vitals; words of a group share its value equally."""
    return shapley_of_groups(subject, seed, most=MOST_PLAYERS, pairs=PAIRS)


def shapley_of_groups(subject: Subject, seed: int, *, most: int, pairs: int) -> Attributed:
    """Return Shapley values with at most about `most` players; a group is never empty, a vital never shares.

    Args:
        subject: records and model.
        seed: of the orders.
        most: players; up to shapley.EXACT of them the values are exact.
        pairs: orders drawn where they are not, each with its reverse.
    """
    generator = np.random.default_rng([seed, 11])
    games = []
    for parts in subject.parts:
        players = players_of(parts, most=most)
        games.append((players, *coalitions(players.count, pairs=pairs, generator=generator)))
    rows = np.concatenate([np.full(len(c), i) for i, (_, c, _) in enumerate(games)]).astype(np.int64)
    kept = [keep for players, asked, _ in games for keep in players.parts(asked)]
    values = subject.scores(rows, kept) if kept else np.zeros(0)
    found, gaps = [], []
    for (players, _, orders), (a, b) in zip(games, bounds(np.array([len(c) for _, c, _ in games])), strict=True):
        shares = shapley_values(values[a:b], orders, players.count)
        sizes = np.bincount(players.of_part, minlength=players.count)
        found.append(shares[players.of_part] / sizes[players.of_part])
        none, everybody = (0, -1) if orders is None else (0, players.count)
        gaps.append(abs(shares.sum() - (values[a:b][everybody] - values[a:b][none])))
    return Attributed(parts=found, gap=np.array(gaps))


def vital_falls(subject: Subject) -> list[FloatArray]:
    """Return how much each record's score falls when one of its vitals alone is missing; each text is read once."""
    rows = np.repeat(np.arange(len(subject.parts)), [len(p.vitals) for p in subject.parts])
    kept = []
    for parts in subject.parts:
        keep = np.ones((len(parts.vitals), len(parts)), dtype=bool)
        keep[:, len(parts.words) :] &= ~np.eye(len(parts.vitals), dtype=bool)
        kept += list(keep)
    whole = subject.question.score(subject.answers)
    fall = whole[rows] - subject.scores(rows, kept) if len(rows) else np.zeros(0)
    return [fall[a:b] for a, b in bounds(np.array([len(p.vitals) for p in subject.parts]))]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputShares:
    """What note and vitals add to the score of each record: the exact game of the two."""

    note: FloatArray
    """Shape (n,); NaN where the record has no note."""
    vitals: FloatArray
    """Shape (n,); NaN where the record has no vitals."""


def input_shares(subject: Subject) -> InputShares:
    """Return the Shapley values of the two inputs, from the four answers with and without each."""
    shares = {"note": np.full(len(subject.parts), np.nan), "vitals": np.full(len(subject.parts), np.nan)}
    games = [inputs_of(parts) for parts in subject.parts]
    asked = [coalitions(p.count, pairs=1, generator=np.random.default_rng(0))[0] for p, _ in games]
    rows = np.concatenate([np.full(len(c), i) for i, c in enumerate(asked)]).astype(np.int64)
    kept = [keep for (players, _), c in zip(games, asked, strict=True) for keep in players.parts(c)]
    values = subject.scores(rows, kept)
    for row, (a, b) in enumerate(bounds(np.array([len(c) for c in asked]))):
        players, names = games[row]
        for name, share in zip(names, shapley_values(values[a:b], None, players.count), strict=True):
            shares[name][row] = share
    return InputShares(**shares)


def _gradients(subject: Subject, **options: Any) -> Any:
    asked = getattr(subject.predictor, "gradients", None)
    if asked is None:
        names = ", ".join(name for name in METHODS if name in ("occlusion", "shapley"))
        raise InputError(f"explain: this model gives no gradients; choose one of {names}.")
    return asked(subject.prepared, subject.question, **options)


def _summed(subject: Subject, found: Any) -> list[FloatArray]:
    rows: IntArray = np.arange(len(subject.parts))
    return [subject.parts[row].summed(found.tokens[row], found.vitals[row]) for row in rows]
