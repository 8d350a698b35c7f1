"""Slices: patient groups by one sensitive attribute, their intersections, and sites, as sums over cells.

A cell is one combination of all attributes that occurs. Every count is taken once per cell; a slice's count is the sum
over its cells, so that the cost of a further slice does not depend on the number of records.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from primum.evidence.predictions import FloatArray, IntArray, Predictions, TextArray
from primum.later import sparse

SITE = "site"
"""The key of a hospital in a finding's slice."""
MAX_DEPTH = 3
"""Most attributes that an intersection combines."""
_LOOKED_AT, _FEW = 4096, 64
"""Records among which the string objects of a column are looked for, and how many count as few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The slices of one combination of attributes: they are disjoint and together hold everybody."""

    attributes: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    """The level of each attribute, for each slice."""
    of_cell: IntArray
    """Which slice each cell belongs to, shape (n_cells,)."""

    @property
    def depth(self) -> int:
        """How many attributes are combined."""
        return len(self.attributes)

    def __len__(self) -> int:
        return len(self.levels)

    def sums(self, of_cells: FloatArray) -> FloatArray:
        """Return the sums over each slice's cells: (n_cells, q) -> (n_slices, q)."""
        return np.asarray(self.members() @ of_cells)

    def members(self) -> sparse.csr_array:
        """Return which cells each slice holds, a 0/1 matrix of shape (n_slices, n_cells)."""
        cells = np.arange(len(self.of_cell))
        return sparse.csr_array((np.ones(len(cells)), (self.of_cell, cells)), shape=(len(self), len(cells)))

    def slice_of(self, index: int) -> dict[str, str]:
        """Return a slice as findings write it."""
        return dict(zip(self.attributes, self.levels[index], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """All slices of a table of predictions."""

    cell: IntArray
    """Each record's cell, shape (n,)."""
    n_cells: int
    axes: tuple[Axis, ...]
    """Single attributes and the site first, then intersections."""

    def count(self, states: IntArray, n_states: int, weights: FloatArray | None = None) -> FloatArray:
        """Return how many records (or how much weight) of each state every cell has, shape (n_cells, n_states)."""
        flat = group_sums(self.cell * n_states + states, self.n_cells * n_states, weights)
        return flat.reshape(self.n_cells, n_states)

    def of_depth(self, depth: int) -> Iterator[Axis]:
        """Yield the axes that combine this many attributes."""
        return (axis for axis in self.axes if axis.depth == depth)


def slices_of(predictions: Predictions, *, depth: int = MAX_DEPTH) -> Slices:
    """Return every slice with at least one record: attributes, sites, and intersections of up to `depth` attributes.

    An attribute or a site with one level only makes no slices: there is nobody to compare with. A sensitive attribute
    that is the site itself is counted once.
    """
    columns = {name: coded(values) for name, values in predictions.groups.items()}
    attributes = [name for name, (_, levels) in columns.items() if len(levels) > 1]
    if predictions.site is not None and SITE not in columns:
        columns[SITE] = coded(predictions.site)
    varied = [name for name, (_, levels) in columns.items() if len(levels) > 1]
    cell, of_cells = _cells([columns[name][0] for name in varied], len(predictions))
    codes = dict(zip(varied, of_cells, strict=True))
    wanted: list[tuple[str, ...]] = [(name,) for name in varied]
    wanted += [combo for d in range(2, depth + 1) for combo in combinations(attributes, d)]
    axes = tuple(_axis(combo, codes, {name: columns[name][1] for name in combo}) for combo in wanted)
    return Slices(cell=cell, n_cells=int(cell.max(initial=-1)) + 1, axes=axes)


def group_sums(group: IntArray, m: int, weights: FloatArray | None = None) -> FloatArray:
    """Return how many records, or how much weight, each of m groups has, shape (m,)."""
    return np.bincount(group, weights=weights, minlength=m).astype(np.float64, copy=False)


def coded(values: TextArray) -> tuple[IntArray, tuple[str, ...]]:
    """Return texts as indices into their distinct values, which are sorted.

    A column of few groups mostly holds the same few string objects over and over. Those are told apart by where they
    lie in memory, and each is read once; only where there are many are all texts read.
    """
    codes, levels = _coded_by_place(np.ascontiguousarray(values)) or _coded_by_text(values)
    names = sorted(set(levels))
    rank = {name: i for i, name in enumerate(names)}
    return np.array([rank[level] for level in levels], dtype=np.int64)[codes], tuple(names)


def _coded_by_place(values: TextArray) -> tuple[IntArray, list[str]] | None:
    """Return each record's code and the codes' texts, a text possibly more than once; None if objects are many."""
    if values.dtype != object or not len(values):
        return None
    places = np.ctypeslib.as_array((ctypes.c_ssize_t * len(values)).from_address(values.ctypes.data))
    known, first = np.unique(places[:_LOOKED_AT], return_index=True)
    if len(known) > _FEW:
        return None
    codes = np.searchsorted(known, places).clip(max=len(known) - 1)
    if not np.array_equal(known[codes], places):
        return None
    return codes, [str(values[i]) for i in first]


def _coded_by_text(values: TextArray) -> tuple[IntArray, list[str]]:
    encoded = pa.array(values, type=pa.string()).dictionary_encode()
    return np.asarray(encoded.indices), [str(level) for level in encoded.dictionary.to_pylist()]


def _cells(codes: list[IntArray], n: int) -> tuple[IntArray, list[IntArray]]:
    """Return each record's cell, and each attribute's code for every cell."""
    cell: IntArray = np.zeros(n, dtype=np.int64)
    of_cells: list[IntArray] = []
    for code in codes:
        both = cell * (int(code.max(initial=0)) + 1) + code
        seen, cell = _compact(both)
        previous = seen // (int(code.max(initial=0)) + 1)
        of_cells = [known[previous] for known in of_cells] + [seen % (int(code.max(initial=0)) + 1)]
    return cell, of_cells


def _compact(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return the distinct keys, ascending, and each record's place among them; quick where keys are small."""
    top = int(keys.max(initial=0)) + 1
    if top > 4 * len(keys) + 1024:
        seen, place = np.unique(keys, return_inverse=True)
        return seen, place.astype(np.int64)
    seen = np.flatnonzero(np.bincount(keys, minlength=top))
    place = np.zeros(top, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    return seen, place[keys]


def _axis(combo: tuple[str, ...], codes: dict[str, IntArray], levels: dict[str, tuple[str, ...]]) -> Axis:
    key = np.zeros(len(codes[combo[0]]), dtype=np.int64)
    for name in combo:
        key = key * len(levels[name]) + codes[name]
    seen, of_cell = _compact(key)
    names = []
    for value in seen.tolist():
        parts = []
        for name in reversed(combo):
            value, code = divmod(value, len(levels[name]))
            parts.append(levels[name][code])
        names.append(tuple(reversed(parts)))
    return Axis(attributes=combo, levels=tuple(names), of_cell=of_cell)
