"""From pictures to marks, whoever computes what the head answers: torch, or ONNX Runtime without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.errors import InputError
from primum.evidence.marks import Marking
from primum.model.inputs.image import ImageInput, PreparedImage
from primum.model.inside import Inside
from primum.model.regions.decoding import marks_of
from primum.model.regions.spec import RegionSpec

if TYPE_CHECKING:  # needs torch
    from primum.model.regions.pictures import PreparedMaps

FloatArray = npt.NDArray[np.float32]
Tick = Callable[[int, int], None]
Answered = Callable[[npt.NDArray[np.int64]], tuple[FloatArray, npt.NDArray[np.float64]]]
"""Row numbers -> what the head answers about these pictures, (b, channels, s, s), and their features, (b, width)."""
BATCH = 8
"""Pictures that are read at once."""


def prepared_pictures(records: Records, image: ImageInput, spec: RegionSpec) -> PreparedImage:
    """Return the pictures of the records, ready for batches.

    Args:
        records: with images.
        image: the input that the network was tuned on.
        spec: of the network.
    Raises:
        InputError: there are none, of another size, or in colour where the network was tuned on grey ones.
    """
    if records.image is None:
        raise InputError("image: the model marks places in images, and the records have none; name their column.")
    if records.image.size != spec.size:
        raise InputError(
            f"image: the model was tuned on pictures of {spec.size} pixels, and these have "
            f"{records.image.size}; set cohort.inputs.image.size."
        )
    return image.prepare(records)


def read_marks(
    ask: Answered,
    pictures: PreparedImage | PreparedMaps,
    shapes: npt.NDArray[np.int64],
    spec: RegionSpec,
    *,
    tick: Tick | None = None,
) -> tuple[Marking, Inside]:
    """Return every mark of n pictures, those below the threshold too, and the features they were made from.

    Args:
        ask: answers about pictures, a few at a time.
        pictures: of the records.
        shapes: height and width of the stored images, 0 for none, shape (n, 2).
        spec: of the network.
        tick: called with (done, total).
    """
    marks, features = [], []
    n = len(pictures.present)
    for start in range(0, n, BATCH):
        rows = np.arange(start, min(start + BATCH, n))
        outputs, inside = ask(rows)
        features.append(inside)
        for row, one in zip(rows.tolist(), outputs, strict=True):
            height, width = shapes[row].tolist() if pictures.present[row] else (0, 0)
            marks.append(marks_of(one, (height, width), spec))
        if tick is not None:
            tick(len(marks), n)
    marking = Marking(kind=spec.kind, labels=spec.labels, shapes=shapes, marks=tuple(marks))
    amounts = marking.above(spec.threshold).amounts()
    together = np.concatenate(features) if features else np.empty((0, 0))
    return marking, Inside(features=together, logits=amounts[:, None], answers=amounts)
