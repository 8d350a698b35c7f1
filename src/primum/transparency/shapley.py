"""Shapley values: the only shares of a difference that are efficient, symmetric and additive (Shapley 1953).

Up to EXACT players every coalition is asked about. Above, orders of the players are drawn, each with its reverse
(Mitchell et al. 2022, JMLR 23, "Sampling permutations", antithetic sampling); what a player adds when it comes is
averaged over the orders. Every single order adds up to the whole difference, and so does their mean.
"""

from __future__ import annotations

from itertools import pairwise
from math import comb

import numpy as np

from primum.transparency.parts import BoolArray, FloatArray, IntArray

EXACT = 10
"""Most players whose 2^n coalitions are all asked about."""


def coalitions(n: int, *, pairs: int, generator: np.random.Generator) -> tuple[BoolArray, IntArray | None]:
    """Return the coalitions to ask about, shape (m, n), and the orders they come from, None where all are asked.

    Args:
        n: players.
        pairs: orders drawn, each with its reverse, where not all coalitions are asked about.
        generator: of the draw.
    """
    if n <= EXACT:
        return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool), None
    drawn = np.array([generator.permutation(n) for _ in range(pairs)])
    orders = np.concatenate([drawn, drawn[:, ::-1]])
    place = np.argsort(orders, axis=1)
    prefixes = (place[:, None, :] < np.arange(n + 1)[None, :, None]).reshape(-1, n)
    return np.asarray(prefixes, dtype=bool), orders


def shapley_values(values: FloatArray, orders: IntArray | None, n: int) -> FloatArray:
    """Return each player's share, shape (n,); they sum to the value of all players minus that of none.

    Args:
        values: of the coalitions that `coalitions` returned, in that order.
        orders: as it returned them.
        n: players.
    """
    if orders is not None:
        added = np.diff(values.reshape(len(orders), n + 1), axis=1)
        by_player = np.zeros((len(orders), n))
        np.put_along_axis(by_player, orders, added, axis=1)
        return np.asarray(by_player.mean(0), dtype=np.float64)
    number = np.arange(2**n)
    size = np.array([bin(i).count("1") for i in number])
    ways = np.array([comb(n - 1, k) for k in range(n)], dtype=np.float64)
    shares = np.zeros(n)
    for player in range(n):
        without = number[number >> player & 1 == 0]
        weight = 1.0 / (n * ways[size[without]])
        shares[player] = (weight * (values[without | 1 << player] - values[without])).sum()
    return shares


def bounds(sizes: IntArray) -> list[tuple[int, int]]:
    """Return where each of several stacked pieces begins and ends."""
    return list(pairwise(np.concatenate([[0], np.cumsum(sizes)]).tolist()))
