"""What several annotators say together, each weighed by how often he or she errs: Dawid and Skene's model, by EM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.safety.experts.agreement import FloatArray, IntArray, counts_of

SMOOTHING = 0.01
"""Records added to every cell of every annotator's confusion matrix, so that nobody is taken for infallible."""
_CLOSE, _MOST = 1e-6, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """The classes that several annotators' labels speak for."""

    probabilities: FloatArray
    """Of each class, by record, shape (n, k); the classes' shares where nobody labelled a record."""
    shares: FloatArray
    """Of the classes, shape (k,)."""
    confusion: FloatArray
    """Probability that an annotator says l of a record of class j, shape (annotators, k, k)."""

    @property
    def classes(self) -> IntArray:
        """The most probable class of each record, shape (n,)."""
        return np.asarray(self.probabilities.argmax(1), dtype=np.int64)

    @property
    def certainty(self) -> FloatArray:
        """The probability of that class, shape (n,)."""
        return np.asarray(self.probabilities.max(1))


def dawid_skene(labels: IntArray, k: int) -> Consensus:
    """Return the maximum likelihood consensus, from a start at the share of votes.

    Annotators are taken to err independently of each other given the class; where they copy each other, the consensus
    is surer than it should be. Memory grows with records times annotators times classes.

    Args:
        labels: code of the class that each annotator gave, -1 for none, shape (n, annotators).
        k: number of classes.
    Source: Dawid & Skene 1979, J. R. Stat. Soc. C 28(1).
    """
    n, m = labels.shape
    said = (labels[:, :, None] == np.arange(k)).astype(np.float64).reshape(n, m * k)
    votes = counts_of(labels, k)
    given = votes.sum(1, keepdims=True)
    believed = np.divide(votes, given, out=np.full((n, k), 1 / k), where=given > 0)
    for _ in range(_MOST):
        shares, confusion = _learnt(believed, said, m, k)
        logs = np.log(shares) + said @ np.log(confusion).transpose(0, 2, 1).reshape(m * k, k)
        after = np.exp(logs - logs.max(1, keepdims=True))
        after /= after.sum(1, keepdims=True)
        moved = float(np.abs(after - believed).max(initial=0.0))
        believed = after
        if moved < _CLOSE:
            break
    shares, confusion = _learnt(believed, said, m, k)
    return Consensus(probabilities=believed, shares=shares, confusion=confusion)


def _learnt(believed: FloatArray, said: FloatArray, m: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Return the classes' shares, (k,), and the confusion matrices, (m, k, k), that beliefs (n, k) speak for."""
    shares = believed.sum(0) + SMOOTHING
    table = (believed.T @ said).reshape(k, m, k).transpose(1, 0, 2) + SMOOTHING
    return shares / shares.sum(), table / table.sum(2, keepdims=True)
