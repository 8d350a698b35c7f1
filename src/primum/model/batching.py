"""Batches of similar lengths: less padding, equal work, the same order for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
_WINDOW = 100
"""Batches that are sorted together: enough for padding under 5 %, few enough to keep the order random."""


class LengthBatches:
    """A batch sampler over n records for one training; give it to a DataLoader as `batch_sampler`.

    Each epoch shuffles the records, sorts within windows of 100 batches, cuts batches of a fixed number of records or
    of about a budget of padded tokens, and shuffles the batches. The number of batches is the same in every epoch and
    a multiple of `processes`, so that many processes stay in step; a batch may exceed its budget by a few per cent.
    """

    def __init__(
        self,
        lengths: IntArray,
        *,
        records: int | None = None,
        tokens: int | None = None,
        seed: int,
        processes: int = 1,
        chances: npt.NDArray[np.float64] | None = None,
    ) -> None:
        """Plan the batches.

        Args:
            lengths: cost of each record in tokens, shape (n,).
            records: records in a batch, or
            tokens: padded tokens in a batch.
            seed: of the order.
            processes: how many processes share the batches.
            chances: how likely each record is drawn, shape (n,), summing to 1; an epoch then draws n records with
                these chances instead of taking each once.
        """
        if (records is None) == (tokens is None):
            raise ValueError("give either records or tokens")
        self.lengths = lengths
        self.records = records
        self.tokens = tokens
        self.seed = seed
        self.epoch = 0
        self._processes = processes
        self._chances = chances
        self._count = self._planned_count()

    def _planned_count(self) -> int:
        # Two epochs' worth of cuts tell how many batches the budget needs; a spare one absorbs the variation.
        counts = [len(self._cut(epoch)) for epoch in (0, 1)]
        count = counts[0] if self.tokens is None else max(counts)
        count = -(-count // self._processes) * self._processes
        return min(count, max(len(self.lengths), 1))

    def __len__(self) -> int:
        return self._count

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        batches = self._cut(self.epoch)
        while len(batches) > self._count:  # join the two smallest
            batches.sort(key=len)
            batches[1] = np.concatenate([batches[0], batches[1]])
            del batches[0]
        while len(batches) < self._count:  # halve the largest
            batches.sort(key=len)
            largest = batches.pop()
            batches += [largest[: len(largest) // 2], largest[len(largest) // 2 :]]
        order = np.random.default_rng([self.seed, self.epoch, 1]).permutation(len(batches))
        for i in order:
            yield batches[i].tolist()

    def _cut(self, epoch: int) -> list[IntArray]:
        n = len(self.lengths)
        order = self._drawn(np.random.default_rng([self.seed, epoch]))
        per_batch = self.records or max(int(self.tokens / max(float(self.lengths.mean()), 1.0)), 1)  # type: ignore[operator]
        windows = max(round(n / (per_batch * _WINDOW)), 1)
        size = -(-n // (windows * per_batch)) * per_batch  # whole batches, so that only the last window has a remainder
        batches: list[IntArray] = []
        for start in range(0, n, size):
            rows = order[start : start + size]
            rows = rows[np.argsort(self.lengths[rows], kind="stable")]
            batches += self._cut_sorted(rows)
        return batches

    def _drawn(self, generator: np.random.Generator) -> IntArray:
        """Return this epoch's records in random order.

        Systematic resampling (Carpenter et al. 1999): with chances p, a record comes floor(n p) or ceil(n p) times, and
        so do the records of equal chance together, give or take one.
        """
        n = len(self.lengths)
        if self._chances is None:
            return generator.permutation(n)
        order = generator.permutation(n)
        order = order[np.argsort(self._chances[order], kind="stable")]
        marks = (generator.random() + np.arange(n)) / n
        drawn = order[np.searchsorted(np.cumsum(self._chances[order]), marks).clip(max=n - 1)]
        return generator.permutation(drawn)

    def _cut_sorted(self, rows: IntArray) -> list[IntArray]:
        if self.records is not None:
            return [rows[i : i + self.records] for i in range(0, len(rows), self.records)]
        assert self.tokens is not None
        return cut_by_tokens(rows, self.lengths[rows], self.tokens)


def cut_by_tokens(rows: IntArray, lengths: IntArray, tokens: int) -> list[IntArray]:
    """Return `rows`, sorted by ascending `lengths`, cut so that records times longest stays within `tokens`.

    A single record longer than the budget is a batch of its own.
    """
    batches: list[IntArray] = []
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and (end - start + 1) * int(lengths[end]) <= tokens:
            end += 1
        batches.append(rows[start:end])
        start = end
    return batches


def prediction_batches(lengths: IntArray, tokens: int) -> list[IntArray]:
    """Return all records in batches of similar length within a budget of padded tokens."""
    order = np.argsort(lengths, kind="stable").astype(np.int64)
    return cut_by_tokens(order, lengths[order], tokens)
