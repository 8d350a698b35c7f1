"""How far the members of an ensemble disagree about a record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Of n records."""

    shown: FloatArray
    """Share of the members that decide otherwise than the model, or the members' standard deviation in a number's own
    unit; shape (n,)."""
    information: FloatArray
    """What knowing the member would tell of the answer, in nats (of a number: its variance); it ranks records more
    finely than `shown`; shape (n,)."""

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Disagreement:
        """Return these records alone."""
        return Disagreement(shown=self.shown[rows], information=self.information[rows])


def disagreement_of(answers: FloatArray, decided: IntArray | None, coded: IntArray | None) -> Disagreement:
    """Return how far members disagree.

    Args:
        answers: of each member, shape (members, n, k), or (members, n) for a number.
        decided: what each member decides, coded as the target: (members, n), or (members, n, k) for labels; None for a
            number.
        coded: what the model decides, shape (n,) or (n, k); None for a number.
    Source: mutual information of answer and member: Houlsby et al. 2011, arXiv 1112.5745; Depeweg et al. 2018, ICML.
    """
    if decided is None or coded is None:
        return Disagreement(shown=answers.std(0), information=answers.var(0))
    differs = decided != coded[None]
    if coded.ndim == 2:
        differs = differs.any(-1)
        both = np.stack([answers, 1 - answers], axis=-1)
        information = (_entropy(both.mean(0)) - _entropy(both).mean(0)).sum(-1)
    else:
        information = _entropy(answers.mean(0)) - _entropy(answers).mean(0)
    return Disagreement(shown=differs.mean(0), information=np.maximum(information, 0.0))


def _entropy(p: FloatArray) -> FloatArray:
    return np.asarray(-(p * np.log(np.clip(p, np.finfo(np.float64).tiny, 1.0))).sum(-1))
