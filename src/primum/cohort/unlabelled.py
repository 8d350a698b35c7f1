"""Pictures without labels, for pretraining: none of a patient, and none like a picture, that is kept to judge by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.faults import Faults
from primum.cohort.gather import gather
from primum.cohort.images import ChosenImages, read_images
from primum.cohort.leave_out import LeaveOut
from primum.cohort.readers import open_table
from primum.cohort.records import ImageColumn
from primum.errors import ColumnError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlabelled:
    """What a table of pictures gave."""

    images: ImageColumn
    of_patients: int
    """Pictures left out because their patient has records that are not trained on."""
    equal: int
    """Pictures left out because they are equal to one that is not trained on."""


def read_unlabelled(
    source: Path, *, column: str, patient: str | None, cohort: Cohort, split: npt.NDArray[np.object_]
) -> Unlabelled:
    """Return the pictures of a table that may be learnt from.

    Args:
        source: the table; relative paths in it start at its folder.
        column: of paths.
        patient: column of patients; None only where the cohort names none either.
        cohort: whose pictures' size and colours these take, and whose erased patients are left out here too.
        split: each of its records' split, shape (n,).
    Raises:
        CohortError: the table or a picture cannot be read.
        ColumnError: a column is not there, or patients are not named while the cohort names them.
    """
    own, role = cohort.records.image, cohort.roles.inputs.image
    assert own is not None and role is not None
    if patient is None and cohort.roles.patient is not None:
        raise ColumnError(
            "training.pretrain.unlabelled.patient: name the column of patients, so that no picture of a patient who is "
            "tested on is learnt from."
        )
    faults = Faults()
    columns = [column] if patient is None else [column, patient]
    erased = cohort.roles.erased
    leave_out = None if patient is None or erased is None or not erased.entries else LeaveOut(erased, patient)
    gathered = gather(open_table(source), columns, [], leave_out=leave_out)
    names = gathered.coded[column].strings()
    images = read_images(
        names, gathered.rows, replace(role, column=column), folder=source.resolve().parent, faults=faults
    )
    faults.raise_any()
    judged = split != "train"
    there = np.array([key is not None for key in images.keys])
    theirs = np.zeros(len(images), bool)
    if patient is not None:
        known = {str(one) for one in cohort.patients[judged]}
        theirs = np.array([str(one) in known for one in gathered.coded[patient].strings()]) & there
    held = {key for key in own.keys[judged] if key is not None}
    equal = np.array([key in held for key in images.keys]) & there & ~theirs
    chosen = np.flatnonzero(there & ~theirs & ~equal).astype(np.int64)
    return Unlabelled(images=ChosenImages(images, chosen), of_patients=int(theirs.sum()), equal=int(equal.sum()))
