"""Which texts are nearly the same: one-permutation MinHash, bands of it as buckets, and an exact look at each pair.

Every shingle of characters is hashed once; its upper bits name one of 64 bins, and each bin keeps its smallest hash. A
bin that stays empty borrows from the next full one. Two texts agree in a bin with the probability of their Jaccard
similarity, so texts that share a band of four bins are looked at, and only those. Time and memory are linear in the
number of texts: 256 bytes a text.

Sources: Broder 1997 (resemblance and containment); Li, Owen & Zhang 2012, NIPS (one permutation hashing); Shrivastava
& Li 2014, ICML (densification by rotation); Indyk & Motwani 1998, STOC (banding).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from primum.cohort.records import TextColumn
from primum.later import sparse

UIntArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

BINS = 64
_BIN_BITS = 6
_ROWS = 4
"""Bins in a band: with 16 bands a pair of similarity 0.7 meets with probability 0.99, one of 0.3 with 0.12."""
SIMILAR = 0.7
"""Jaccard similarity of character shingles from which two texts are near duplicates."""
CONTAINED = 0.9
"""Share of the shorter text's shingles from which it counts as copied into the longer one."""
_WORTH_A_LOOK = 0.3
_COMMON = 0.01
"""Share of texts, and at least five, from which a shingle is boilerplate: templates make strangers look alike."""
_TELLING = 15
"""Shingles beyond boilerplate that a text needs to be compared at all."""
_TABLE_BITS = 22
_VERIFIED_AT_ONCE = 8_192
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_BASE = 0x9E3779B97F4A7C15


def plain(text: str) -> str:
    """Return a text in lower case with single blanks: what two copies have in common."""
    return " ".join(text.lower().split())


def shingle_hashes(texts: Sequence[str], k: int) -> tuple[UIntArray, IntArray]:
    """Return a 64-bit hash of every shingle of k characters, and the number of shingles of each text.

    A text of m characters has m shingles: its end is padded, so that the shortest text has one, and an empty one none.
    """
    pad = "\x01" * (k - 1)
    counts = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    joined = "".join(text + pad for text in texts)
    points = np.frombuffer(joined.encode("utf-32-le", errors="replace"), dtype=np.uint32).astype(np.uint64)
    if not len(points):
        return np.zeros(0, dtype=np.uint64), counts
    rolled = points * np.uint64(pow(_BASE, 1, 2**64))
    for place in range(1, k):
        rolled[:-place] += points[place:] * np.uint64(pow(_BASE, place + 1, 2**64))
    ends = np.cumsum(counts + k - 1)
    keep = np.ones(len(points), dtype=bool)
    for place in range(1, k):
        keep[ends - place] = False
    return mixed(rolled[keep]), counts


def mixed(value: UIntArray) -> UIntArray:
    """Return a hash whose bits all depend on all bits. Source: SplitMix64's finaliser (Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    finished: UIntArray = value ^ (value >> np.uint64(31))
    return finished


def boilerplate(texts: Sequence[str], k: int) -> BoolArray:
    """Return by the upper 22 bits of a shingle's hash whether it stands in one text of a hundred, shape (2**22,)."""
    hashes = _distinct(*shingle_hashes(texts, k))[1]
    values, often = np.unique(hashes, return_counts=True)
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    table[_in_table(values[often >= max(5, _COMMON * len(texts))])] = True
    return table


def telling_shingles(texts: Sequence[str], k: int, common: BoolArray) -> tuple[UIntArray, IntArray]:
    """Return the hashes of all shingles that are no boilerplate, and how many each text has."""
    hashes, counts = shingle_hashes(texts, k)
    kept = ~common[_in_table(hashes)]
    place = np.repeat(np.arange(len(texts), dtype=np.int64), counts)
    return hashes[kept], np.bincount(place[kept], minlength=len(texts))


def _in_table(hashes: UIntArray) -> IntArray:
    return (hashes >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)


def signatures(texts: Sequence[str], k: int, common: BoolArray) -> tuple[npt.NDArray[np.uint32], BoolArray]:
    """Return each text's MinHash signature, shape (n, 64), and whether it has enough to be compared, shape (n,)."""
    hashes, counts = telling_shingles(texts, k, common)
    lowest = np.full(len(texts) * BINS, np.iinfo(np.uint32).max, dtype=np.uint32)
    bins = (hashes >> np.uint64(64 - _BIN_BITS)).astype(np.int64)
    place = np.repeat(np.arange(len(texts), dtype=np.int64) * BINS, counts) + bins
    # The top bit stays free, so that no hash looks like an empty bin.
    np.minimum.at(lowest, place, ((hashes >> np.uint64(16)) & np.uint64(0x7FFFFFFF)).astype(np.uint32))
    return _filled(lowest.reshape(len(texts), BINS)), counts >= _TELLING


def _filled(lowest: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return signatures in which each empty bin has the value of the next full one, moved by its distance."""
    empty = lowest == np.iinfo(np.uint32).max
    wanting = np.flatnonzero(empty.any(axis=1) & ~empty.all(axis=1))
    if not len(wanting):
        return lowest
    twice = np.tile(empty[wanting], 2)
    at = np.where(twice, 2 * BINS, np.arange(2 * BINS))
    following = np.minimum.accumulate(at[:, ::-1], axis=1)[:, ::-1][:, :BINS]
    distance = (following - np.arange(BINS)).astype(np.uint32)
    taken = np.take_along_axis(lowest[wanting], following % BINS, axis=1)
    lowest[wanting] = taken + distance * np.uint32(0x85EBCA6B)
    return lowest


def candidate_pairs(signature: npt.NDArray[np.uint32]) -> IntArray:
    """Return pairs of texts that share a band and agree in three bins of ten, each once, shape (pairs, 2).

    In a bucket each text is paired with the two after it and with the bucket's first, so that pairs grow with texts,
    not with their square; a text misses its twin only if larger neighbours stand between them in all 16 bands.
    """
    n = len(signature)
    found: list[IntArray] = []
    for band in range(0, BINS, _ROWS):
        key = np.zeros(n, dtype=np.uint64)
        for column in range(band, band + _ROWS):
            key = mixed(key + signature[:, column] + np.uint64(_BASE))
        order = np.argsort(key, kind="stable")
        found.append(_meeting(key[order], order))
    codes = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    pairs = np.column_stack([codes // max(n, 1), codes % max(n, 1)])
    return pairs[_agreement(signature, pairs) >= _WORTH_A_LOOK]


def _meeting(key: UIntArray, order: IntArray) -> IntArray:
    n = len(key)
    same = np.append(False, key[1:] == key[:-1])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    pairs = []
    for left in (np.arange(n) - 1, np.arange(n) - 2, first):
        right = np.flatnonzero((left >= first) & (left < np.arange(n)))
        a, b = order[left[right]], order[right]
        pairs.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.unique(np.concatenate(pairs))


def _agreement(signature: npt.NDArray[np.uint32], pairs: IntArray) -> npt.NDArray[np.float64]:
    shares = np.empty(len(pairs))
    for start in range(0, len(pairs), 65_536):
        part = pairs[start : start + 65_536]
        shares[start : start + len(part)] = (signature[part[:, 0]] == signature[part[:, 1]]).mean(axis=1)
    return shares


def verified(text: TextColumn, pairs: IntArray, k: int, common: BoolArray) -> BoolArray:
    """Return which pairs of records (row numbers, shape (pairs, 2)) are near duplicates, by their texts themselves.

    Whole texts must be alike, or one copied into the other, and what is no boilerplate in them as well.
    """
    alike = np.zeros(len(pairs), dtype=bool)
    nothing = np.zeros(1 << _TABLE_BITS, dtype=bool)
    for start in range(0, len(pairs), _VERIFIED_AT_ONCE):
        part = pairs[start : start + _VERIFIED_AT_ONCE]
        left, right = ([plain(one or "") for one in text.take(part[:, side])] for side in (0, 1))
        whole = _alike(*overlap(left, right, k, nothing))
        alike[start : start + len(part)] = whole & _alike(*overlap(left, right, k, common))
    return alike


def _alike(jaccard: FloatArray, contained: FloatArray) -> BoolArray:
    return np.asarray((jaccard >= SIMILAR) | ((contained >= CONTAINED) & (jaccard >= _WORTH_A_LOOK)), dtype=bool)


def overlap(left: Sequence[str], right: Sequence[str], k: int, common: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the Jaccard similarity of each pair's sets of shingles, and what share of the smaller the other holds."""
    a, b = (_distinct(*telling_shingles(texts, k, common)) for texts in (left, right))
    n = len(left)
    size_a, size_b = (np.bincount(part[0], minlength=n) for part in (a, b))
    place = np.concatenate([a[0], b[0]])
    value = np.concatenate([a[1], b[1]])
    order = np.lexsort((value, place))
    twice = (place[order][1:] == place[order][:-1]) & (value[order][1:] == value[order][:-1])
    both = np.bincount(place[order][1:][twice], minlength=n).astype(np.float64)
    union = np.maximum(size_a + size_b - both, 1)
    return both / union, both / np.maximum(np.minimum(size_a, size_b), 1)


def _distinct(hashes: UIntArray, counts: IntArray) -> tuple[IntArray, UIntArray]:
    """Return the distinct shingles of each text as (text, hash)."""
    place = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    order = np.lexsort((hashes, place))
    place, hashes = place[order], hashes[order]
    new = np.append(True, (place[1:] != place[:-1]) | (hashes[1:] != hashes[:-1]))[: len(place)]
    return place[new], hashes[new]


def grouped(n: int, pairs: IntArray) -> IntArray:
    """Return the number of the group of each of n texts, where pairs belong together, shape (n,)."""
    links = sparse.coo_matrix((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    group: IntArray = sparse.csgraph.connected_components(links, directed=False)[1].astype(np.int64)
    return group
