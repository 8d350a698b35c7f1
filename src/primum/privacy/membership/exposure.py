"""Who is exposed: how well each slice's and each class's members are told from its own non-members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.simultaneous import sidak
from primum.evidence.slices import slices_of
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.privacy.membership.figures import area
from primum.privacy.membership.patients import MEMBERS, OTHERS, Patients

FEWEST = 5
"""Fewest patients on either side for any figure of a slice."""
DEPTH = 2
"""Attributes that a slice combines at most: members and non-members both have to be there in numbers."""


@dataclass(frozen=True, slots=True)
class _Slice:
    slice: Mapping[str, str]
    class_: str | None
    members: FloatArray
    others: FloatArray


def exposure_findings(
    table: Predictions,
    patients: Patients,
    score: FloatArray,
    *,
    detail: Mapping[str, object],
    alike: bool,
    attacks: int,
) -> list[Finding]:
    """Return by how much the members of each slice and class are told from its others beyond chance, five a side.

    Args:
        table: records of members and non-members.
        patients: whose they are.
        score: an attack's, of every record, shape (n,).
        detail: what every finding says of the attack.
        alike: whether members and non-members are of one population; if not, no interval speaks of memory.
        attacks: how many attacks are looked at this way; the intervals hold together over all of them.
    """
    groups = [one for one in _slices(table, patients, score) if min(len(one.members), len(one.others)) >= FEWEST]
    statements = attacks * len(groups)
    critical = sidak(statements, 1 - LEVEL)
    method = (
        "area by ranks less 0.5, among the slice's own members and non-members; DeLong's variance on the logit scale, "
        f"simultaneous over {statements} slices, classes and attacks (Sidak 1967)"
    )
    found = []
    for one in groups:
        figure = area(one.members, one.others, critical=critical)
        fewest = min(len(one.members), len(one.others))
        found.append(
            Finding(
                pillar="privacy",
                metric="membership_exposure",
                value=figure.value - 0.5,
                low=figure.low - 0.5 if alike else None,
                high=figure.high - 0.5 if alike and figure.high is not None else None,
                n=len(one.members),
                slice=one.slice,
                class_=one.class_,
                versus={"split": OTHERS},
                split=MEMBERS,
                enough=alike and fewest >= ENOUGH_FOR_A_SHARE,
                method=method,
                reference=METRICS.get("membership_exposure").reference,
                detail={**detail, "versus_n": len(one.others), "depth": len(one.slice)},
            )
        )
    return found


def _slices(table: Predictions, patients: Patients, score: FloatArray) -> Iterator[_Slice]:
    slices = slices_of(table, depth=DEPTH)
    for axis in slices.axes:
        of_record = axis.of_cell[slices.cell]
        for place in range(len(axis)):
            yield _Slice(axis.slice_of(place), None, *patients.sides(score, of_record == place))
    for name, rows in _classes(table):
        yield _Slice({}, name, *patients.sides(score, rows))


def _classes(table: Predictions) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    for place, name in enumerate(table.classes):
        yield name, (table.target[:, place] == 1 if table.target_type == "labels" else table.target == place)
