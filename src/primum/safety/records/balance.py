"""Balance: how rare the rarest class is, and which classes a group of patients never has though it should."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from primum.cohort import Cohort
from primum.cohort.columns import coded
from primum.cohort.strata import memberships
from primum.evidence.finding import Finding
from primum.evidence.intervals import clopper_pearson
from primum.safety.records.told import told

_RARE = "share of patients with the class; Clopper and Pearson's interval"
_ABSENT = "records of the class expected in the group if it were as frequent there as in all; none is there; exact"
_EXPECTED = 10.0
"""From ten expected records on, none is there by chance in fewer than one of twenty thousand cases."""


def balance_findings(cohort: Cohort) -> list[Finding]:
    """Return the share of the rarest class, and each absent cell of class and group (attribute or site)."""
    if cohort.target.kind == "number":
        return []
    members = memberships(cohort.target)
    patients, names = coded(cohort.patients)
    counts = [len(np.unique(patients[column])) for column in members.T]
    rarest = int(np.argmin(counts))
    findings = [
        told(
            "rarest_class",
            counts[rarest] / len(names),
            n=len(names),
            bounds=clopper_pearson(counts[rarest], len(names)),
            class_=cohort.target.classes[rarest],
            patients=counts[rarest],
            method=_RARE,
        )
    ]
    findings += sorted(_absent(cohort, members), key=lambda finding: -(finding.value or 0.0))[:20]
    return findings


def _absent(cohort: Cohort, members: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Iterator[Finding]:
    axes = dict(cohort.sensitive)
    if cohort.site is not None and cohort.roles.site not in axes:
        axes["site"] = cohort.site
    total = members.sum(axis=0)
    for name, values in axes.items():
        codes, levels = coded(values)
        sizes = np.bincount(codes, minlength=len(levels))
        for c, column in enumerate(members.T):
            here = np.bincount(codes, weights=column, minlength=len(levels))
            expected = sizes * total[c] / len(column)
            for level in np.flatnonzero((here == 0) & (expected >= _EXPECTED)).tolist():
                yield told(
                    "absent_cell",
                    float(expected[level]),
                    n=int(sizes[level]),
                    slice_={name: levels[level]},
                    class_=cohort.target.classes[c],
                    method=_ABSENT,
                )
