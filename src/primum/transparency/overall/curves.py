"""How answers follow one vital: partial dependence and accumulated local effects, with bands from patients resampled.

Partial dependence gives every record the same value, even one that nobody like it has; where vitals go together that
asks about patients who do not exist. Accumulated local effects move each record only to the ends of its own tenth and
add up what that changes. Where vitals are independent and their effects add up, both are the same line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from primum.evidence.withholding import SMALL
from primum.transparency.overall.asking import Copies, FloatArray, IntArray, Values, absent
from primum.transparency.patients import Patients, ends

MOST_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line over values of a vital, and its band."""

    y: FloatArray
    """Difference from the mean answer at each place, shape (g,)."""
    low: FloatArray
    high: FloatArray
    resampled: FloatArray
    """The line in every resample, shape (g, resamples)."""

    def change(self, first: int, last: int) -> tuple[float, float, float]:
        """Return by how much the answer changes from one place to another, and the ends of its interval."""
        low, high = ends(self.resampled[last] - self.resampled[first])
        return float(self.y[last] - self.y[first]), float(low), float(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """A number's bins, in each of which at least five patients lie."""

    edges: FloatArray
    """Ascending, shape (bins + 1,)."""
    of_row: IntArray
    """The bin of each record that has the vital, shape (m,)."""
    rows: IntArray
    """These records, shape (m,)."""
    patients: IntArray
    """How many patients lie in each bin, shape (bins,)."""
    shares: FloatArray
    """What part of these records lies in each, shape (bins,)."""


def bins_of(values: FloatArray, patients: Patients, *, most: int = MOST_BINS) -> Bins | None:
    """Return a number's bins by its deciles; None where it has one value or fewer than ten patients have it.

    The outermost edges are the means of the five smallest and largest values: no single patient's value is an edge of
    the picture. Records beyond them belong to the outermost bins. Neighbours join until each has five patients.
    """
    rows = np.flatnonzero(~np.isnan(values))
    present = values[rows]
    count = min(most, patients.among(rows) // SMALL)
    if count < 2 or np.ptp(present) == 0:
        return None
    edges = np.quantile(present, np.linspace(0, 1, count + 1))
    ordered = np.sort(present)
    edges[0], edges[-1] = ordered[:SMALL].mean(), ordered[-SMALL:].mean()
    edges = np.unique(np.clip(edges, edges[0], edges[-1]))
    while len(edges) > 1:
        place = np.clip(np.searchsorted(edges, present, side="left") - 1, 0, len(edges) - 2)
        inside = np.array([patients.among(rows[place == k]) for k in range(len(edges) - 1)])
        if len(inside) == 1 or inside.min() >= SMALL:
            break
        worst = int(inside.argmin())
        joined = worst if worst == len(inside) - 1 or (worst and inside[worst - 1] <= inside[worst + 1]) else worst + 1
        edges = np.delete(edges, joined)
    if len(edges) < 2:
        return None
    shares = np.bincount(place, minlength=len(inside)) / len(rows)
    return Bins(edges=edges, of_row=place.astype(np.int64), rows=rows, patients=inside, shares=shares)


def levels_of(values: Values, patients: Patients) -> tuple[str, ...]:
    """Return a category's levels that at least five patients have."""
    names = sorted({str(value) for value in values if value is not None})
    return tuple(name for name in names if patients.among(values == name) >= SMALL)


def moved_to_ends(name: str, bins: Bins) -> Copies:
    """Return each record with the lower, then each with the upper edge of its own bin."""
    values = np.concatenate([bins.edges[bins.of_row], bins.edges[bins.of_row + 1]])
    return Copies(rows=np.tile(bins.rows, 2), vitals={name: values})


def set_to(name: str, places: Values, rows: IntArray) -> Copies:
    """Return these records with the first of the places as their value, then all with the second, and so on."""
    values = cast(Values, np.repeat(places, len(rows)))
    return Copies(rows=np.tile(rows, len(places)), vitals={name: values})


def accumulated_local_effects(bins: Bins, answers: FloatArray, patients: Patients) -> Curve:
    """Return the accumulated local effects of a number at its edges.

    Args:
        bins: of the number.
        answers: on what `moved_to_ends` returned, one class, shape (2 m,).
        patients: resampled with the bins as they are.
    Source: Apley & Zhu 2020, J. R. Stat. Soc. B 82(4), equations 12 and 15.
    """
    count = len(bins.edges) - 1
    change = answers[len(bins.rows) :] - answers[: len(bins.rows)]
    total, totals = patients.sums(change, bins.of_row, count, bins.rows)
    n, ns = patients.sums(np.ones(len(change)), bins.of_row, count, bins.rows)
    step = total / n
    # A bin that a resample has left empty keeps its own step, so that the line goes on.
    steps = np.where(ns > 0, totals / np.where(ns > 0, ns, 1.0), step[:, None])
    return _centred(_from_zero(step[:, None]), _from_zero(steps), _weights(n[:, None]), _weights(ns))


def partial_dependence(answers: FloatArray, rows: IntArray, patients: Patients) -> tuple[FloatArray, FloatArray]:
    """Return the mean answer at each place, shape (g,), and in every resample, shape (g, resamples).

    Args:
        answers: on what `set_to` returned, one class, shape (g x m,).
        rows: the records that it was given.
        patients: resampled.
    Source: Friedman 2001, Annals of Statistics 29(5), section 8.2.
    """
    table = answers.reshape(-1, len(rows))
    weights = patients.of_records()[rows]
    return table.mean(1), np.asarray((table @ weights) / weights.sum(0), dtype=np.float64)


def about_mean(dependence: tuple[FloatArray, FloatArray], shares: FloatArray) -> Curve:
    """Return partial dependence as the difference from its mean over the records.

    Args:
        dependence: what `partial_dependence` returned, g places.
        shares: what part of the records lies at each place, shape (g,), or between each two, shape (g - 1,).
    """
    y, resampled = dependence
    weights = _weights(shares[:, None]) if len(shares) < len(y) else shares[:, None]
    return _centred(y[:, None], resampled, weights, weights)


def there(values: Values) -> IntArray:
    """Return the records that have a vital."""
    return np.flatnonzero(~absent(values)).astype(np.int64)


def _from_zero(steps: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])


def _weights(counts: FloatArray) -> FloatArray:
    """Return how much each edge counts in a mean over records spread evenly within each bin."""
    share = counts / counts.sum(0)
    none = np.zeros((1, share.shape[1]))
    return np.asarray((np.concatenate([share, none]) + np.concatenate([none, share])) / 2, dtype=np.float64)


def _centred(y: FloatArray, resampled: FloatArray, weights: FloatArray, of_resampled: FloatArray) -> Curve:
    middle = (y - (weights * y).sum(0))[:, 0]
    moved = resampled - (of_resampled * resampled).sum(0)
    low, high = ends(moved)
    return Curve(y=middle, low=low, high=high, resampled=moved)
