"""Permutation importance: by how much the loss rises when an input is another patient's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort.roles import TargetKind
from primum.transparency.overall.asking import Asker, Copies, FloatArray, IntArray, losses
from primum.transparency.parts import NOTE, VITALS

ROUNDS = 5
"""Permutations: each record is asked about with the values of so many others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is permuted at once."""

    name: str
    """note, vitals, "vital NAME" or "vitals NAME + NAME"."""
    vitals: tuple[str, ...] = ()
    note: bool = False


def parts_to_permute(asker: Asker, groups: Sequence[tuple[str, ...]]) -> list[Part]:
    """Return note, all vitals, each vital, and each group of vitals that go together."""
    names = tuple(asker.records.vitals)
    parts = [Part(name=NOTE, note=True)] if asker.records.text is not None else []
    parts += [Part(name=VITALS, vitals=names)] if len(names) > 1 else []
    parts += [Part(name=f"vital {name}", vitals=(name,)) for name in names]
    return parts + [Part(name="vitals " + " + ".join(group), vitals=group) for group in groups if group != names]


def donors_of(n: int, *, rounds: int, seed: int) -> IntArray:
    """Return whose values each record gets in every round, shape (rounds, n); nobody gets their own.

    Every round moves a random order on by another number of places, so that no donor of a record comes twice.
    """
    generator = np.random.default_rng([seed, 23])
    order = generator.permutation(n)
    moves = generator.choice(np.arange(1, n), min(rounds, n - 1), replace=False)
    donors = np.empty((len(moves), n), dtype=np.int64)
    for row, move in zip(donors, moves.tolist(), strict=True):
        row[order] = np.roll(order, move)
    return donors


def permuted(asker: Asker, parts: Sequence[Part], *, rounds: int = ROUNDS, seed: int = 7) -> list[Copies]:
    """Return the copies to ask about: for each part, every round's records one after another."""
    donors = donors_of(len(asker), rounds=rounds, seed=seed)
    rows = np.tile(np.arange(len(asker)), len(donors))
    given = donors.ravel()
    return [
        Copies(
            rows=rows,
            vitals={name: asker.records.vitals[name].values[given] for name in part.vitals},
            texts=given if part.note else None,
        )
        for part in parts
    ]


def rises(
    whole: FloatArray, answers: FloatArray, target: npt.NDArray[np.int64] | FloatArray, kind: TargetKind
) -> FloatArray:
    """Return by how much each record's loss rises, mean over rounds, shape (n,); their mean is the importance.

    Args:
        whole: answers on the records as they are.
        answers: on the copies that `permuted` made of one part.
        target: what is true of the records, coded.
        kind: of the target.
    Source: Breiman 2001, Machine Learning 45(1); Fisher, Rudin & Dominici 2019, JMLR 20(177), for any model.
    """
    n = len(whole)
    rounds = len(answers) // n
    after = losses(answers, np.concatenate([target] * rounds), kind)
    return np.asarray(after.reshape(rounds, n).mean(0) - losses(whole, target, kind), dtype=np.float64)
