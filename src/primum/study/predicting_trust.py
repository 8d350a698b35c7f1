"""What goes with the answers on new records: intervals, conformal sets, and whether the model abstains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from primum.cohort import read_attribute
from primum.cohort.build import column_names
from primum.cohort.roles import SensitiveRole
from primum.evidence.predictions import TextArray
from primum.evidence.slices import SITE
from primum.safety import Abstention
from primum.study.opened import OpenedRun, Said
from primum.study.spec_cohort import CohortSpec
from primum.study.study import sensitive_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The levels of new records, read when they are asked for."""

    records: Path | object
    """A path, or a table in memory."""
    cohort: CohortSpec

    def of(self, attribute: str) -> TextArray:
        """Return each record's level of a sensitive attribute, or its hospital for "site".

        Raises:
            CohortError: the records lack its column.
        """
        return read_attribute(self.records, self._roles()[attribute])

    def known(self) -> dict[str, TextArray]:
        """Return the levels of those attributes whose columns the records have."""
        columns = set(column_names(self.records))
        return {name: self.of(name) for name, role in self._roles().items() if role.column in columns}

    def _roles(self) -> dict[str, SensitiveRole]:
        roles = {role.column: role for role in sensitive_roles(self.cohort)}
        if self.cohort.site is not None:
            roles.setdefault(SITE, SensitiveRole(column=self.cohort.site))
        return roles


def trust_columns(opened: OpenedRun, said: Said) -> dict[str, pa.Array]:
    """Return the columns low:<class> and high:<class>, set, or low and high, and abstain with its reason.

    Only what the run has.

    Args:
        opened: the run.
        said: what its model says of the records.
    """
    columns: dict[str, pa.Array] = {}
    for place, name in enumerate(opened.model.classes if said.intervals is not None else ()):
        assert said.intervals is not None
        columns |= {
            f"{end}:{name}": pa.array(said.intervals[:, place, side]) for side, end in enumerate(("low", "high"))
        }
    if said.ends is not None:
        columns |= {"low": pa.array(said.ends[:, 0]), "high": pa.array(said.ends[:, 1])}
    if said.sets is not None and opened.conformal is not None:
        columns["set"] = pa.array(joined_names(said.sets, opened.conformal.classes), pa.string())
    if said.given is not None and opened.abstention is not None:
        columns["abstain"] = pa.array(~said.given)
        why = _reason(opened.abstention)
        columns["abstain_because"] = pa.array(["" if answered else why for answered in said.given], pa.string())
    return columns


def _reason(abstention: Abstention) -> str:
    asked = f"at most {100 * abstention.risk:g} % errors with {100 * abstention.confidence:g} % confidence"
    if abstention.threshold is None:
        return f"{asked} cannot be promised: the calibration split is too small or the model errs too often"
    return f"less sure than {abstention.threshold:.4f}, above which {asked} are promised"


def joined_names(chosen: npt.NDArray[np.bool_], classes: tuple[str, ...]) -> list[str]:
    """Return the names of each row's chosen classes, joined by semicolons; empty for none."""
    return [";".join(name for name, there in zip(classes, row, strict=True) if there) for row in chosen]
