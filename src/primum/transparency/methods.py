"""The methods of attribution behind one registry: each gives every part of every record its share of the score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.errors import InputError
from primum.registry import Registry
from primum.transparency.asking import Subject
from primum.transparency.parts import IMAGE, NOTE, VITALS, BoolArray, FloatArray, IntArray, inputs_of, players_of
from primum.transparency.shapley import bounds, coalitions, shapley_values

NODES = 16
"""Nodes of the path at first."""
MOST_NODES = 64
CLOSE = 0.01
"""Share of the difference that may be missed before a record's nodes are doubled, up to MOST_NODES."""
_BEND, _WIDTH = 0.35, 0.1
"""Where on the way the score bends most, and over which width (benchmarks/explain.py tells how they were found)."""
MOST_PLAYERS = 24
PAIRS = 8
"""Orders drawn, each with its reverse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """What a method says of some records."""

    parts: Sequence[FloatArray]
    """One array a record: what each of its parts adds to the score."""
    gap: FloatArray
    """Share of the difference they should sum to that the parts miss; NaN: they promise no sum."""


Method = Callable[[Subject, int], Attributed]
METHODS: Registry[Method] = Registry("explanation method")


@METHODS.register("attention_gradient")
def attention_gradient(subject: Subject, seed: int) -> Attributed:
    """Attention times its gradient for words; for vitals and cells of a picture how much the score falls without one.

    A gradient at the record itself says nothing of a vital beyond a threshold, and leaving vitals out one by one costs
    little, since each text is read once. Of pictures no gradient was as faithful as leaving cells out
    (benchmarks/RESULTS.md).
    Source: Hao et al. 2021, AAAI ("Self-Attention Attribution"), at a single node; Chefer et al. 2021, ICCV; of cells
        Zeiler & Fergus 2014, ECCV, section 4.2.
    """
    return Attributed(parts=_with_falls(subject, of_cells=True), gap=np.full(len(subject.parts), np.nan))


@METHODS.register("grad_cam")
def grad_cam(subject: Subject, seed: int) -> Attributed:
    """The last map of features times its gradient for cells of a picture; words and vitals as attention_gradient.

    One look at each picture: for networks that are too slow to be asked once for every cell.
    Source: Selvaraju et al. 2017, ICCV, in the signed form of Draelos & Carin 2020, arXiv:2011.08891.
    """
    return Attributed(parts=_with_falls(subject, of_cells=False), gap=np.full(len(subject.parts), np.nan))


def _with_falls(subject: Subject, *, of_cells: bool) -> list[FloatArray]:
    """Return attention, and the map of features, times their gradients; falls in the place of vitals (and cells)."""
    if of_cells and not any(len(parts.words) for parts in subject.parts):
        found = [np.zeros(len(parts)) for parts in subject.parts]
    else:
        found = _summed(subject, _gradients(subject, kind="attention"))
    for parts, values, falls in zip(subject.parts, found, part_falls(subject, of_cells=of_cells), strict=True):
        values[len(parts.words) : len(parts.words) + len(falls)] = falls
    return found


@METHODS.register("gradient_input")
def gradient_input(subject: Subject, seed: int) -> Attributed:
    """Gradient times embedding. Source: Shrikumar et al. 2016, arXiv:1605.01713."""
    found = _gradients(subject, kind="input")
    return Attributed(parts=_summed(subject, found), gap=np.full(len(subject.parts), np.nan))


@METHODS.register("integrated_gradients")
def integrated_gradients(subject: Subject, seed: int) -> Attributed:
    """Gradients along the straight way from a blank record, by quadrature, at the embeddings.

    A record whose parts miss more than CLOSE of their difference is asked again at twice the nodes.
    Source: Sundararajan et al. 2017, ICML, equation 1 and section 5.
    """
    return _along_the_way(subject, bf16=False)


@METHODS.register("integrated_gradients_bf16")
def integrated_gradients_bf16(subject: Subject, seed: int) -> Attributed:
    """The same with products in bfloat16 on the way: faster where the processor has them, about 1 % off."""
    return _along_the_way(subject, bf16=True)


def _along_the_way(subject: Subject, *, bf16: bool) -> Attributed:
    n, count = len(subject.parts), NODES
    parts: list[FloatArray] = [np.zeros(len(p)) for p in subject.parts]
    gap = np.full(n, np.inf)
    rows: IntArray = np.arange(n)
    while len(rows) and count <= MOST_NODES:
        some = subject if len(rows) == n else subject.chosen(rows)
        nodes, weights = path_nodes(count)
        found = _gradients(some, kind="path", nodes=nodes, weights=weights, bf16=bf16)
        difference = found.end - found.start
        for row, part, whole in zip(rows.tolist(), _summed(some, found), difference.tolist(), strict=True):
            parts[row], gap[row] = part, _missed(float(part.sum()), whole)
        rows, count = rows[gap[rows] > CLOSE], 2 * count
    return Attributed(parts=parts, gap=gap)


def _missed(total: float, difference: float) -> float:
    return abs(total - difference) / max(abs(difference), 1e-9)


def path_nodes(count: int) -> tuple[FloatArray, FloatArray]:
    """Return places in (0, 1) and their weights, which sum to nearly 1, each of shape (count,).

    Gauss-Legendre in a variable of which the place is a hyperbolic sine: the nodes crowd where the score bends, about a
    third of the way from the blank record, which changes no value, only the error.
    Source: Johnston & Elliott 2005, Int. J. Numer. Meth. Eng. 62, "A sinh transformation for evaluating nearly singular
        boundary element integrals".
    """
    place, weight = np.polynomial.legendre.leggauss(count)
    low, high = np.arcsinh(-_BEND / _WIDTH), np.arcsinh((1 - _BEND) / _WIDTH)
    variable = low + (high - low) * (place + 1) / 2
    return _BEND + _WIDTH * np.sinh(variable), weight / 2 * (high - low) * _WIDTH * np.cosh(variable)


@METHODS.register("occlusion")
def occlusion(subject: Subject, seed: int) -> Attributed:
    """How much the score falls when one part alone is taken away.

    Source: Li, Monroe & Jurafsky 2016, arXiv:1612.08220.
    """
    found = falls_without(subject, [np.ones(len(p), dtype=bool) for p in subject.parts])
    return Attributed(parts=found, gap=np.full(len(found), np.nan))


def falls_without(subject: Subject, some: Sequence[BoolArray]) -> list[FloatArray]:
    """Return how much each record's score falls without each of some of its parts; NaN for the others.

    Args:
        subject: records and model.
        some: which parts are asked about, one array a record.
    """
    rows = np.concatenate([np.full(int(own.sum()), i) for i, own in enumerate(some)]).astype(np.int64)
    kept = [keep for own in some for keep in ~np.eye(len(own), dtype=bool)[own]]
    whole = subject.question.score(subject.answers)
    fall = whole[rows] - subject.scores(rows, kept) if len(rows) else np.zeros(0)
    found = [np.full(len(own), np.nan) for own in some]
    for values, own, (a, b) in zip(found, some, bounds(np.array([int(own.sum()) for own in some])), strict=True):
        values[own] = fall[a:b]
    return found


@METHODS.register("shapley")
def shapley(subject: Subject, seed: int) -> Attributed:
    """Shapley values of groups of neighbouring words or cells, and of vitals; in a group all share equally."""
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
        gaps.append(_missed(float(shares.sum()), float(values[a:b][everybody] - values[a:b][none])))
    return Attributed(parts=found, gap=np.array(gaps))


def part_falls(subject: Subject, *, of_cells: bool) -> list[FloatArray]:
    """Return how much each record's score falls when one of its vitals (and cells) alone is missing.

    Each text is read once; a picture once for all vitals, and once for each cell.
    """
    counts = [len(p.vitals) + (len(p.cells) if of_cells else 0) for p in subject.parts]
    rows = np.repeat(np.arange(len(subject.parts)), counts)
    kept = []
    for parts, count in zip(subject.parts, counts, strict=True):
        keep = np.ones((count, len(parts)), dtype=bool)
        keep[:, len(parts.words) : len(parts.words) + count] = ~np.eye(count, dtype=bool)
        kept += list(keep)
    whole = subject.question.score(subject.answers)
    fall = whole[rows] - subject.scores(rows, kept) if len(rows) else np.zeros(0)
    return [fall[a:b] for a, b in bounds(np.array(counts))]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputShares:
    """What note, vitals and image add to the score of each record: the exact game of these inputs."""

    note: FloatArray
    """Shape (n,); NaN where the record has no note."""
    vitals: FloatArray
    """Shape (n,); NaN where the record has no vitals."""
    image: FloatArray
    """Shape (n,); NaN where the record has no picture."""


def input_shares(subject: Subject) -> InputShares:
    """Return the Shapley values of the inputs, from the answers with every choice of them."""
    shares = {name: np.full(len(subject.parts), np.nan) for name in (NOTE, VITALS, IMAGE)}
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
    return [subject.parts[row].summed(found.tokens[row], found.vitals[row], found.cells[row]) for row in rows]
