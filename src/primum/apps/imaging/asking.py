"""Asking a model of marked places about one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from primum.apps.imaging.source import Source
from primum.cohort import Records
from primum.cohort.images import HeldImages
from primum.errors import InputError
from primum.evidence.regions import Region
from primum.study.opened import open_marker


def found_by(run: Path, source: Source) -> tuple[Region, ...]:
    """Return the places that a run's model marks in a picture, in its pixels.

    Args:
        run: folder of a run, or Release, of a study whose target is regions.
        source: the picture.
    Raises:
        InputError: the model marks no places, or finds none here.
        CohortError: the picture is in colour, and the model was tuned on grey ones.
    """
    marker = open_marker(run / "model")
    records = Records(n=1, image=HeldImages([source.square], source.square.shape[0]))
    marking, _ = marker.read(marker.prepare(records), np.array([source.size], dtype=np.int64))
    found = marking.above(marker.spec.threshold).marks[0]
    if not found:
        raise InputError(f"{run}: its model marks nothing in this picture, so there is nothing to write.")
    return tuple(mark.region(source.size) for mark in found)
