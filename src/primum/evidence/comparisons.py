"""Tests of comparisons: does any slice differ, is one model's ranking better, is a new model no worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import LEVEL, delong
from primum.evidence.predictions import FloatArray
from primum.later import stats


def permutation_p(tables: Sequence[FloatArray], *, n_permutations: int = 2000, seed: int = 7) -> float:
    """Return the p value of "the groups do not differ" when groups are shuffled within each table.

    Shuffling records among groups of fixed size only changes how the hits fall on the groups: a multivariate
    hypergeometric draw of counts, so that the cost does not depend on the number of records.

    Args:
        tables: each of shape (groups, 2): hits and misses of every group, e.g. of the sick and of the healthy.
        n_permutations: draws.
        seed: of the draws.
    Returns:
        (1 + draws at least as extreme) / (1 + draws), by the sum of the tables' chi-square statistics.
    Source: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, section 3; the added one after
        Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9(1).
    """
    generator = np.random.default_rng(seed)
    observed, drawn = 0.0, np.zeros(n_permutations)
    for table in tables:
        sizes = np.rint(table.sum(1)).astype(np.int64)
        hits = int(round(float(table[:, 0].sum())))
        if len(sizes) < 2 or hits in (0, int(sizes.sum())):
            continue
        observed += float(_chi_square(table[None, :, 0], sizes, hits)[0])
        # The marginals method counts each group once and does not list every record.
        again = generator.multivariate_hypergeometric(sizes, hits, size=n_permutations, method="marginals")
        drawn += _chi_square(again.astype(np.float64), sizes, hits)
    return float((1 + (drawn >= observed - 1e-9).sum()) / (1 + n_permutations))


def _chi_square(hits: FloatArray, sizes: npt.NDArray[np.int64], total: int) -> FloatArray:
    """Return the chi-square statistic of each row of hits, shape (rows, groups) -> (rows,)."""
    share = total / sizes.sum()
    expected = sizes * share
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(sizes > 0, (hits - expected) ** 2 / (expected * (1 - share)), 0.0)
    return np.asarray(terms.sum(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A difference with its interval."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided p value of "no difference"."""


def paired_delong(
    first: FloatArray, second: FloatArray, positive: npt.NDArray[np.bool_], *, level: float = LEVEL
) -> Comparison:
    """Return AUROC of the first score minus AUROC of the second, on the same records; both classes must be present.

    Args:
        first: scores of one model, shape (n,).
        second: scores of the other on the same records, shape (n,).
        positive: whether each record is of the class, shape (n,).
        level: confidence level.
    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3).
    """
    one, influence = delong(first, positive)
    other, other_influence = delong(second, positive)
    error = float(np.sqrt(((influence - other_influence) ** 2).sum()))
    z = float(stats.norm.ppf((1 + level) / 2))
    value = one - other
    p = 1.0 if error == 0 else float(2 * stats.norm.sf(abs(value) / error))
    return Comparison(value=value, low=value - z * error, high=value + z * error, p=p)


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiority:
    """Whether a new model is worse by less than a margin."""

    shown: bool
    """Whether the one-sided interval excludes a loss of the margin."""
    p: float
    """One-sided p value of "worse by the margin or more"."""


def non_inferiority(difference: float, error: float, *, margin: float, alpha: float = 0.025) -> NonInferiority:
    """Return whether "new minus old" lies above minus the margin with one-sided confidence 1 - alpha.

    Args:
        difference: new minus old, higher is better.
        error: its standard error, above zero.
        margin: the largest loss that would be accepted, above zero.
        alpha: one-sided error.
    Source: Piaggio et al. 2012 (CONSORT non-inferiority), JAMA 308(24).
    """
    p = float(stats.norm.sf((difference + margin) / error))
    return NonInferiority(shown=p < alpha, p=p)
