"""Texts that occur twice, word for word or nearly: within the cohort, and from train into the splits that judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.evidence.split_names import in_order
from primum.safety.records.minhash import candidate_pairs, grouped, verified
from primum.safety.records.textfacts import TextFacts
from primum.safety.records.told import share

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SHORTEST = {3: 12, 5: 40}
"""Characters from which two texts alike are a copy, by the length of a shingle (3 where Chinese prevails); shorter ones
are the same words found twice."""
_METHOD = (
    "texts without case and blanks; near: Jaccard similarity of character shingles at least 0.7, or 0.9 of the shorter "
    "in the longer; found by MinHash, each pair looked at; {what}, Clopper and Pearson's interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Which records' texts belong together."""

    exact: IntArray
    """Number of the group of equal texts, shape (n,); -1 for a text too short to tell."""
    near: IntArray
    """Number of the group of equal and nearly equal texts, shape (n,); -1 for a text too short to tell."""


def find_copies(cohort: Cohort, facts: TextFacts) -> Copies:
    """Return the groups of equal and of nearly equal texts."""
    text = cohort.records.text
    assert text is not None
    long_enough = facts.length >= _SHORTEST[facts.k]
    _, first, exact = np.unique(facts.hashed, return_index=True, return_inverse=True)
    worth = np.flatnonzero((facts.length[first] >= _SHORTEST[facts.k]) & facts.comparable[first])
    pairs = candidate_pairs(facts.signature[first[worth]])
    pairs = pairs[verified(text, first[worth][pairs], facts.k, facts.common)]
    near = grouped(len(first), worth[pairs])
    return Copies(exact=np.where(long_enough, exact, -1), near=np.where(long_enough, near[exact], -1))


def copy_findings(
    cohort: Cohort, split: npt.NDArray[np.object_], copies: Copies
) -> tuple[list[Finding], dict[str, IntArray]]:
    """Return how many texts are copies, in all and across splits, and the records that are, for the run's folder."""
    n = len(cohort)
    findings = [
        share(
            "repeated_text",
            int(_later(copies.near).sum()),
            n,
            records_alike=int(_later(copies.exact).sum()),
            method=_METHOD.format(what="share of records whose text repeats an earlier record's"),
        )
    ]
    differing = _differing(copies.exact, cohort)
    findings.append(
        share(
            "repeated_text_other_target",
            int(differing.sum()),
            n,
            method=_METHOD.format(what="share of records whose very text another record has with another target"),
        )
    )
    of_train = split == "train"
    leaked = np.zeros(n, dtype=bool)
    for name in in_order(split) if of_train.any() else ():
        mine = split == name
        if name == "train":
            continue
        near, exact = (_among(groups, mine, of_train) for groups in (copies.near, copies.exact))
        leaked |= near
        method = _METHOD.format(what="share of the split's records whose text stands in train")
        findings.append(
            share(
                "text_in_train",
                int(near.sum()),
                int(mine.sum()),
                split=name,
                versus={"split": "train"},
                exact=int(exact.sum()),
                near=int(near.sum() - exact.sum()),
                method=method,
            )
        )
    return findings, {"text_in_train": np.flatnonzero(leaked), "repeated_text_other_target": np.flatnonzero(differing)}


def _later(groups: IntArray) -> BoolArray:
    later = np.ones(len(groups), dtype=bool)
    later[np.unique(groups, return_index=True)[1]] = False
    return later & (groups >= 0)


def _among(groups: IntArray, mine: BoolArray, others: BoolArray) -> BoolArray:
    theirs = np.unique(groups[others & (groups >= 0)])
    return mine & (groups >= 0) & np.isin(groups, theirs)


def _differing(groups: IntArray, cohort: Cohort) -> BoolArray:
    """Return which records share their text with a record of another target."""
    values = cohort.target.values.reshape(len(groups), -1)
    codes = np.unique(values, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    n_groups = int(groups.max(initial=-1)) + 1
    low = np.full(n_groups + 1, np.iinfo(np.int64).max)
    high = np.full(n_groups + 1, -1)
    np.minimum.at(low, groups, codes)
    np.maximum.at(high, groups, codes)
    differing: BoolArray = (low[groups] != high[groups]) & (groups >= 0)
    return differing
